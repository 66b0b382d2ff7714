"""One model in several files: `name-00001-of-00003.safetensors`, and GGUF's splits alike.

The first shard carries the whole: its header is given with the tensors of all others. Any other
shard is given with the first one's tensors, which hold what tells a model (inputs, text width),
and its own. A shard that is missing or broken never fails the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.domain.header import Header, Shard, Tensor
from loradex.errors import FormatError
from loradex.formats.limits import MAX_TENSORS
from loradex.formats.model_file import is_file

_NAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,5})-of-(?P<of>\d{1,5})(?P<rest>(?:\.[\w-]+)+)")

MOST_SHARDS = 100
"""Shards that are looked at. The largest published models have about 60."""

ReadOne = Callable[[Path], Header]


@dataclass(frozen=True, slots=True)
class ShardName:
    """A shard's name, taken apart; `number` counts from 1."""

    stem: str
    number: int
    of: int
    rest: str
    width: int
    """Digits of the numbers."""

    @property
    def needed(self) -> list[int]:
        """The other shards that tell what it is: for the first shard all, for others the first."""
        return list(range(2, self.of + 1)) if self.number == 1 else [1]

    def sibling(self, number: int) -> str:
        """Return the name of another shard of the same model."""
        return f"{self.stem}-{number:0{self.width}}-of-{self.of:0{self.width}}{self.rest}"

    @property
    def whole(self) -> str:
        """The name that the model would have in one file."""
        return f"{self.stem}{self.rest}"


def shard_name(name: str) -> ShardName | None:
    """Take a file name apart; None for a file that is no shard by its name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    number, of = int(match["number"]), int(match["of"])
    if not 1 <= number <= of or of > MOST_SHARDS or of == 1:
        return None
    return ShardName(match["stem"], number, of, match["rest"], len(match["of"]))


def siblings(path: Path) -> list[Path]:
    """Return the other files that a first shard stands for, as far as they are there."""
    name = shard_name(path.name)
    if name is None or name.number != 1:
        return []
    others = (path.with_name(name.sibling(number)) for number in name.needed)
    return [other for other in others if is_file(other)]


def with_siblings(header: Header, path: Path, read: ReadOne) -> Header:
    """Return a shard's header with the tensors of its siblings, any other header unchanged.

    `read` reads one file; what it raises as FormatError counts as a shard that is not there.
    """
    name = shard_name(path.name)
    if name is None:
        return header
    paths = {number: path.with_name(name.sibling(number)) for number in name.needed}
    found, missing, broken = _read_all(paths, read)
    lost = tuple(sorted(missing + broken))
    shard = Shard(name.number, name.of, name.whole, lost, broken)
    problem = shards_problem(missing, broken, name.of)
    notes = header.notes if problem is None else (*header.notes, problem)
    tensors = merged((header.tensors, *(other.tensors for other in found)))
    metadata = header.metadata or next((one.metadata for one in found if one.metadata), {})
    return replace(header, tensors=tensors, metadata=metadata, notes=notes, shard=shard)


def _read_all(
    paths: Mapping[int, Path], read: ReadOne
) -> tuple[list[Header], tuple[int, ...], tuple[int, ...]]:
    """Return the headers that can be read, and which shards are missing and which broken."""
    found: list[Header] = []
    missing: list[int] = []
    broken: list[int] = []
    for number, path in paths.items():
        try:
            if is_file(path):
                found.append(read(path))
            else:
                missing.append(number)
        except FormatError:
            broken.append(number)
    return found, tuple(missing), tuple(broken)


def problem_of(shard: Shard) -> str | None:
    """Return the sentence on what a model lacks, None when it is complete."""
    missing = [number for number in shard.missing if number not in shard.broken]
    return shards_problem(missing, shard.broken, shard.of)


def shards_problem(missing: Sequence[int], broken: Sequence[int], of: int) -> str | None:
    """Return the sentence on what a model of `of` shards lacks, None when it is complete.

    The same set gives the same sentence: a scan compares it with the one it told before.
    """
    told = [
        f"{_numbers(lost)} of {of} {'is' if len(lost) == 1 else 'are'} {what}."
        for lost, what in ((missing, "missing"), (broken, "broken"))
        if lost
    ]
    return " ".join(told) or None


def is_shards_problem(problem: str) -> bool:
    """Tell whether what is known to be wrong with a file is a sentence of `shards_problem`."""
    return _SENTENCE.match(problem) is not None


_SENTENCE = re.compile(r"Shards? \d[\d, and]* of \d+ (?:is|are) (?:missing|broken)\.")


def _numbers(lost: Sequence[int]) -> str:
    *others, last = map(str, lost)
    return f"Shards {', '.join(others)} and {last}" if others else f"Shard {last}"


def merged(tables: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return all tensors together, the first of a name winning, at most `MAX_TENSORS`."""
    together: dict[str, Tensor] = {}
    for table in tables:
        for key, tensor in table.items():
            if len(together) >= MAX_TENSORS:
                return together
            together.setdefault(key, tensor)
    return together


def together(paths: Iterable[Path], read: ReadOne) -> Header | None:
    """Return one header for the files of a folder's model, None when there are none.

    Files with shards' names are expected to be complete; the header says which are not there.
    Raises what `read` raises.
    """
    files = [(shard_name(path.name), read(path)) for path in paths]
    if not files:
        return None
    headers = [header for _, header in files]
    whole = replace(
        headers[0],
        tensors=merged(header.tensors for header in headers),
        nbytes=sum(header.nbytes for header in headers),
        notes=tuple(dict.fromkeys(note for header in headers for note in header.notes)),
    )
    names = [name for name, _ in files if name]
    if not names:
        return whole
    there = {name.number for name in names}
    lost = tuple(number for number in range(1, names[0].of + 1) if number not in there)
    problem = shards_problem(lost, (), names[0].of)
    notes = whole.notes if problem is None else (*whole.notes, problem)
    return replace(whole, notes=notes, shard=Shard(0, names[0].of, names[0].whole, lost))
