"""One training that was kept at several epochs or steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from loradex.catalog.duplicate_rows import Facts, Training
from loradex.operations.duplicates.clues import (
    ENOUGH,
    UNTOLD,
    Clue,
    Found,
    body,
    folder_clue,
    folder_of,
    sure,
    training_clues,
)
from loradex.operations.duplicates.names import Counted, counted, stem_of

MOST_BY_NAME = 100
"""More files than this that only share a numbered name are a collection, not a training."""

_FINAL = (float("inf"), 0.0)

_Member = tuple[Facts, Counted, Training]


def find_epochs(candidates: Iterable[Facts], trainings: Mapping[int, Training]) -> Iterator[Found]:
    """Yield groups of files that one training wrote.

    Their names may differ in the count only, all that the headers tell of kind and shapes must be
    equal, and the trainer's words must name one run; without any such words, they must lie in one
    folder.
    """
    shapes: dict[tuple[object, ...], list[_Member]] = defaultdict(list)
    for facts in candidates:
        name = counted(stem_of(facts.file_name), facts.kind)
        shape = (
            name.stem, facts.kind, facts.base, facts.variant, facts.algorithm, facts.rank,
            facts.dtype, facts.quantisation, facts.format, facts.parts, facts.tensor_count,
        )  # fmt: skip
        shapes[shape].append((facts, name, trainings.get(facts.id, UNTOLD)))
    for alike in shapes.values():
        for members in _runs(alike):
            found = _found(members)
            if found is not None:
                yield found


def _runs(alike: list[_Member]) -> Iterator[list[_Member]]:
    """Split files of one name and shape by run, and by size."""
    if len(alike) < 2:
        return
    runs: dict[tuple[str, ...], list[_Member]] = defaultdict(list)
    for member in alike:
        facts, _name, training = member
        if training.session or training.started:
            runs[training.session, training.started].append(member)
        else:
            runs["", "", folder_of(facts), training.output_name].append(member)
    for members in runs.values():
        yield from _of_one_size(members)


def _of_one_size(members: list[_Member]) -> Iterator[list[_Member]]:
    """Split where tensors take more room; containers may pad by a little."""
    members.sort(key=lambda member: (body(member[0]), member[0].id))
    start = 0
    for place in range(1, len(members) + 1):
        if place == len(members) or body(members[place][0]) > 1.01 * body(members[start][0]) + 128:
            yield members[start:place]
            start = place


def _found(members: Sequence[_Member]) -> Found | None:
    moments = {(name.epoch, name.step) for _, name, _ in members}
    if len(moments) < 2:
        return None
    facts = [member[0] for member in members]
    told = training_clues([member[2] for member in members])
    clues = [
        *told,
        Clue("the names differ only in the count", 0.4),
        *([] if facts[0].kind == "unknown" else [Clue("tensors of the same shapes", 0.3)]),
        *folder_clue(facts),
    ]
    if sure(clues) < ENOUGH or (not told and len(members) > MOST_BY_NAME):
        return None
    order = _order(members)
    return Found(
        tuple(facts),
        tuple(_moment(name, training) for _, name, training in members),
        order,
        tuple(clues),
    )


def _order(members: Sequence[_Member]) -> tuple[tuple[float, ...], ...]:
    """Return how far the training was: by steps when all tell them, else by epochs."""
    steps = [_number(name.step, training.steps) for _, name, training in members]
    epochs = [_number(name.epoch, training.epoch) for _, name, training in members]
    counts = steps if None not in steps else epochs
    return tuple(
        _FINAL if _is_final(name) else (float(count or 0), float(step or 0))
        for (_, name, _), count, step in zip(members, counts, steps, strict=True)
    )


def _moment(name: Counted, training: Training) -> str:
    if _is_final(name):
        return "final"
    epoch = _number(name.epoch, training.epoch)
    step = _number(name.step, training.steps)
    words = [
        f"epoch {epoch}" if epoch is not None else "",
        f"step {step:,}" if step is not None else "",
    ]
    return ", ".join(word for word in words if word)


def _is_final(name: Counted) -> bool:
    return name.epoch is None and name.step is None


def _number(named: int | None, told: str) -> int | None:
    """Return the name's number, else the header's, unless that is none."""
    if named is not None:
        return named
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None
