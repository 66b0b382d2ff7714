"""Models that one tool cannot tell apart by the names it goes by.

How tools name models: A1111, Forge and SD.Next take LoRAs and embeddings by their stem, in whatever
folder; ComfyUI takes the path below the folder of a kind, from the first root that has it, and
embeddings without their suffix; SwarmUI takes the path without its suffix (their own loaders:
`networks.py`, `folder_paths.py`, `T2IModelHandler.cs`). Prompts go by the stem everywhere.
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

_BY_STEM_TOOLS = {
    Layout.A1111: "A1111 and Forge", Layout.SDNEXT: "SD.Next",
    Layout.STABILITY_MATRIX: "Tools that Stability Matrix starts",
}  # fmt: skip
_PROMPTS = "A prompt with <lora:name> or embedding:name"
_OWN_ORDER = (Layout.INVOKEAI, Layout.HUGGING_FACE)
"""These tools give every model a name of their own."""

_Key = tuple[str, str, str]
"""Who looks, for what kind, and the name it sees."""


def _same_names(subject: Subject) -> Iterator[Finding]:
    groups: dict[_Key, list[PlaceFacts]] = defaultdict(list)
    for place in subject.present:
        for key in _keys(subject, place):
            groups[key].append(place)
    told: set[int] = set()
    # Those that the library's own tool mixes up first, so that each file is told of once.
    for (who, _, name), places in sorted(
        groups.items(), key=lambda group: group[0][0].startswith(_PROMPTS)
    ):
        if len({place.content_id for place in places}) < 2:
            continue
        first, *others = sorted(places, key=lambda place: (place.first_seen, place.file_id))
        for place in others:
            if place.file_id not in told:
                told.add(place.file_id)
                yield _finding(subject, place, first, who, name)


def _finding(
    subject: Subject, place: PlaceFacts, first: PlaceFacts, who: str, name: str
) -> Finding:
    who = who.partition("\n")[0]
    return Finding(
        Level.ADVICE if who == _PROMPTS else Level.FAULT,
        f"{who} cannot tell it from {subject.path(first)}: both are {name}.",
        path=subject.path(place),
        model=place.content_id,
        file_id=place.file_id,
    )


def _keys(subject: Subject, place: PlaceFacts) -> Iterator[_Key]:
    """Yield what tells a model for the library's tool, and for prompts."""
    facts = subject.libraries[place.library_id]
    layout, kind = facts.library.layout, str(place.kind)
    if layout in _OWN_ORDER or place.kind in (None, ModelKind.UNKNOWN.value):
        return
    stem = model_stem(place.path.rpartition("/")[2])
    below = _below(place, facts.folders)
    if layout is Layout.COMFYUI and below is not None:
        named = _without_suffix(below) if kind == ModelKind.EMBEDDING.value else below
        yield ("ComfyUI", kind, named)
    elif layout is Layout.SWARMUI and below is not None:
        yield ("SwarmUI", kind, _without_suffix(below).lower())
    if kind in _BY_STEM:
        tool = _BY_STEM_TOOLS.get(layout)
        # Each of these has its own folder; what lies in another library is not mixed up with it.
        yield (f"{tool or _PROMPTS}\n{place.library_id}", kind, stem)


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
