"""Draw up a plan of moves: models with what belongs to them, and what stands in the way."""

# ruff: noqa: PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from loradex.catalog.plan_store import KnownPlace
from loradex.domain.plans import (
    OUTSIDE,
    Action,
    Conflict,
    MovePlan,
    Place,
    Stamp,
    Step,
)
from loradex.domain.text import display_text
from loradex.formats.model_files import is_model_file, model_stem, sidecars
from loradex.operations.moves.copying import stamp_of
from loradex.operations.moves.linking import link_text, relinked
from loradex.operations.moves.names import (
    NAME_BYTES,
    is_inside,
    name_key,
    names_in,
    nearest_folder,
)
from loradex.operations.moves.on_disk import SPARE_BYTES, free_bytes, matches, sentence
from loradex.operations.moves.trash_can import another_slot
from loradex.operations.moves.wanted import (
    Extra,
    Loose,
    Stays,
    Wanted,
    extra_step,
    other_shards,
    regular_stamp,
    sibling,
    temporary_name,
)

__all__ = ["Draft", "Extra", "Loose", "Stays", "Wanted", "plan_moves"]

_LEAVING = (Action.MOVE, Action.TRASH, Action.RESTORE)
"""Actions after which nothing is at the source any more."""


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
    going = [
        (each, extras[place] if extras else ())
        for place, each in enumerate(wanted)
        if each.known.place.path != each.target.path
    ]
    draft = Draft()
    while going:
        draft.conflicts_waiting.clear()
        leaving = {each.known.place.path for each, _ in going}
        waiting = [one for one in going if not draft.take(*one, leaving)]
        if len(waiting) == len(going):
            draft.conflicts += draft.conflicts_waiting
            break
        going = waiting
    return draft.plan(kind, note)


