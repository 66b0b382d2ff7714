"""One model in several precisions, sets of parts, or containers."""

from __future__ import annotations

import re
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
from loradex.operations.duplicates.names import says_nothing, stem_of, without_precision

_MOST_COMPARED = 64
"""Namesakes that are compared with each other; beyond, only those of one folder."""
_SLACK_BYTES = 4096
"""A container's own bytes, which weigh on tiny embeddings."""
_SLACK = 1.35
"""GGUF mixes block types, and fp8 files keep some layers in half precision."""

_SMALL_KINDS = frozenset({"lora", "embedding", "hypernetwork"})
"""Thousands of these have the same shapes: that sizes fit says next to nothing."""

_Name = tuple[str, tuple[str, ...]]


def find_variants(
    candidates: Iterable[Facts], trainings: Mapping[int, Training]
) -> Iterator[Found]:
    """Yield groups of one model's files that differ in precision, parts or container."""
    facts = {one.id: one for one in candidates}
    names = {id_: _name(one) for id_, one in facts.items()}
    for namesakes in _namesakes(facts, names):
        for members in _clusters(namesakes, names, trainings):
            if len(members) > 1:
                yield _found(members, names, trainings)


def differs_in_precision(members: Sequence[Facts]) -> bool:
    """True when more than the container differs."""
    return len({_make(facts) for facts in members}) > 1


def bits_of(facts: Facts) -> float | None:
    """Return the bits that a weight takes; None when the header does not tell."""
    text = facts.quantisation or facts.dtype or ""
    if match := re.search(r"T?Q([1-8])_", text):  # GGUF keeps a scale for each block
        return int(match[1]) + 0.5
    if facts.quantisation:
        return 4.5 if "4" in text else 8.0 if "8" in text else None
    match = re.match(r"(?:BF|F|I|U)(\d{1,2})", text)
    return float(match[1]) if match else None


def _name(facts: Facts) -> _Name:
    return without_precision(stem_of(facts.file_name), facts.kind)


def _hub_name(facts: Facts) -> str | None:
    if facts.hub is None or facts.hub.file_name is None:
        return None
    return without_precision(stem_of(facts.hub.file_name), facts.kind)[0]


def _identity(facts: Facts) -> tuple[object, ...]:
    return (facts.kind, facts.base, facts.variant, facts.algorithm, facts.rank)


def _make(facts: Facts) -> tuple[object, ...]:
    return (facts.quantisation or facts.dtype, facts.parts)


def _namesakes(facts: Mapping[int, Facts], names: Mapping[int, _Name]) -> Iterator[list[Facts]]:
    """Yield contents of one identity that a name or a version of the hub joins."""
    joined: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for id_, one in facts.items():
        joined["name", names[id_][0], *_identity(one)].append(id_)
        if one.hub is not None:
            joined["hub", one.hub.hub, one.hub.version_id, *_identity(one)].append(id_)
    leader = {id_: id_ for id_ in facts}

    def lead(id_: int) -> int:
        while leader[id_] != id_:
            leader[id_] = id_ = leader[leader[id_]]
        return id_

    for ids in joined.values():
        for id_ in ids[1:]:
            leader[lead(id_)] = lead(ids[0])
    groups: dict[int, list[Facts]] = defaultdict(list)
    for id_, one in facts.items():
        groups[lead(id_)].append(one)
    for group in groups.values():
        if 1 < len(group) <= _MOST_COMPARED:
            yield group
        elif len(group) > 1:
            folders: dict[str, list[Facts]] = defaultdict(list)
            for one in group:
                folders[folder_of(one)].append(one)
            yield from (some[:_MOST_COMPARED] for some in folders.values() if len(some) > 1)


def _clusters(
    namesakes: list[Facts], names: Mapping[int, _Name], trainings: Mapping[int, Training]
) -> list[list[Facts]]:
    """Put together what is alike with every other one; what fits in two places stays alone."""
    clusters: list[list[Facts]] = []
    for one in sorted(namesakes, key=lambda facts: (facts.hub is None, facts.id)):
        fitting = [
            cluster
            for cluster in clusters
            if all(_belong(one, other, names, trainings) for other in cluster)
        ]
        if len(fitting) == 1:
            fitting[0].append(one)
        else:
            clusters.append([one])
    return clusters


def _belong(
    one: Facts, other: Facts, names: Mapping[int, _Name], trainings: Mapping[int, Training]
) -> bool:
    pair = (one, other)
    if (_make(one), one.format) == (_make(other), other.format) or _contradict(pair, trainings):
        return False
    return sure(_clues(pair, names, trainings)) >= ENOUGH


def _contradict(pair: tuple[Facts, Facts], trainings: Mapping[int, Training]) -> bool:
    """True when a fact says that these are two models, whatever their names."""
    one, other = pair
    if one.derivative and other.derivative and one.derivative != other.derivative:
        return True
    if one.hub and other.hub:
        if (one.hub.hub, one.hub.version_id) != (other.hub.hub, other.hub.version_id):
            return True
        theirs = {_hub_name(one), _hub_name(other)}
        if None not in theirs and len(theirs) > 1:
            return True
    sessions = {trainings.get(facts.id, UNTOLD).session for facts in pair}
    if len(sessions - {""}) > 1:
        return True
    return _sizes_fit(pair) is False


def _sizes_fit(members: Sequence[Facts]) -> bool | None:
    """Tell whether the files hold about as many weights; None when that cannot be told."""
    if len({facts.parts for facts in members}) > 1:
        return None
    counts: list[float] = []
    for facts in members:
        bits = bits_of(facts)
        if bits is None:
            return None
        counts.append(body(facts) * 8 / bits)
    bits = min(bits_of(facts) or 8 for facts in members)
    return max(counts) <= _SLACK * min(counts) + _SLACK_BYTES * 8 / bits


def _clues(
    members: Sequence[Facts], names: Mapping[int, _Name], trainings: Mapping[int, Training]
) -> list[Clue]:
    clues: list[Clue] = []
    words = list(dict.fromkeys(word for facts in members for word in names[facts.id][1]))
    plain = {names[facts.id][0] for facts in members}
    versions = {facts.hub and (facts.hub.hub, facts.hub.version_id) for facts in members}
    if (
        len(versions) == 1
        and None not in versions
        and (len(plain) == 1 or len({_hub_name(facts) for facts in members} - {None}) == 1)
    ):
        clues.append(Clue("the hub has them as files of one version", 0.9))
    clues += training_clues([trainings.get(facts.id, UNTOLD) for facts in members])
    if len(plain) == 1:
        named = not says_nothing(next(iter(plain)))
        clues.append(
            Clue("the same name" + (" but for the precision" if words else ""), 0.4 * named)
        )
    if words:
        clues.append(Clue(f"the names say {', '.join(words[:6])}", 0.4))
    if _sizes_fit(members):
        small = members[0].kind in _SMALL_KINDS
        clues.append(Clue("about as many weights in each", 0.1 if small else 0.5))
    return [*clues, *folder_clue(members)]


def _found(
    members: Sequence[Facts], names: Mapping[int, _Name], trainings: Mapping[int, Training]
) -> Found:
    """Describe a cluster. Its clues are those that hold for all, else for the surest pair."""
    clues = _clues(members, names, trainings)
    if sure(clues) < ENOUGH:
        clues = _clues(members[:2], names, trainings)
    return Found(
        tuple(members),
        tuple(_trait(facts, members) for facts in members),
        tuple(_worth(facts) for facts in members),
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
