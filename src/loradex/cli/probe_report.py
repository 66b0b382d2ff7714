"""What `loradex probe` prints while it runs and at its end, for people and for programs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import click

from loradex.cli.jsontext import print_json_line
from loradex.cli.probe_json import (
    cost_json,
    failed_json,
    known_json,
    left_out_json,
    not_reached_json,
    probed_json,
)
from loradex.cli.probe_text import (
    block_lines,
    checkpoint_table,
    cost_lines,
    headline_of,
    title_of,
)
from loradex.cli.progress import JsonSink, TerminalSink
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.domain.progress import Problem, ProgressSink
    from loradex.domain.verdicts import Verdict
    from loradex.operations.probing.cost import ProbeCost
    from loradex.operations.probing.many import Outcome, Planned
    from loradex.operations.probing.probe import Probed
    from loradex.operations.probing.tasks import ProbeTask, ProbeTasks

    _Found = tuple[ProbeTask, Verdict]

_SHOWN = 12


@dataclass(slots=True)
class ProbeReport:
    """Tells of one run, model by model, and sums it up.

    With `quiet` only the events of `--progress json` are printed.
    """

    sink: ProgressSink
    as_json: bool = False
    quiet: bool = False
    failed: int = 0
    left: int = 0
    _done: list[_Found] = field(default_factory=list)
    _earlier: list[_Found] = field(default_factory=list)
    _planned: list[ProbeCost] = field(default_factory=list)
    _known: int = 0
    _left_out: int = 0
    _started: float = field(default_factory=time.monotonic)

    def begin(self, tasks: ProbeTasks) -> None:
        """Tell what is not probed, and why."""
        self._known, self._left_out = len(tasks.known), len(tasks.left_out)
        for reason, some in groupby(
            sorted(tasks.left_out, key=lambda one: one.message), key=lambda one: one.message
        ):
            self._tell_left_out(reason, list(some))
        self._earlier = [(task, task.earlier) for task in tasks.known if task.earlier is not None]
        for task, verdict in self._earlier if self.as_json else ():
            self._line(known_json(task, verdict))
        if not (self.as_json or self.quiet):
            for line in _known_lines(self._earlier):
                click.echo(line, err=True)

    def tell(self, outcome: Outcome) -> None:
        """Tell what became of one, or what it would take."""
        from loradex.operations.probing.many import Done, Failed, Planned  # noqa: PLC0415

        if isinstance(outcome, Done):
            self._tell_done(outcome.task, outcome.probed)
        elif isinstance(outcome, Planned):
            self._tell_planned(outcome)
        elif isinstance(outcome, Failed):
            self.failed += 1
            error = outcome.error
            if self.as_json:
                self._line(failed_json(outcome.task, error))
            self._problem(title_of(outcome.task), error.message, error.hint)
        else:
            self.left += 1
            if self.as_json:
                self._line(not_reached_json(outcome.task, outcome.predicted))

    def end(self) -> None:
        """Tell on which checkpoints LoRAs respond, and sum up."""
        if isinstance(self.sink, JsonSink):
            self.sink.tell("done", message=self._sentence())
        elif not (self.as_json or self.quiet):
            self._clear()
            for lines in self._tables():
                click.echo("\n".join([*lines, ""]))
            click.echo(self._sentence())

    def _sentence(self) -> str:
        """Return what became of all in a line; of a single probe its headline as well."""
        known = f", {self._known:,} known already (--again makes those anew)" if self._known else ""
        failed = f", {self.failed:,} failed" if self.failed else ""
        rest = f"{known}{failed}" + (f", {self._left_out:,} left out" if self._left_out else "")
        if self._planned:
            todo = sum(cost.first - cost.exist for cost in self._planned)
            return f"{count_text(len(self._planned), 'probe')}{rest}: {_cost(self._planned, todo)}"
        told = f"{count_text(len(self._done), 'probe')} made"
        if len(self._done) == 1 and not (self.failed or self.left):
            ((task, verdict),) = self._done
            told = f"{title_of(task)}: {headline_of(task, verdict)}"
        text = f"{told}{rest}, in {duration_text(time.monotonic() - self._started)}."
        if self.left:
            text += f" {count_text(self.left, 'probe')} left for the next call."
        return text

    def _tell_planned(self, planned: Planned) -> None:
        self._planned.append(planned.cost)
        if self.as_json:
            self._line(cost_json(planned.task, planned.cost, planned.downloads))
        elif not self.quiet:
            self._clear()
            for line in cost_lines(planned.task, planned.cost):
                click.echo(line)
            if planned.downloads:
                size = size_text(sum(one.size for one in planned.downloads))
                names = ", ".join(one.words for one in planned.downloads)
                click.echo(f"  would download {size} first: {names}")

    def _tell_done(self, task: ProbeTask, probed: Probed) -> None:
        self._done.append((task, probed.verdict))
        published = probed.published
        if isinstance(self.sink, JsonSink):
            self.sink.tell(
                "verdict",
                model=task.subject.id,
                name=task.subject.name,
                checkpoint=task.checkpoint.name,
                headline=headline_of(task, probed.verdict),
                verdict=probed.verdict.id,
                grid_id=published.grid_id if published else None,
                page=str(published.page) if published else None,
            )
        if self.as_json:
            self._line(probed_json(task, probed.verdict, published, stopped=probed.stopped))
        elif not self.quiet:
            self._clear()
            lines = block_lines(task, probed.verdict, published, stopped=probed.stopped)
            title, *rest = lines
            click.echo(click.style(title, bold=True))
            click.echo("\n".join([*rest, ""]))

    def _tell_left_out(self, reason: str, some: list[Problem]) -> None:
        if self.as_json:
            for problem in some:
                self._line(left_out_json(problem))
        self._problem(_names([problem.item for problem in some]), reason, some[0].hint)

    def _tables(self) -> Iterable[list[str]]:
        """Yield a table for each LoRA that was probed on several checkpoints."""
        by_lora: dict[int, list[_Found]] = {}
        for task, verdict in (*self._earlier, *self._done):
            by_lora.setdefault(task.subject.id, []).append((task, verdict))
        return (list(checkpoint_table(some)) for some in by_lora.values() if len(some) > 1)

    def _problem(self, item: str, message: str, hint: str | None) -> None:
        from loradex.domain.progress import Problem  # noqa: PLC0415

        self.sink.problem(Problem(item, message, hint))

    def _line(self, value: Mapping[str, object]) -> None:
        self._clear()
        print_json_line(value)

    def _clear(self) -> None:
        if isinstance(self.sink, TerminalSink):
            self.sink.clear()


def _known_lines(earlier: Sequence[_Found]) -> Iterable[str]:
    """Yield what is known already: a line each, if they are few."""
    for task, verdict in earlier[:_SHOWN]:
        yield f"Known: {title_of(task)}: {headline_of(task, verdict)}"
    if len(earlier) > _SHOWN:
        yield f"Known: {len(earlier) - _SHOWN:,} more."


def _cost(costs: Sequence[ProbeCost], todo: int) -> str:
    """Return how much there is to draw at first, and how long that takes if that is known."""
    if not todo:
        return "all of the first pictures exist."
    seconds = [cost.seconds for cost in costs]
    known = [one for one in seconds if one is not None]
    time_text = f", about {duration_text(sum(known))}" if len(known) == len(seconds) else ""
    return f"{count_text(todo, 'picture')} to draw at first{time_text}."


def _names(items: list[str]) -> str:
    shown = ", ".join(display_text(item, 60) for item in items[:_SHOWN])
    more = len(items) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
