"""Models that one tool cannot tell apart by the names it goes by.

How tools name models: A1111, Forge and SD.Next take LoRAs and embeddings by their stem, in whatever
folder; ComfyUI takes the path below the folder of a kind, from the first root that has it, and
embeddings without their suffix; SwarmUI takes the path without its suffix (their
own loaders: `networks.py`, `folder_paths.py`, `T2IModelHandler.cs`).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from loradex.catalog.health_rows import PlaceFacts
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.formats.model_files import model_stem
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject
from loradex.operations.tidying.keeping import Wish

_BY_STEM = frozenset(
    {ModelKind.LORA.value, ModelKind.EMBEDDING.value, ModelKind.HYPERNETWORK.value}
)
"""Kinds that prompts name by their stem."""

_TOOLS = {
    Layout.A1111: "A1111 and Forge", Layout.SDNEXT: "SD.Next", Layout.COMFYUI: "ComfyUI",
    Layout.SWARMUI: "SwarmUI", Layout.STABILITY_MATRIX: "the tools of Stability Matrix",
    Layout.PLAIN: "Tools that go by the name",
}  # fmt: skip
_Key = tuple[str, str, str]


def _same_names(subject: Subject) -> Iterator[Finding]:
    groups: dict[_Key, list[PlaceFacts]] = defaultdict(list)
    for place in subject.present:
        key = _key(subject, place)
        if key is not None:
            groups[key].append(place)
    for (_, _, name), places in groups.items():
        if len({place.content_id for place in places}) < 2:
            continue
        first, *others = sorted(places, key=lambda place: (place.first_seen, place.file_id))
        for place in others:
            layout = subject.libraries[place.library_id].library.layout
            yield Finding(
                Level.ADVICE if layout is Layout.PLAIN else Level.FAULT,
                f"{_TOOLS[layout]} cannot tell it from {subject.path(first)}: both are {name}.",
                path=subject.path(place),
                model=place.content_id,
                file_id=place.file_id,
            )


def _key(subject: Subject, place: PlaceFacts) -> _Key | None:
    """Return what a tool tells a model by: who looks, for what, and the name it sees."""
    facts = subject.libraries[place.library_id]
    layout = facts.library.layout
    if layout not in _TOOLS or place.kind in (None, ModelKind.UNKNOWN.value):
        return None
    kind = str(place.kind)
    stem = model_stem(place.path.rpartition("/")[2])
    match layout:
        case Layout.COMFYUI:
            below = _below(place, facts.folders)
            if below is None:
                return None
            named = _without_suffix(below) if kind == ModelKind.EMBEDDING else below
            return ("comfyui", kind, named)
        case Layout.SWARMUI:
            below = _below(place, facts.folders)
            return None if below is None else ("swarmui", kind, _without_suffix(below).lower())
        case _:
            if kind not in _BY_STEM:
                return None
            # Each of these tools has its own folder, and plain ones may be given to one of them.
            return (f"{layout.value} {place.library_id}", kind, stem)


def _below(place: PlaceFacts, folders: Mapping[str, ModelKind]) -> str | None:
    """Return a path below the folder that a tool looks into; None for one that lies elsewhere."""
    parents = place.path.split("/")
    for end in range(len(parents) - 1, -1, -1):
        if "/".join(parents[:end]) in folders:
            return "/".join(parents[end:])
    return None


def _without_suffix(path: str) -> str:
    """Return a path without the suffix of a model."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + model_stem(name)


def _wishes(subject: Subject, findings: Sequence[Finding]) -> list[Wish]:
    """Add the beginning of its digest to the name of each but the oldest."""
    wishes = []
    for place in subject.places_found(findings):
        if place.sha256 is not None and place.hashed_at is not None:
            folder, slash, name = place.raw_path.rpartition(b"/")
            stem = os.fsencode(model_stem(os.fsdecode(name)))
            renamed = stem + b"-" + place.sha256[:10].encode() + name[len(stem) :]
            target = subject.place_in(place.library_id, folder + slash + renamed)
            wishes.append(Wish(place.file_id, target))
    return wishes


NAMES = Check(
    "names",
    "Models that a tool cannot tell apart by name",
    "One of them is used where the other was meant.",
    _same_names,
    mend="Plan to add the beginning of its SHA256 to each but the oldest: loradex doctor --fix"
    " names (files that were hashed only)",
    fix=_wishes,
)
