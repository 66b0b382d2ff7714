"""What the catalog tells about a model: a row for lists, and everything for one."""

from __future__ import annotations

from dataclasses import dataclass, field

from loradex.domain.evidence import Evidence
from loradex.domain.hashes import Hashes
from loradex.domain.library import FileRecord
from loradex.domain.preferences import KnownPreferences
from loradex.domain.trigger_words import WordGroup
from loradex.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of a list. Text fields are as stored: pass them through `display_text`."""

    id: int
    name: str
    """The hub's model name and version when known, else the file's stem."""
    file_name: str
    kind: str
    base: str | None
    """Effective base model id, e.g. `sdxl`; None when unknown."""
    derivative: str | None
    size: int
    state: str
    copies: int
    rating: int | None
    """1 to 5."""
    favourite: bool
    tags: tuple[str, ...]
    trigger_words: tuple[str, ...]
    matched: bool
    """Known to a hub."""
    content_level: int | None
    """The hub's bits: 1 PG, 2 PG-13, 4 R, 8 X, 16 XXX; None when unknown."""
    added_at: float
    path: str
    """A present place if there is one."""
    sha256: str | None
    safety: str | None = None
    """A `Safety` word; None when no scan has looked for code yet."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a model, who put it there, and why."""

    name: str
    source: str
    rule: str = ""
    """The rule or plugin that gave it, or that proposed it to a person."""
    reason: str = ""
    confidence: float = 1.0

    @property
    def origin(self) -> str:
        """Source, rule and reason in a line."""
        who = "you" if self.source == "person" else self.source
        if self.rule:
            who = f"{'you, proposed by ' if self.source == 'person' else ''}rule {self.rule}"
        sure = "" if self.confidence >= 1.0 else f" ({self.confidence:.0%} sure)"
        return f"{who}{sure}: {self.reason}" if self.reason else f"{who}{sure}"


@dataclass(frozen=True, slots=True)
class TriggerWord:
    """A word or phrase that should call what a LoRA learnt."""

    text: str
    source: str
    effect: float | None = None
    """What the word adds beyond a placebo, as a share of the whole response; None when never
    measured."""
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class HubMatch:
    """Which hub version a content is, and by which digest that is known."""

    hub: str
    model_id: int
    version_id: int
    model_name: str
    version_name: str
    model_type: str
    base_model: str
    creator: str | None
    matched_by: str
    content_level: int
    published_at: str | None
    fetched_at: float
    gone_at: float | None = None
    """When the hub was found to have the model, or this version of it, no longer."""


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """All that is known of one content."""

    row: ModelRow
    fingerprint: str
    """Quick digest of size, header and sampled blocks: known before the full hashes are."""
    hashes: Hashes | None
    claimed_hash: str | None
    """The tensor digest that the header itself claims; not trusted."""
    format: str
    variant: str | None
    algorithm: str | None
    rank: int | None
    dtype: str | None
    quantisation: str | None
    prediction: str | None
    candidates: tuple[str, ...]
    """Bases that remain possible when the base is unknown."""
    files: tuple[FileRecord, ...]
    tags: tuple[Tag, ...]
    trigger_words: tuple[TriggerWord, ...]
    note: str
    note_version: int
    """Grows with each edit of note, rating or favourite; 0 before the first."""
    match: HubMatch | None
    evidence: tuple[Evidence, ...]
    """Effective fact of each field first, then the others."""
    findings: tuple[str, ...]
    """What the safety verdict rests on, worst first."""
    metadata: dict[str, str]
    """The header's own metadata, bounded."""
    tag_counts: tuple[tuple[str, int], ...]
    """Most frequent training captions of the header, at most 50."""
    grids: tuple[int, ...]
    """Ids of the grids this model was drawn in, newest first."""
    word_groups: tuple[WordGroup, ...] = ()
    """The trigger words with a person's order and choice, in groups."""
    preferences: KnownPreferences = field(default_factory=KnownPreferences)
    """How it is best used, and who says so."""
    verdicts: tuple[Verdict, ...] = ()
    """What a person says of it, then what probes measured, the newest first."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a listing, and how many match in all."""

    rows: tuple[ModelRow, ...]
    total: int
