"""Draw up a plan of moves: models with what belongs to them, and what stands in the way."""

# ruff: noqa: PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
import secrets
import stat
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from loradex.catalog.plan_store import KnownPlace
from loradex.domain.plans import Action, Conflict, MovePlan, Place, Stamp, Step
from loradex.domain.text import display_text
from loradex.formats.model_files import is_model_file, model_stem, sidecars
from loradex.formats.shards import shard_name
from loradex.operations.moves.copying import stamp_of
from loradex.operations.moves.names import (
    NAME_BYTES,
    is_inside,
    name_key,
    names_in,
    nearest_folder,
)
from loradex.operations.moves.steps import SPARE_BYTES, free_bytes, matches, sentence


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model file that is to go to another place. `undoes` as in `Step`."""

    known: KnownPlace
    target: Place
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """A file that goes with a model whatever it is called: a sidecar that is brought back."""

    source: Place
    target: Place
    undoes: int | None = None


def plan_moves(
    kind: str,
    note: str,
    wanted: Iterable[Wanted],
    extras: Sequence[Sequence[Extra]] | None = None,
) -> MovePlan:
    """Return the steps that bring model files to their places, and the conflicts.

    Nothing is written. Each model takes its sidecars along, or stays with all of them when one of
    the files cannot go; `extras` has further files of each of `wanted`. A file that is in its
    place already is left out. Folders that are missing become steps of their own.
    """
    draft = _Draft()
    for place, each in enumerate(wanted):
        if each.known.place.path == each.target.path:
            continue
        try:
            draft.add(each, extras[place] if extras else ())
        except _StaysError as reason:
            draft.conflicts.append(
                Conflict(each.known.place, str(reason), file_id=each.known.file_id)
            )
    return MovePlan(kind, note, tuple(draft.steps), tuple(draft.conflicts))


class _StaysError(Exception):
    """A model cannot go to its place; the message is a sentence."""


@dataclass(slots=True)
class _Draft:
    """The plan so far, and what it will take of names and of room."""

    steps: list[Step] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    _listings: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    _sources: dict[bytes, list[str]] = field(default_factory=dict)
    _taken: set[tuple[bytes, str]] = field(default_factory=set)
    _folders: set[bytes] = field(default_factory=set)
    _needed: dict[int, int] = field(default_factory=dict)
    _moved: set[bytes] = field(default_factory=set)

    def add(self, wanted: Wanted, extras: Sequence[Extra]) -> None:
        """Add a model with what belongs to it; raise `_StaysError` and add nothing otherwise."""
        known = wanted.known
        model = Step(
            Action.MOVE,
            0,
            wanted.target,
            source=known.place,
            stamp=self._stamp(known),
            file_id=known.file_id,
            content_id=known.content_id,
            sha256=known.sha256,
            temporary=_temporary_name(),
            undoes=wanted.undoes,
        )
        steps = [model, *self._beside(model, extras)]
        for step in steps:
            self._check_target(step)
        needed = self._check_room(steps)
        for folder in self._missing_folders(steps):
            self._folders.add(folder.path)
            self.steps.append(Step(Action.MAKE_FOLDER, len(self.steps), folder))
        self._needed = needed
        group = len(self.steps)
        for step in steps:
            self.steps.append(replace(step, group=group))
            self._taken.add((step.target.folder, name_key(step.target.name)))
            if step.source is not None:
                self._moved.add(step.source.path)

    def _stamp(self, known: KnownPlace) -> Stamp:
        """Return the model as it is now, which must be what the catalog knows."""
        try:
            info = os.lstat(known.place.path)
        except OSError as error:
            raise _StaysError(sentence(error)) from error
        if stat.S_ISLNK(info.st_mode):
            raise _StaysError("It is a link: links stay where they are.")
        if not matches(info, known.stamp):
            raise _StaysError("It has changed since it was scanned: scan first.")
        if known.stamp.folder:
            return replace(known.stamp, device=info.st_dev, inode=info.st_ino)
        return stamp_of(info)

    def _beside(self, model: Step, extras: Sequence[Extra]) -> list[Step]:
        """Return the steps of the files that belong to a model."""
        source, target = model.source, model.target
        if source is None or (model.stamp is not None and model.stamp.folder):
            return []
        name, new_name = os.fsdecode(source.name), os.fsdecode(target.name)
        stem, new_stem = model_stem(name), model_stem(new_name)
        files = {extra.source.path: extra for extra in extras}
        for shard, new_shard in _other_shards(name, new_name):
            part = Extra(
                _sibling(source, os.fsencode(shard)), _sibling(target, os.fsencode(new_shard))
            )
            if os.path.lexists(part.source.path):
                files.setdefault(part.source.path, part)
        names = self._names_beside(source, stem)
        if not self._shared(source, names, stem):
            for sidecar in sidecars(name, names):
                renamed = os.fsencode(new_stem + sidecar.name[len(stem) :])
                beside = Extra(
                    _sibling(source, os.fsencode(sidecar.name)), _sibling(target, renamed)
                )
                files.setdefault(beside.source.path, beside)
        return [
            Step(
                Action.MOVE,
                0,
                each.target,
                source=each.source,
                stamp=_regular_stamp(each.source),
                temporary=_temporary_name(),
                undoes=each.undoes,
            )
            for each in files.values()
            if each.source.path not in self._moved
        ]

    def _names_beside(self, source: Place, stem: str) -> list[str]:
        """Return the names in a file's folder that begin with `stem`, from one sorted listing."""
        if source.folder not in self._sources:
            try:
                self._sources[source.folder] = sorted(map(os.fsdecode, os.listdir(source.folder)))
            except OSError as error:
                raise _StaysError(sentence(error)) from error
        names = self._sources[source.folder]
        return names[bisect_left(names, stem) : bisect_left(names, f"{stem}\U0010ffff")]

    def _shared(self, source: Place, names: Sequence[str], stem: str) -> bool:
        """Tell whether another model of the same stem stays here: sidecars stay with it."""
        others = [
            name
            for name in names
            if is_model_file(name) and model_stem(name) == stem and os.fsencode(name) != source.name
        ]
        return any(_sibling(source, os.fsencode(name)).path not in self._moved for name in others)

    def _check_target(self, step: Step) -> None:
        """Raise unless the target's name is free, allowed, and below its library's root."""
        target, source = step.target, step.source
        if not is_inside(target.path, target.root):
            raise _StaysError(f"{target.shown} is not below the library's folder.")
        if any(len(part) > NAME_BYTES for part in target.relative.split(b"/")):
            raise _StaysError("Its new name would be too long.")
        folder, key = target.folder, name_key(target.name)
        if folder not in self._listings:
            try:
                self._listings[folder] = names_in(folder)
            except OSError as error:
                shown = display_text(os.fsdecode(folder))
                raise _StaysError(f"The folder {shown}: {sentence(error)}") from error
        there = self._listings[folder].get(key)
        if there is not None and (source is None or folder + b"/" + there != source.path):
            shown = display_text(os.fsdecode(folder + b"/" + there))
            raise _StaysError(f"There is {shown} already.")
        if (folder, key) in self._taken:
            raise _StaysError(f"Another file of this plan goes to {target.shown}.")
        writable = nearest_folder(target.path)
        for needed in {writable, source.folder if source else writable}:
            if not os.access(needed, os.W_OK | os.X_OK):
                shown = display_text(os.fsdecode(needed))
                raise _StaysError(f"The folder {shown} cannot be written to.")

    def _check_room(self, steps: Sequence[Step]) -> dict[int, int]:
        """Return the bytes needed on each device with these steps; raise when there are fewer."""
        needed = dict(self._needed)
        for step in steps:
            if step.stamp is None:
                continue
            folder = nearest_folder(step.target.path)
            device = os.stat(folder).st_dev
            if device == step.stamp.device:
                continue
            if step.stamp.folder:
                raise _StaysError("A model that is a folder can only be moved within one disk.")
            needed[device] = needed.get(device, 0) + step.stamp.size
            if needed[device] + SPARE_BYTES > free_bytes(folder):
                raise _StaysError("There is not enough room on the disk it should go to.")
        return needed

    def _missing_folders(self, steps: Sequence[Step]) -> list[Place]:
        """Return the folders that have to be made for these files, outermost first."""
        missing: dict[bytes, Place] = {}
        for step in steps:
            parts = step.target.relative.split(b"/")[:-1]
            for end in range(1, len(parts) + 1):
                folder = replace(step.target, relative=b"/".join(parts[:end]))
                if folder.path in self._folders or os.path.isdir(folder.path):
                    continue
                if os.path.lexists(folder.path):
                    raise _StaysError(f"{folder.shown} is in the way: it is no folder.")
                missing[folder.path] = folder
        return list(missing.values())


def _regular_stamp(place: Place) -> Stamp:
    try:
        info = os.lstat(place.path)
    except OSError as error:
        raise _StaysError(f"{place.shown}: {sentence(error)}") from error
    if not stat.S_ISREG(info.st_mode):
        raise _StaysError(f"{place.shown}, which belongs to it, is no plain file.")
    return stamp_of(info)


def _sibling(place: Place, name: bytes) -> Place:
    folder = place.relative.rpartition(b"/")[0]
    return replace(place, relative=folder + b"/" + name if folder else name)


def _other_shards(name: str, new_name: str) -> list[tuple[str, str]]:
    """Return the names of a model's other shards, before and after; raise when one is lost so."""
    shard = shard_name(name)
    if shard is None:
        return []
    renamed = shard_name(new_name)
    if renamed is None or (renamed.number, renamed.of) != (shard.number, shard.of):
        raise _StaysError("It is one of several files of a model: its new name has to say so, too.")
    numbers = [number for number in range(1, shard.of + 1) if number != shard.number]
    return [(shard.sibling(number), renamed.sibling(number)) for number in numbers]


def _temporary_name() -> str:
    """Return a name that no other plan uses, and that scans take for an unfinished download."""
    return f".loradex-{secrets.token_hex(8)}.part"
