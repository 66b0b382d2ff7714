"""`loradex check`: could opening these files run code?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import stoppable
from loradex.cli.failure import report
from loradex.cli.jsontext import print_json_line
from loradex.cli.path_arguments import paths_argument
from loradex.cli.safety_text import in_colour
from loradex.cli.words import count_text
from loradex.domain.safety import Safety
from loradex.domain.text import display_text
from loradex.errors import Cancelled, LoradexError

if TYPE_CHECKING:
    from loradex.operations.check import Checked

PARTLY = 3


@click.command("check")
@paths_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def check_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Tell whether opening model files could run code; needs no catalog.

    Nothing is loaded: pickles are read instruction by instruction, folders are walked. The exit
    code is 0 when all is safe, 3 when something is not known to be, 1 when a path cannot be
    checked at all.
    """
    counts: Counter[Safety] = Counter()
    failed = False
    for path in paths:
        try:
            for checked in _checked(path):
                counts[checked.report.verdict] += 1
                _print(checked, as_json=as_json)
        except Cancelled:
            raise
        except LoradexError as error:
            failed = True
            if as_json:
                print_json_line({"path": str(path), "error": error.message, "hint": error.hint})
            report(error)
    if not as_json and counts.total() > 1:
        click.echo(_summary(counts), err=True)
    unsafe = counts.total() - counts[Safety.SAFE]
    click.get_current_context().exit(1 if failed else PARTLY if unsafe else 0)


def _checked(path: Path) -> Iterator[Checked]:
    from loradex.operations.check import check  # noqa: PLC0415

    with stoppable() as cancel:
        yield from check(path, cancel)


def _print(checked: Checked, *, as_json: bool) -> None:
    verdict, findings = checked.report.verdict, checked.report.findings
    if as_json:
        print_json_line(
            {
                "path": str(checked.path),
                "format": checked.format.value,
                "verdict": verdict.value,
                "findings": list(findings),
            }
        )
        return
    click.echo(f"{in_colour(verdict, width=11)} {display_text(str(checked.path))}")
    for finding in findings:
        click.echo(f"{'':11} {display_text(finding)}")


def _summary(counts: Counter[Safety]) -> str:
    told = ", ".join(f"{counts[word]:,} {word.value}" for word in Safety if counts[word])
    return f"{count_text(counts.total(), 'model')}: {told}."
