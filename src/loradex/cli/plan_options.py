"""Options that all commands share which draw up a plan, and what they do at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from loradex.cli.jsontext import print_json
from loradex.cli.plans_text import announce, show_drawn
from loradex.cli.words import count_text
from loradex.domain.progress import CancelToken
from loradex.domain.text import display_text
from loradex.errors import LoradexError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.domain.plans import MovePlan


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is wanted of a plan that was drawn up."""

    output: Path | None
    dry_run: bool
    as_json: bool
    progress: str = "auto"
    """With `json`, the end is told as an event, and nothing is printed."""

    def begin(self, count: int) -> None:
        """Tell of how many models a plan is drawn up."""
        self._tell("progress", stage="Drawing up", done=count, total=None, unit="models")

    def finish(
        self,
        catalog: Catalog,
        plan: MovePlan,
        *,
        about: Mapping[str, object],
        remarks: tuple[str, ...] = (),
        more: Mapping[str, object] | None = None,
        reasons: Mapping[int, str] | None = None,
    ) -> None:
        """Keep the plan, write it and print it, as was asked for.

        `remarks` are sentences for a person, `more` is for `--json` only; `reasons` say why a
        model goes, by its content.
        """
        number = None
        if self.output is not None:
            _check_output(self.output)
        if plan.moves and not self.dry_run:
            from loradex.operations.tidying.drawing import keep_drawn  # noqa: PLC0415

            number = keep_drawn(catalog, plan, about)
        if self.output is not None:
            write_plan(catalog, plan, number, self.output)
        if self.progress == "json":
            self._tell("done", message=_sentence(plan, number), plan=number)
            return
        if self.as_json:
            from loradex.cli.plans_json import drawn_json  # noqa: PLC0415

            print_json({**drawn_json(catalog, plan, number), **(more or {})})
            return
        show_drawn(catalog, plan, number, reasons or {})
        announce(plan, number, remarks, self.output)

    def _tell(self, event: str, **fields: object) -> None:
        if self.progress == "json":
            from loradex.cli.progress import JsonSink  # noqa: PLC0415

            JsonSink(CancelToken()).tell(event, **fields)


def _sentence(plan: MovePlan, number: int | None) -> str:
    models = sum(step.file_id is not None for step in plan.moves)
    files = count_text(models or len(plan.moves), "model" if models else "file")
    stays = f", {count_text(len(plan.conflicts), 'file')} {_stay(plan)}" if plan.conflicts else ""
    if number is not None:
        return f"Plan {number}: {files} to move{stays}. Nothing was changed yet."
    if not plan.conflicts:
        return "Nothing to do: all is as you want it."
    return f"Nothing to do{stays}. {_commonest(plan)}"


def _stay(plan: MovePlan) -> str:
    return "stays" if len(plan.conflicts) == 1 else "stay"


def _commonest(plan: MovePlan) -> str:
    """Return the reason for which most files stay."""
    (reason, _), *_ = Counter(each.reason for each in plan.conflicts).most_common(1)
    return display_text(reason, 300)


def _read_models(
    _context: click.Context, _parameter: click.Parameter, file: BinaryIO | None
) -> frozenset[int] | None:
    if file is None:
        return None
    from loradex.operations.tidying.chosen import LARGEST, read_models  # noqa: PLC0415

    return read_models(file.read(LARGEST + 1))


models_option = click.option(
    "--models",
    type=click.File("rb"),
    callback=_read_models,
    metavar="FILE",
    help="Of what QUERY finds, only the models whose numbers this file has; - is standard input.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write the plan to a JSON file, which can be edited and applied.",
)
dry_option = click.option(
    "-n", "--dry-run", is_flag=True, help="Only show the plan, and do not keep it."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
trash_option = click.option(
    "--to",
    "trash",
    type=click.Choice(["system", "folder"]),
    default="system",
    help="The desktop's trash on the same disk, or the folder .loradex-trash in the library.",
)


def write_plan(catalog: Catalog, plan: MovePlan, number: int | None, path: Path) -> None:
    """Write a plan's file; raise `LoradexError` when there is one, or it cannot be written."""
    from loradex.operations.tidying.plan_file import document, names_of  # noqa: PLC0415

    summary = catalog.plans.plan(number) if number is not None else None
    text = json.dumps(document(plan, summary, names_of(catalog.files.libraries())), indent=1)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except FileExistsError as error:
        raise _in_the_way(path) from error
    except OSError as error:
        raise LoradexError(
            f"{path} cannot be written: {error.strerror or error}.", hint="Check the folder."
        ) from error


def _check_output(path: Path) -> None:
    """Raise what can be known before a plan is kept: what failed leaves no plan to be applied."""
    if path.exists():
        raise _in_the_way(path)
    if not path.parent.is_dir():
        raise LoradexError(
            f"{path} cannot be written: there is no folder {path.parent}.", hint="Check the folder."
        )


def _in_the_way(path: Path) -> LoradexError:
    return LoradexError(f"There is a file {path} already.", hint="Give another name with -o.")