@dataclass(slots=True)
class Draft:
    """A plan so far, and what it will take of names and of room.

    Names that some disk takes for one are one, unless `exact`: for files that go back to where
    they were, since that disk held both.
    """

    steps: list[Step] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    conflicts_waiting: list[Conflict] = field(default_factory=list)
    """Of models whose name another one has that may go yet."""
    _listings: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    _sources: dict[bytes, list[str]] = field(default_factory=dict)
    _taken: set[tuple[bytes, str]] = field(default_factory=set)
    _folders: set[bytes] = field(default_factory=set)
    _needed: dict[int, int] = field(default_factory=dict)
    _moved: set[bytes] = field(default_factory=set)
    _writable: dict[bytes, bool] = field(default_factory=dict)
    exact: bool = field(default=False, kw_only=True)

    def plan(self, kind: str, note: str) -> MovePlan:
        """Return what was taken so far as a plan."""
        return MovePlan(kind, note, tuple(self.steps), tuple(self.conflicts))

    def take(self, wanted: Wanted, extras: Sequence[Extra], leaving: Collection[bytes]) -> bool:
        """Add a model, or why it stays; False when its name may become free: `leaving` may go."""
        try:
            self.add(wanted, extras)
        except Stays as reason:
            conflict = Conflict(wanted.known.place, str(reason), file_id=wanted.known.file_id)
            if reason.taken_by in leaving and reason.taken_by != wanted.known.place.path:
                self.conflicts_waiting.append(conflict)
                return False
            self.conflicts.append(conflict)
        return True

    def add(self, wanted: Wanted, extras: Sequence[Extra]) -> None:
        """Add a model with what belongs to it; raise `Stays` and add nothing otherwise."""
        known = wanted.known
        model = Step(
            wanted.action,
            0,
            wanted.target,
            source=known.place,
            stamp=self._stamp(known),
            file_id=known.file_id,
            content_id=known.content_id,
            sha256=known.sha256,
            temporary=temporary_name(),
            undoes=wanted.undoes,
            same_as=wanted.kept.place if wanted.kept else None,
        )
        if wanted.kept is not None and wanted.link is not None:
            self.add_steps([model, _link(wanted, wanted.kept, self._stamp(wanted.kept), model)])
            return
        if wanted.action is Action.TRASH:
            beside = self._beside(replace(model, target=known.place), extras)
            beside = [self._let_go(step, wanted) for step in beside]
        else:
            beside = self._beside(model, extras)
        goal = wanted.target if wanted.action is Action.MOVE else None
        goal = wanted.kept.place if wanted.kept else goal
        self.add_steps([model, *beside, *relinked(model, wanted.links, goal)])

    def _let_go(self, step: Step, wanted: Wanted) -> Step:
        """Return the step of a sidecar whose model goes into the trash.

        It goes along, unless it tells of the model that is kept, too, which has none of its sort.
        """
        assert step.source is not None  # noqa: S101 - whatever is beside a model has a place
        if wanted.kept is not None:
            ours, theirs = wanted.known.place.name, wanted.kept.place.name
            stems = [os.fsencode(model_stem(os.fsdecode(name))) for name in (ours, theirs)]
            beside = sibling(wanted.kept.place, stems[1] + step.source.name[len(stems[0]) :])
            taken = (beside.folder, self._key(beside.name)) in self._taken
            if not taken and not os.path.lexists(beside.path):
                return replace(step, target=beside)
        return replace(
            step, action=Action.TRASH, target=another_slot(wanted.target, step.source.name)
        )

    def add_loose(self, loose: Loose) -> None:
        """Add a file that is no model; raise `Stays` when it cannot go."""
        self.add_steps(
            [
                Step(
                    loose.action,
                    0,
                    loose.target,
                    source=loose.source,
                    stamp=regular_stamp(loose.source),
                    temporary=temporary_name(),
                )
            ]
        )

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Add steps that end together, and the folders they need; raise `Stays` for none of it."""
        leaving = {step.source.path for step in steps if step.source and step.action in _LEAVING}
        leaving |= {step.target.path for step in steps if step.action is Action.UNLINK}
        for step in steps:
            if step.action is not Action.UNLINK:
                self._check_target(step, leaving)
        needed = self._check_room(steps)
        for folder in self._missing_folders(steps):
            self._folders.add(folder.path)
            self.steps.append(Step(Action.MAKE_FOLDER, len(self.steps), folder))
        self._needed = needed
        group = len(self.steps)
        for step in steps:
            self.steps.append(replace(step, group=group))
            if step.target.library_id != OUTSIDE:
                self._taken.add((step.target.folder, self._key(step.target.name)))
            if step.source is not None and step.action in _LEAVING:
                self._moved.add(step.source.path)

    def _key(self, name: bytes) -> str:
        return os.fsdecode(name) if self.exact else name_key(name)

    def _stamp(self, known: KnownPlace) -> Stamp:
        """Return the model as it is now, which must be what the catalog knows."""
        try:
            info = os.lstat(known.place.path)
        except OSError as error:
            if not os.path.isdir(known.place.root):
                raise Stays("Its library is not there: the drive is away.") from error
            raise Stays(sentence(error)) from error
        if stat.S_ISLNK(info.st_mode):
            raise Stays("It is a link: links stay where they are.")
        if not matches(info, known.stamp):
            raise Stays("It has changed since it was scanned: scan first.")
        if known.stamp.folder:
            return replace(known.stamp, device=info.st_dev, inode=info.st_ino)
        return stamp_of(info)

    def _beside(self, model: Step, extras: Sequence[Extra]) -> list[Step]:
        """Return the steps of the files that belong to a model."""
        source, target = model.source, model.target
        if source is None or (model.stamp is not None and model.stamp.folder):
            return []
        if source.library_id == OUTSIDE:
            return [extra_step(extra) for extra in extras]
        name, new_name = os.fsdecode(source.name), os.fsdecode(target.name)
        stem, new_stem = model_stem(name), model_stem(new_name)
        files = {extra.source.path: extra for extra in extras}
        for shard, new_shard in other_shards(name, new_name):
            part = Extra(
                sibling(source, os.fsencode(shard)), sibling(target, os.fsencode(new_shard))
            )
            if os.path.lexists(part.source.path):
                files.setdefault(part.source.path, part)
        names = self._names_beside(source, stem)
        if not self._shared(source, names, stem):
            for sidecar in sidecars(name, names):
                renamed = os.fsencode(new_stem + sidecar.name[len(stem) :])
                beside = Extra(sibling(source, os.fsencode(sidecar.name)), sibling(target, renamed))
                files.setdefault(beside.source.path, beside)
        return [extra_step(each) for each in files.values() if each.source.path not in self._moved]

    def _names_beside(self, source: Place, stem: str) -> list[str]:
        """Return the names in a file's folder that begin with `stem`, from one sorted listing."""
        if source.folder not in self._sources:
            try:
                self._sources[source.folder] = sorted(map(os.fsdecode, os.listdir(source.folder)))
            except OSError as error:
                raise Stays(sentence(error)) from error
        names = self._sources[source.folder]
        return names[bisect_left(names, stem) : bisect_left(names, f"{stem}\U0010ffff")]

    def _shared(self, source: Place, names: Sequence[str], stem: str) -> bool:
        """Tell whether another model of the same stem stays here: sidecars stay with it."""
        others = [
            name
            for name in names
            if is_model_file(name) and model_stem(name) == stem and os.fsencode(name) != source.name
        ]
        return any(sibling(source, os.fsencode(name)).path not in self._moved for name in others)

    def _check_target(self, step: Step, leaving: Collection[bytes]) -> None:
        """Raise unless the target's name is free, allowed, and below its library's root.

        A name that a file has which goes before this one, or with it (`leaving`), is free.
        """
        target, source = step.target, step.source
        if target.library_id == OUTSIDE:
            self._check_writable(source.folder if source else target.folder)
            return
        if not is_inside(target.path, target.root):
            raise Stays(f"{target.shown} is not below the library's folder.")
        if any(len(part) > NAME_BYTES for part in target.relative.split(b"/")):
            raise Stays("Its new name would be too long.")
        folder, key = target.folder, self._key(target.name)
        if folder not in self._listings:
            try:
                self._listings[folder] = names_in(folder, self._key)
            except OSError as error:
                shown = display_text(os.fsdecode(folder))
                raise Stays(f"The folder {shown}: {sentence(error)}") from error
        there = self._listings[folder].get(key)
        if there is not None:
            path = folder + b"/" + there
            going = path in leaving or path in self._moved
            if not going and (source is None or path != source.path):
                raise Stays(f"There is {display_text(os.fsdecode(path))} already.", path)
        if (folder, key) in self._taken:
            raise Stays(f"Another file of this plan goes to {target.shown}.")
        writable = nearest_folder(target.path)
        for needed in {writable, source.folder if source and step.action in _LEAVING else writable}:
            self._check_writable(needed)

    def _check_writable(self, folder: bytes) -> None:
        if folder not in self._writable:
            self._writable[folder] = os.access(folder, os.W_OK | os.X_OK)
        if not self._writable[folder]:
            raise Stays(f"The folder {display_text(os.fsdecode(folder))} cannot be written to.")

    def _check_room(self, steps: Sequence[Step]) -> dict[int, int]:
        """Return the bytes needed on each device with these steps; raise when there are fewer."""
        needed = dict(self._needed)
        for step in steps:
            if step.stamp is None or step.action not in (Action.MOVE, Action.RESTORE):
                continue
            folder = nearest_folder(step.target.path)
            device = os.stat(folder).st_dev
            if device == step.stamp.device:
                continue
            if step.stamp.folder:
                raise Stays("A model that is a folder can only be moved within one disk.")
            needed[device] = needed.get(device, 0) + step.stamp.size
            if needed[device] + SPARE_BYTES > free_bytes(folder):
                raise Stays("There is not enough room on the disk it should go to.")
        return needed

    def _missing_folders(self, steps: Sequence[Step]) -> list[Place]:
        """Return the folders that have to be made for these files, outermost first."""
        missing: dict[bytes, Place] = {}
        for step in steps:
            if step.target.library_id == OUTSIDE:
                continue
            parts = step.target.relative.split(b"/")[:-1]
            for end in range(1, len(parts) + 1):
                folder = replace(step.target, relative=b"/".join(parts[:end]))
                if folder.path in self._folders or os.path.isdir(folder.path):
                    continue
                if os.path.lexists(folder.path):
                    raise Stays(f"{folder.shown} is in the way: it is no folder.")
                missing[folder.path] = folder
        return list(missing.values())


def _link(wanted: Wanted, kept: KnownPlace, stamp: Stamp, model: Step) -> Step:
    """Return the step that leaves a link in the place of a file that goes into the trash."""
    return replace(
        model,
        action=Action.LINK,
        source=kept.place,
        target=wanted.known.place,
        stamp=stamp,
        same_as=None,
        link=wanted.link,
        link_text=link_text(wanted.known.place, kept.place),
    )
