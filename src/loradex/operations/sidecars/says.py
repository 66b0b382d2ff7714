"""What all sidecars of one model say together: of each field the best of them counts.

A sidecar that names the file's own digest goes before one that names none; then the dialects go by
their rank (the hub's own record first, plain text last), and of one dialect the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loradex.catalog.sidecar_evidence import SidecarSays
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub_names import DERIVATIVES, base_from_hub, kind_from_hub
from loradex.domain.preferences import Preferences, told_values
from loradex.domain.sidecars import SidecarClaims
from loradex.domain.tags import TAG_LIMIT, clean_tag, fold_tag
from loradex.domain.text import trained_words
from loradex.operations.sidecars.judging import SidecarState

MOST_TAGS = 60
PROVEN, UNPROVEN = 0.9, 0.6
"""How sure a fact is of a sidecar that names the file's digest, and of one that names none."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One believed sidecar: what it says, and how much it counts. `mtime` is in Unix seconds."""

    claims: SidecarClaims
    state: SidecarState
    label: str
    """The tool."""
    rank: int
    name: str
    """The file's name."""
    mtime: float


Told = tuple[str, str, Saying]
"""A field, its value as text, and who says so."""


def in_order(sayings: Iterable[Saying]) -> list[Saying]:
    """Return sayings, the one that counts most first."""
    return sorted(
        sayings, key=lambda each: (each.state is not SidecarState.KNOWN, each.rank, -each.mtime)
    )


def together(sayings: Sequence[Saying]) -> SidecarSays:
    """Return the facts, words and tags of ordered sayings; matches are another matter."""
    facts: dict[str, Evidence] = {}
    for field, value, saying in told(sayings):
        if field not in facts:
            facts[field] = Evidence(
                field,
                value,
                Source.SIDECAR,
                PROVEN if saying.state is SidecarState.KNOWN else UNPROVEN,
                saying.mtime,
                f"{saying.label}: {saying.name}",
            )
    return SidecarSays(tuple(facts.values()), words_of(sayings), tags_of(sayings))


def told(sayings: Sequence[Saying]) -> Iterator[Told]:
    """Yield every field that anybody tells, in their order."""
    ranged = Preferences()
    for saying in sayings:
        for field, value in _facts(saying.claims):
            yield field, value, saying
        merged = ranged.over(saying.claims.preferences)
        news = {
            field: value
            for field, value in told_values(merged)
            if (field, value) not in told_values(ranged)
        }
        for field, value in news.items():
            yield field, value, saying
        ranged = merged


def words_of(sayings: Sequence[Saying]) -> tuple[str, ...]:
    """Return the trigger words of the first that has any: another's would be the same again."""
    cleaned = (trained_words(saying.claims.words) for saying in sayings)
    return next((words for words in cleaned if words), ())


def tags_of(sayings: Sequence[Saying]) -> tuple[tuple[str, str], ...]:
    """Return the tags of all, each with the first tool that has it."""
    found: dict[str, tuple[str, str]] = {}
    for saying in sayings:
        for entry in saying.claims.tags:
            for part in entry.split(","):
                tag = clean_tag(part) if len(part) <= TAG_LIMIT else ""
                if tag:
                    found.setdefault(fold_tag(tag), (tag, saying.label))
    return tuple(found.values())[:MOST_TAGS]


def shown_name(claims: SidecarClaims) -> str:
    """Return what a tool calls the model: the person's own title, else the hub's names."""
    if claims.title and claims.title != claims.model_name:
        return claims.title
    return " ".join(f"{claims.model_name} {claims.version_name}".split())


def _facts(claims: SidecarClaims) -> Iterator[tuple[str, str]]:
    kind = kind_from_hub(claims.model_type)
    base = base_from_hub(claims.base_model)
    yield from _filled("name", shown_name(claims))
    if kind is not None:
        yield "kind", kind.value
    if base is not None:
        yield "base", base[0].value
        if base[1] in DERIVATIVES:
            yield "derivative", str(base[1])
    if claims.content_level:
        yield "content_level", str(claims.content_level)
    yield from _filled("creator", claims.creator)
    if claims.version_id is None:  # else the hub's page has it
        yield from _filled("description", plain(claims.description))
    yield from _filled("link", claims.link)
    yield from _filled("note", claims.note)
    yield from _filled("favourite", "yes" if claims.favourite else "")


def _filled(field: str, value: str) -> Iterator[tuple[str, str]]:
    if value:
        yield field, value


def plain(description: str) -> str:
    """Return a description as plain text; only what looks like HTML is taken for it."""
    if "<" not in description or ">" not in description:
        return description
    from loradex.hub.description import safe_text  # noqa: PLC0415 - brings an HTML parser

    return safe_text(description)
