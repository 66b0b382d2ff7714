"""One model in several precisions, sets of parts, or containers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
from loradex.operations.duplicates.names import says_nothing, stem_of, without_precision

_MOST_COMPARED = 64
"""Namesakes that are compared with each other; beyond, only those of one folder."""
_SLACK_BYTES = 4096
"""A container's own bytes, which weigh on tiny embeddings."""
_SLACK = 1.35
"""GGUF mixes block types, and fp8 files keep some layers in half precision."""

_SMALL_KINDS = frozenset({"lora", "embedding", "hypernetwork"})
"""Thousands of these have the same shapes: that sizes fit says next to nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A content, with what comparing it takes worked out once."""

    facts: Facts
    training: Training
    plain: str
    """Its name without words for precision."""
    words: tuple[str, ...]
    version: tuple[str, int] | None
    hub_plain: str | None
    """The same of the name that the hub gives the file."""
    make: tuple[str | None, tuple[str, ...]]
    """Precision and parts."""
    bits: float | None
    """A weight takes so many."""
    identity: tuple[object, ...]
    """What must be equal for two files to be one model."""


def find_variants(
    candidates: Iterable[Facts], trainings: Mapping[int, Training]
) -> Iterator[Found]:
    """Yield groups of one model's files that differ in precision, parts or container."""
    prepared = [_prepared(facts, trainings.get(facts.id, UNTOLD)) for facts in candidates]
    for namesakes in _namesakes(prepared):
        for members in _clusters(namesakes):
            if len(members) > 1:
                yield _found(members)


def _prepared(facts: Facts, training: Training) -> _Candidate:
    plain, words = without_precision(stem_of(facts.file_name), facts.kind)
    hub, hub_plain = facts.hub, None
    if hub is not None and hub.file_name is not None:
        hub_plain = without_precision(stem_of(hub.file_name), facts.kind)[0]
    return _Candidate(
        facts,
        training,
        plain,
        words,
        (hub.hub, hub.version_id) if hub is not None else None,
        hub_plain,
        _make(facts),
        bits_of(facts),
        (facts.kind, facts.base, facts.variant, facts.algorithm, facts.rank),
    )


def differs_in_precision(members: Sequence[Facts]) -> bool:
    """True when more than the container differs."""
    return len({_make(facts) for facts in members}) > 1


def bits_of(facts: Facts) -> float | None:
    """Return the bits that a weight takes; None when the header does not tell."""
    return _bits(facts.dtype or "", facts.quantisation or "")


@lru_cache(maxsize=256)
def _bits(dtype: str, quantisation: str) -> float | None:
    if match := re.search(r"Q([1-8])_", quantisation or dtype):
        return int(match[1]) + 0.5  # GGUF keeps a scale for each block
    if quantisation:
        return 4.5 if "4" in quantisation else 8.0 if "8" in quantisation else None
    match = re.match(r"(?:BF|F|I|U)(\d{1,2})", dtype)
    return float(match[1]) if match else None


def _make(facts: Facts) -> tuple[str | None, tuple[str, ...]]:
    return (facts.quantisation or facts.dtype, facts.parts)


def _namesakes(candidates: Sequence[_Candidate]) -> Iterator[list[_Candidate]]:
    """Yield candidates of one identity that a name or a version of the hub joins."""
    leader = list(range(len(candidates)))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    first: dict[tuple[object, ...], int] = {}
    for place, one in enumerate(candidates):
        keys: list[tuple[object, ...]] = [(one.plain, *one.identity)]
        if one.version is not None:
            keys.append((*one.version, *one.identity))
        for key in keys:
            leader[lead(place)] = lead(first.setdefault(key, place))
    groups: dict[int, list[_Candidate]] = defaultdict(list)
    for place, one in enumerate(candidates):
        groups[lead(place)].append(one)
    for group in groups.values():
        if 1 < len(group) <= _MOST_COMPARED:
            yield group
        elif len(group) > 1:
            folders: dict[str, list[_Candidate]] = defaultdict(list)
            for one in group:
                folders[folder_of(one.facts)].append(one)
            yield from (some[:_MOST_COMPARED] for some in folders.values() if len(some) > 1)


