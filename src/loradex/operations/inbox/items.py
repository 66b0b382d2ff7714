"""The words of the inbox: what is proposed of a model, what is asked, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from loradex.domain.models import ModelRow

if TYPE_CHECKING:
    from loradex.operations.tagging.planning import Proposal

SURE, LIKELY = 0.9, 0.7
"""From which confidence on a proposal is called so."""
HALF = 0.5


class Group(StrEnum):
    """Why a model is in the inbox; of several reasons the first counts."""

    MATCH = "match"
    """It is in doubt what it is, or which version of a hub."""
    TAGS = "tags"
    NEW = "new"
    """Nobody has looked at it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question. `sure` is from 0 to 1."""

    value: str
    """What `decide` takes: a kind, a base, the number of a version."""
    label: str
    evidence: str
    """Who says so, and why."""
    sure: float
    counts: bool
    """It counts at present."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is in doubt of a model. The first choice is the surest."""

    subject: str
    """`kind`, `base`, `derivative` or `match`."""
    title: str
    """The doubt in a sentence."""
    choices: tuple[Choice, ...]
    hub: str = ""
    """Of a match: the hub."""
    claims: str = ""
    """What sources say, for remembering that a person has seen it."""

    @property
    def key(self) -> str:
        """What tells it from the model's other questions."""
        return f"{self.subject} {self.hub}".rstrip()

    @property
    def proposed(self) -> Choice | None:
        """The answer that is proposed: what counts, or is likelier than all others together."""
        first = self.choices[0] if self.choices else None
        return first if first is not None and (first.counts or first.sure > HALF) else None

    @property
    def sure(self) -> float:
        """How sure the proposed answer is; 0 when none is."""
        return self.proposed.sure if self.proposed else 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One model with all that is to be decided of it."""

    row: ModelRow
    tags: tuple[Proposal, ...]
    """Surest first."""
    questions: tuple[Question, ...]
    new: bool

    @property
    def group(self) -> Group | None:
        """Why it is in the inbox; None when it is not any more."""
        if self.questions:
            return Group.MATCH
        if self.tags:
            return Group.TAGS
        return Group.NEW if self.new else None

    @property
    def sure(self) -> float:
        """How sure the surest proposal of its group is; 0 for a model that is only new."""
        if self.questions:
            return max(each.sure for each in self.questions)
        return self.tags[0].confidence if self.tags else 0.0

    @property
    def evidence(self) -> str:
        """What the surest proposal rests on."""
        if self.questions:
            surest = max(self.questions, key=lambda each: each.sure)
            return surest.choices[0].evidence if surest.choices else surest.title
        return self.tags[0].reason if self.tags else ""

    @property
    def proposed(self) -> str:
        """What is proposed, in short."""
        if self.questions:
            return " · ".join(_asked(each) for each in self.questions)
        return ", ".join(each.tag for each in self.tags)


def _asked(question: Question) -> str:
    if question.subject == "match":
        return f"is it {question.choices[0].label}?" if question.choices else question.title
    if not question.choices or not question.choices[0].sure:
        return f"{question.subject}: unknown"
    return f"{question.subject}: {' or '.join(each.label for each in question.choices[:3])}?"


def certainty(sure: float) -> str:
    """Return the word for a confidence."""
    if sure >= SURE:
        return "sure"
    if sure >= LIKELY:
        return "likely"
    return "maybe" if sure > 0 else "open"
