"""Models in a folder where their tool looks for another kind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from loradex.catalog.health_rows import PlaceFacts
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import LibraryFacts, Subject
from loradex.operations.layouts.names import kind_by_name
from loradex.operations.layouts.places import folder_for
from loradex.operations.tidying.keeping import Wish

_OWN_ORDER = (Layout.INVOKEAI, Layout.HUGGING_FACE)

_TAKES = {
    ModelKind.CHECKPOINT: {ModelKind.DIFFUSION_MODEL},
    ModelKind.CONTROLNET: {ModelKind.T2I_ADAPTER, ModelKind.IP_ADAPTER},
    ModelKind.DIFFUSION_MODEL: {ModelKind.MOTION_MODULE},
    ModelKind.STYLE_MODEL: {ModelKind.IP_ADAPTER},
}
"""What is found in a folder for another kind where the tool has no folder of its own for it."""

_VAE_BESIDE = (Layout.A1111, Layout.SDNEXT, Layout.STABILITY_MATRIX)
"""Tools that look for `name.vae.pt` beside the checkpoint `name`."""


def _misplaced(subject: Subject) -> Iterator[Finding]:
    for place in subject.present:
        facts = subject.libraries[place.library_id]
        kind = _kind(place.kind)
        if kind is None or facts.library.layout in _OWN_ORDER:
            continue
        found = _meant_for(place.raw_path, facts)
        if found is None and b"/" not in place.raw_path and facts.folders:
            yield _nowhere(subject, place, kind)
        if found is None or _fits(kind, found[1], place.path, facts):
            continue
        folder, meant = found
        target = folder_for(facts.library.layout, kind, facts.folders)
        level = Level.ADVICE if facts.library.layout is Layout.PLAIN else Level.FAULT
        where = "" if target is None else f" Its place is {target or 'the library itself'}."
        yield Finding(
            level,
            f"It is {_with_article(kind)} in {folder}, which is for {_plural(meant)}.{where}",
            path=subject.path(place),
            model=place.content_id,
            file_id=place.file_id,
        )


def _nowhere(subject: Subject, place: PlaceFacts, kind: ModelKind) -> Finding:
    facts = subject.libraries[place.library_id]
    target = folder_for(facts.library.layout, kind, facts.folders)
    where = "" if target is None else f" Its place is {target}."
    return Finding(
        Level.FAULT,
        f"It is {_with_article(kind)} beside all the folders in which its tool looks.{where}",
        path=subject.path(place),
        model=place.content_id,
        file_id=place.file_id,
    )


def _kind(stored: str | None) -> ModelKind | None:
    try:
        kind = ModelKind(stored or "")
    except ValueError:
        return None
    return None if kind is ModelKind.UNKNOWN else kind


def _meant_for(raw_path: bytes, facts: LibraryFacts) -> tuple[str, ModelKind] | None:
    """Return the innermost folder whose kind is known, and that kind; None where none is."""
    parents = os.fsdecode(raw_path).split("/")[:-1]
    for end in range(len(parents), -1, -1):
        folder = "/".join(parents[:end])
        if folder in facts.folders:
            meant = facts.folders[folder]
            return None if meant is ModelKind.UNKNOWN else (folder or "this library", meant)
    if facts.folders or not parents:
        return None
    named = kind_by_name(parents[0])
    return None if named is None or named is ModelKind.UNKNOWN else (parents[0], named)


def _fits(kind: ModelKind, meant: ModelKind, path: str, facts: LibraryFacts) -> bool:
    if kind is meant:
        return True
    if kind in _TAKES.get(meant, ()) and not _has_own(kind, facts.folders):
        return True
    return (
        kind is ModelKind.VAE
        and meant is ModelKind.CHECKPOINT
        and facts.library.layout in _VAE_BESIDE
        and ".vae." in path.rpartition("/")[2].lower()
    )


def _has_own(kind: ModelKind, folders: Mapping[str, ModelKind]) -> bool:
    return kind in folders.values()


def _with_article(kind: ModelKind) -> str:
    """Return `a LoRA`, `an embedding`."""
    label = kind.label
    word = label.lower() if label[1:].islower() else label
    return f"{'an' if word[0] in 'aeiouAEIOU' else 'a'} {word}"


def _plural(kind: ModelKind) -> str:
    words = _with_article(kind).partition(" ")[2]
    return words if words.endswith("vision") else f"{words}s"


def _wishes(subject: Subject, findings: Sequence[Finding]) -> list[Wish]:
    """Let each go to the folder where its tool looks for it, under the same name."""
    wishes = []
    for place in subject.places_found(findings):
        facts = subject.libraries[place.library_id]
        kind = _kind(place.kind)
        folder = None if kind is None else folder_for(facts.library.layout, kind, facts.folders)
        if folder is not None:
            name = place.raw_path.rpartition(b"/")[2]
            relative = os.fsencode(folder) + b"/" + name if folder else name
            wishes.append(Wish(place.file_id, subject.place_in(place.library_id, relative)))
    return wishes


FOLDERS = Check(
    "folders",
    "Models in a folder for another kind",
    "Their tool does not offer them where they belong, and fails when it loads them as what they"
    " are not.",
    _misplaced,
    mend="Plan to move them: loradex doctor --fix folders",
    fix=_wishes,
)