def _clusters(namesakes: list[_Candidate]) -> list[list[_Candidate]]:
    """Put together what is alike with every other one; what fits in two places stays alone."""
    clusters: list[list[_Candidate]] = []
    for one in sorted(namesakes, key=lambda one: (one.version is None, one.facts.id)):
        fitting = [cluster for cluster in clusters if all(_belong(one, other) for other in cluster)]
        if len(fitting) == 1:
            fitting[0].append(one)
        else:
            clusters.append([one])
    return clusters


def _belong(one: _Candidate, other: _Candidate) -> bool:
    if one.make == other.make and one.facts.format == other.facts.format:
        return False
    if one.identity != other.identity or _contradict(one, other):
        return False
    return sure(_clues((one, other))) >= ENOUGH


def _contradict(one: _Candidate, other: _Candidate) -> bool:
    """True when a fact says that these are two models, whatever their names."""
    return (
        _differ(one.facts.derivative, other.facts.derivative)
        or _differ(one.version, other.version)
        or _differ(one.hub_plain, other.hub_plain)
        or _differ(one.training.session, other.training.session)
        or _sizes_fit((one, other)) is False
    )


def _differ(one: object, other: object) -> bool:
    """True when both are known and not equal."""
    return bool(one and other and one != other)


def _sizes_fit(members: Sequence[_Candidate]) -> bool | None:
    """Tell whether the files hold about as many weights; None when that cannot be told."""
    parts = members[0].facts.parts
    counts = [
        body(one.facts) * 8 / one.bits
        for one in members
        if one.bits is not None and one.facts.parts == parts
    ]
    if len(counts) < len(members):
        return None
    fewest_bits = min(one.bits or 8 for one in members)
    return max(counts) <= _SLACK * min(counts) + _SLACK_BYTES * 8 / fewest_bits


def _clues(members: Sequence[_Candidate]) -> list[Clue]:
    first = members[0]
    clues: list[Clue] = []
    words = list(dict.fromkeys(word for one in members for word in one.words))
    one_name = all(one.plain == first.plain for one in members)
    if (
        first.version is not None
        and all(one.version == first.version for one in members)
        and (one_name or all(one.hub_plain == first.hub_plain is not None for one in members))
    ):
        clues.append(Clue("the hub has them as files of one version", 0.9))
    clues += training_clues([one.training for one in members])
    if one_name:
        clues.append(
            Clue(
                "the same name" + (" but for the precision" if words else ""),
                0.0 if says_nothing(first.plain) else 0.4,
            )
        )
    if words:
        clues.append(Clue(f"the names say {', '.join(words[:6])}", 0.4))
    if _sizes_fit(members):
        small = first.facts.kind in _SMALL_KINDS
        clues.append(Clue("about as many weights in each", 0.1 if small else 0.5))
    if all(one.make == first.make for one in members):
        clues.append(Clue("only the container differs", 0.4))
    return [*clues, *folder_clue([one.facts for one in members])]


def _found(members: Sequence[_Candidate]) -> Found:
    """Describe a cluster. Its clues are those that hold for all, else for the first two."""
    clues = _clues(members)
    if len(members) > 2 and sure(clues) < ENOUGH:
        clues = _clues(members[:2])
    facts = [one.facts for one in members]
    return Found(
        tuple(facts),
        tuple(_trait(one, facts) for one in facts),
        tuple(_worth(one) for one in facts),
        tuple(clues),
    )


def _trait(facts: Facts, members: Sequence[Facts]) -> str:
    words = [facts.quantisation or facts.dtype or "precision unknown"]
    words += [
        f"with {label}"
        for part, label in (("vae", "VAE"), ("ema", "EMA"), ("text_encoder", "text encoder"))
        if part in facts.parts and any(part not in other.parts for other in members)
    ]
    if len({other.format for other in members}) > 1:
        words.append(facts.format)
    return " ".join(words)


def _worth(facts: Facts) -> tuple[float, ...]:
    """Rate a file for keeping: half precision, then full, then the more bits the better.

    Of equals: safetensors before what could run code, with a VAE before without, without EMA
    before with.
    """
    bits = bits_of(facts) or 0.0
    return (
        {16.0: 1000.0, 32.0: 500.0, 64.0: 400.0}.get(bits, bits),
        float(facts.format == "safetensors"),
        float("vae" in facts.parts),
        float("ema" not in facts.parts),
    )
