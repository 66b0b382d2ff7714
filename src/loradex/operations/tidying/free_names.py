"""Names for files that go somewhere: one each, and none that a disk takes for another's."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import count

from loradex.formats.model_files import is_model_file, model_stem
from loradex.operations.moves.names import name_key


class FreeNames:
    """The names that are taken in each folder, and by which content.

    Models differ in their stems, since tools keep what they know of one under that.
    """

    def __init__(self, leaving: Collection[bytes]) -> None:
        """`leaving` are the paths of files that may go away: their names count as free."""
        self._leaving = leaving
        self._taken: dict[bytes, dict[str, int | None]] = defaultdict(dict)
        self._listed: set[bytes] = set()

    def give(self, folder: bytes, name: str, content_id: int | None) -> None:
        """Note that a file of this content has a name."""
        for key in _keys(name):
            self._of(folder)[key] = content_id

    def holder(self, folder: bytes, name: str) -> tuple[bool, int | None]:
        """Tell whether a name is taken, and by which content, None when that is not known."""
        taken = self._of(folder)
        for key in _keys(name):
            if key in taken:
                return True, taken[key]
        return False, None

    def free(self, folder: bytes, name: str, sha256: str | None) -> str:
        """Return the name with the first digits of the SHA-256 in it, else with a number."""
        return next(
            candidate
            for candidate in _candidates(name, sha256)
            if not self.holder(folder, candidate)[0]
        )

    def _of(self, folder: bytes) -> dict[str, int | None]:
        taken = self._taken[folder]
        if folder not in self._listed:
            self._listed.add(folder)
            try:
                names = os.listdir(folder)
            except OSError:
                names = []
            for name in names:
                if folder + b"/" + name not in self._leaving:
                    for key in _keys(os.fsdecode(name)):
                        taken.setdefault(key, None)
        return taken


def with_stem(name: str, stem: str) -> str:
    """Return a model file's name with another stem; a shard stays one of its model's."""
    from loradex.formats.shards import shard_name  # noqa: PLC0415 - few files are shards

    shard = shard_name(name)
    if shard is not None:
        return f"{stem}{name[len(shard.stem) :]}"
    return stem + name[len(model_stem(name)) :]


def stem_of(name: str) -> str:
    """Return a model file's name without suffix, and without the number of a shard."""
    from loradex.formats.shards import shard_name  # noqa: PLC0415 - few files are shards

    shard = shard_name(name)
    return shard.stem if shard is not None else model_stem(name)


def _candidates(name: str, sha256: str | None) -> Iterator[str]:
    stem = stem_of(name)
    if sha256:
        stem = f"{stem}-{sha256[:8]}"
        yield with_stem(name, stem)
    for number in count(2):
        yield with_stem(name, f"{stem}-{number}")


def _keys(name: str) -> set[str]:
    keys = {name_key(os.fsencode(name))}
    if is_model_file(name):
        keys.add(f"{name_key(os.fsencode(model_stem(name)))}/")
    return keys
