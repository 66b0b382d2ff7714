"""Options that all commands share which draw up a plan, and what they do at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.jsontext import print_json
from loradex.cli.plans_text import announce, show_drawn
from loradex.domain.plans import PlanState
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
            number = _kept(catalog, plan, json.dumps(dict(about)))
        if self.output is not None:
            write_plan(catalog, plan, number, self.output)
        if self.as_json:
            from loradex.cli.plans_json import drawn_json  # noqa: PLC0415

            print_json({**drawn_json(catalog, plan, number), **(more or {})})
            return
        show_drawn(catalog, plan, number, reasons or {})
        announce(plan, number, remarks, self.output)


def _kept(catalog: Catalog, plan: MovePlan, about: str) -> int:
    """Keep a plan, under the number of one that was drawn up from the same words and not begun."""
    from loradex.operations.tidying.plan_reading import is_edited  # noqa: PLC0415

    for other in catalog.plans.plans(state=PlanState.PLANNED):
        same = (other.kind, catalog.plans.about(other.id)) == (plan.kind, about)
        if same and not is_edited(other.note) and catalog.plans.replace(other.id, plan):
            return other.id
    return catalog.plans.add(plan, about)


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
