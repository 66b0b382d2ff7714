"""Find the sidecars of model files: one listing a folder, known suffixes only."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.progress import Problem
from loradex.formats.model_files import is_model_file, model_stem

_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Suffix:
    """How a dialect names its files: after the model's stem, or after its full name."""

    text: str
    """In lower case."""
    after_full_name: bool = False


@dataclass(frozen=True, slots=True)
class FoundSidecar:
    """A file that belongs to a model by its name."""

    owners: tuple[ModelPlace, ...]
    """More than one where models of one stem and different suffixes share it."""
    name: str
    """As Python has it: bytes that are no UTF-8 are lone surrogates."""
    suffix: Suffix
    rivals: tuple[str, ...] = ()
    """Other model files of the stem, which were not asked about."""

    @property
    def raw_path(self) -> bytes:
        """Its path below the library's root."""
        return folder_of(self.owners[0].raw_path) + os.fsencode(self.name)

    @property
    def path(self) -> bytes:
        """Its absolute path."""
        return self.owners[0].root + b"/" + self.raw_path


def folder_of(raw_path: bytes) -> bytes:
    """Return the folder part of a path, with its last `/`; empty for a file in the root."""
    return raw_path[: raw_path.rfind(b"/") + 1]


def name_of(place: ModelPlace) -> str:
    """Return a model's file name."""
    return os.fsdecode(place.raw_path[place.raw_path.rfind(b"/") + 1 :])


def find_sidecars(
    places: Sequence[ModelPlace], suffixes: Iterable[Suffix], problems: list[Problem]
) -> Iterator[FoundSidecar]:
    """Yield the sidecars of these models, model by model; `places` come folder by folder.

    The stem has to agree to the letter, the suffix may be in capitals. Folders that cannot be
    listed are added to `problems`.
    """
    wanted = list(suffixes)
    for (root, folder), here in groupby(places, key=lambda p: (p.root, folder_of(p.raw_path))):
        try:
            names = sorted(map(os.fsdecode, os.listdir(root + b"/" + folder)))
        except OSError as error:
            place = os.fsdecode(root + b"/" + folder)
            problems.append(Problem(place, f"It cannot be listed: {error.strerror or error}."))
            continue
        yield from _in_folder(list(here), names, wanted)


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside one model file."""

    names: tuple[str, ...]
    """All names that begin with its stem."""
    rivals: tuple[str, ...]
    """Other model files of its stem, which share its sidecars."""

    def named(self, place: ModelPlace, suffix: Suffix) -> str | None:
        """Return the file that is there for a suffix, None when there is none."""
        found = _named(model_stem(name_of(place)), [place], self.names, suffix)
        return next((name for name, _ in found), None)


class Folders:
    """Lists folders, each once."""

    def __init__(self) -> None:
        self._names: dict[bytes, list[str]] = {}

    def beside(self, place: ModelPlace) -> Beside:
        """Return what lies beside a model file. Raises `OSError` for a folder that is not there."""
        folder = place.root + b"/" + folder_of(place.raw_path)
        if folder not in self._names:
            self._names = {folder: sorted(map(os.fsdecode, os.listdir(folder)))}
        stem = model_stem(name_of(place))
        names = _beginning_with(self._names[folder], stem)
        return Beside(tuple(names), _rivals(stem, [place], names))


def _in_folder(
    places: Sequence[ModelPlace], names: Sequence[str], suffixes: Sequence[Suffix]
) -> Iterator[FoundSidecar]:
    if all(map(is_model_file, names)):
        return
    by_stem: dict[str, list[ModelPlace]] = defaultdict(list)
    for place in places:
        by_stem[model_stem(name_of(place))].append(place)
    # `style.metadata.json` is of `style`, even beside a model called `style.metadata`.
    longest: dict[str, FoundSidecar] = {}
    for stem, owners in by_stem.items():
        beside = _beginning_with(names, stem)
        if {name_of(place) for place in owners}.issuperset(beside):
            continue  # nothing begins so but these models themselves
        rivals = _rivals(stem, owners, beside)
        for suffix in suffixes:
            for name, some in _named(stem, owners, beside, suffix):
                before = longest.get(name)
                if before is None or len(suffix.text) > len(before.suffix.text):
                    others = () if suffix.after_full_name else rivals
                    longest[name] = FoundSidecar(tuple(some), name, suffix, others)
    yield from longest.values()


def _beginning_with(names: Sequence[str], stem: str) -> Sequence[str]:
    """Return the names that begin so, from a sorted list."""
    return names[bisect_left(names, stem) : bisect_left(names, stem + _LAST)]


def _rivals(stem: str, owners: Sequence[ModelPlace], beside: Sequence[str]) -> tuple[str, ...]:
    """Return other model files of this stem, which these sidecars may as well be of."""
    ours = {name_of(place) for place in owners}
    return tuple(
        name
        for name in beside
        if name not in ours and is_model_file(name) and model_stem(name) == stem
    )


def _named(
    stem: str, owners: Sequence[ModelPlace], beside: Sequence[str], suffix: Suffix
) -> Iterator[tuple[str, Sequence[ModelPlace]]]:
    """Yield the files with one suffix, and whose they are."""
    if suffix.after_full_name:
        ends = {name_of(place)[len(stem) :].lower() + suffix.text: [place] for place in owners}
    else:
        ends = {suffix.text: list(owners)}
    for name in beside:
        some = ends.get(name[len(stem) :].lower())
        if some is not None and not is_model_file(name):
            yield name, some
