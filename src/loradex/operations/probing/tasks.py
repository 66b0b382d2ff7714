"""What is probed on which checkpoint, in which order, and what need not be probed again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.domain.models import ModelRow
from loradex.domain.probing import Depth
from loradex.domain.progress import Problem
from loradex.domain.trigger_words import fold_word
from loradex.domain.verdicts import Verdict, VerdictKind, VerdictSource
from loradex.errors import UsageError
from loradex.operations.grid_models import (
    CHECKPOINT_KINDS,
    QUERY,
    fitting_checkpoint,
    fitting_checkpoints,
)
from loradex.operations.probing.request import ProbeRequest
from loradex.probe.limits import VERSION

ALL = "all"
"""Named as the checkpoint: every one of the library that fits."""
_DEPTHS = tuple(Depth)


@dataclass(frozen=True, slots=True)
class ProbeTask:
    """One probe to make. A checkpoint that is probed itself stands as both.

    `earlier` is what the last probe of it on this checkpoint found.
    """

    subject: ModelRow
    checkpoint: ModelRow
    earlier: Verdict | None = None

    @property
    def of_checkpoint(self) -> bool:
        """Whether a checkpoint is looked at by itself."""
        return self.subject.id == self.checkpoint.id


@dataclass(frozen=True, slots=True)
class ProbeTasks:
    """What is to be probed, in this order; what was already; and what cannot be, with reasons."""

    todo: tuple[ProbeTask, ...] = ()
    known: tuple[ProbeTask, ...] = ()
    left_out: tuple[Problem, ...] = ()


def plan_tasks(
    catalog: Catalog,
    ids: Sequence[int],
    checkpoints: Sequence[str],
    request: ProbeRequest,
    *,
    named: bool,
    again: bool = False,
) -> ProbeTasks:
    """Return what to probe: the untested first, and grouped so that each checkpoint loads once.

    `checkpoints` are REFs, `query:QUERY` or `all`; without any, each LoRA gets the only one that
    fits. `named` says that a person named these models one by one: what is asked for so is tried
    even where it cannot fit. With `again` what is known is probed nevertheless. Raises
    `UsageError` for the only model when it cannot be probed, and for checkpoints that are none.
    """
    chooser = _Chooser(catalog, checkpoints, named=named)
    found, left_out = _assigned(catalog, ids, chooser, named=named)
    verdicts = catalog.verdicts.of_many(list({task.subject.id for task in found}), evidence=True)
    told = [
        ProbeTask(
            task.subject,
            task.checkpoint,
            _earlier(verdicts.get(task.subject.id, ()), task.checkpoint.id),
        )
        for task in found
    ]
    known = [] if again else [task for task in told if _is_answered(task, request)]
    settled = {(task.subject.id, task.checkpoint.id) for task in known}
    todo = [task for task in told if (task.subject.id, task.checkpoint.id) not in settled]
    return ProbeTasks(tuple(grouped(todo)), tuple(known), tuple(left_out))


def grouped(tasks: Iterable[ProbeTask]) -> list[ProbeTask]:
    """Return tasks with those of one checkpoint together, both in the order they come in."""
    by_checkpoint: dict[int, list[ProbeTask]] = {}
    for task in tasks:
        by_checkpoint.setdefault(task.checkpoint.id, []).append(task)
    return [task for some in by_checkpoint.values() for task in some]


def answers(verdict: Verdict, request: ProbeRequest) -> bool:
    """Tell whether a probe like the one that is asked for led to this verdict.

    Not when it was judged by other rules, ended before its time, or looked less closely.
    """
    evidence = verdict.evidence
    if evidence is None:
        return verdict.of(VerdictKind.DOES_NOT_FIT) is not None
    if evidence.version != VERSION or evidence.stopped or request.references:
        return False
    if _depth(evidence.depth) < _depth(request.depth):
        return False
    tried = {fold_word(score.word) for score in evidence.words}
    return (
        request.prompts in ((), evidence.prompts)
        and request.seeds in ((), evidence.seeds)
        and all(fold_word(word) in tried for word in request.words)
        and request.negative_prompt in ("", evidence.settings.get("negative_prompt"))
        and all(
            evidence.settings.get(name) == value for name, value in request.settings.said().items()
        )
    )


def _is_answered(task: ProbeTask, request: ProbeRequest) -> bool:
    return task.earlier is not None and answers(task.earlier, request)


def _depth(name: str) -> int:
    return _DEPTHS.index(Depth(name)) if name in _DEPTHS else 0


def _earlier(verdicts: Iterable[Verdict], checkpoint: int) -> Verdict | None:
    """Return what a probe of this catalog found on a checkpoint."""
    return next(
        (
            verdict
            for verdict in verdicts
            if verdict.source is VerdictSource.PROBE
            and verdict.checkpoint_id == checkpoint
            and not verdict.origin
        ),
        None,
    )


def _assigned(
    catalog: Catalog, ids: Sequence[int], chooser: _Chooser, *, named: bool
) -> tuple[list[ProbeTask], list[Problem]]:
    """Return the models with the checkpoints to probe them on, and those that cannot be."""
    rows = {row.id: row for row in catalog.rows(ids)}
    only = len(rows) == 1
    found: list[ProbeTask] = []
    left_out: list[Problem] = []
    for id_ in catalog.verdicts.untested(list(dict.fromkeys(ids))):
        row = rows[id_]
        if not named and row.state != FileState.PRESENT:
            left_out.append(Problem(row.name, f"Its file is {row.state}."))
            continue
        try:
            found += [ProbeTask(row, checkpoint) for checkpoint in chooser.checkpoints(row)]
        except UsageError as error:
            if only:
                raise
            left_out.append(Problem(row.name, error.message, error.hint))
    return found, left_out


@dataclass(slots=True)
class _Chooser:
    """Chooses checkpoints for models; those of one base fit the same."""

    catalog: Catalog
    texts: Sequence[str]
    named: bool
    _asked: list[ModelRow] | None = None
    _fitting: dict[tuple[str | None, str | None], list[ModelRow]] = field(default_factory=dict)

    def checkpoints(self, row: ModelRow) -> list[ModelRow]:
        """Return where to probe a model; raise `UsageError` saying why nowhere."""
        if row.kind in CHECKPOINT_KINDS:
            return [row]
        if row.kind != "lora":
            raise UsageError(
                f"LoRAs and checkpoints can be probed; {row.name} is of the kind {row.kind}.",
                hint="`loradex list kind:lora,checkpoint` shows those.",
            )
        if self.texts and not self._every:
            return self._fitting_of(row, self._named_rows())
        key = (row.base, row.derivative)
        if key not in self._fitting:
            self._fitting[key] = self._found(row)
        return self._fitting[key]

    @property
    def _every(self) -> bool:
        return any(text.strip().casefold() == ALL for text in self.texts)

    def _found(self, row: ModelRow) -> list[ModelRow]:
        if self._every:
            every = fitting_checkpoints(self.catalog, [row.id])
            if every:
                return every
        return self.catalog.rows([fitting_checkpoint(self.catalog, [row.id])])

    def _fitting_of(self, row: ModelRow, asked: Sequence[ModelRow]) -> list[ModelRow]:
        fitting = [one for one in asked if not (row.base and one.base) or row.base == one.base]
        if fitting:
            return fitting
        if self.named and len(asked) == 1:
            return list(asked)
        names = f"{asked[0].name} is for {asked[0].base}" if len(asked) == 1 else "none of these is"
        raise UsageError(f"{row.name} is for {row.base}, and {names}.")

    def _named_rows(self) -> list[ModelRow]:
        if self._asked is None:
            self._asked = list(self._resolved())
        return self._asked

    def _resolved(self) -> Iterable[ModelRow]:
        ids: dict[int, None] = {}
        for text in self.texts:
            if text.startswith(QUERY):
                ids |= dict.fromkeys(self._matching(text.removeprefix(QUERY).strip()))
            else:
                ids[self.catalog.resolve(text)] = None
        rows = self.catalog.rows(list(ids))
        for row in rows:
            if row.kind not in CHECKPOINT_KINDS:
                raise UsageError(
                    f"{row.name} is no checkpoint, but of the kind {row.kind}.",
                    hint="`loradex list kind:checkpoint` shows what there is.",
                )
        return rows

    def _matching(self, query: str) -> list[int]:
        found = [
            row.id
            for row in self.catalog.search(query).rows
            if row.kind in CHECKPOINT_KINDS and row.state == FileState.PRESENT
        ]
        if not found:
            raise UsageError(
                f"The query {query!r} finds no checkpoint whose file is there.",
                hint="Try it with `loradex list` first.",
            )
        return found
