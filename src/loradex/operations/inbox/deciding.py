"""What a person decides of what is proposed: taken, refused or left open, in one undoable deed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_evidence import MatchFound
from loradex.catalog.inbox_rows import LOOKED_AT, OPEN
from loradex.catalog.inbox_store import DecidedTag, Rows, Statement
from loradex.catalog.refused_matches import REFUSED
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.tags import fold_tag
from loradex.errors import UsageError
from loradex.operations.inbox.items import Item, Question
from loradex.operations.inbox.looking import Looker
from loradex.operations.inbox.receipts import Receipt, keep
from loradex.operations.matching.facts import found, model_of
from loradex.operations.tagging.planning import Proposal

_KNOWN: Mapping[str, frozenset[str]] = {
    "kind": frozenset(ModelKind) - {ModelKind.UNKNOWN},
    "base": frozenset(BaseModel),
}
"""What an answer may be."""


@dataclass(slots=True)
class Decision:
    """What is to be written. Answers go with their models; None leaves a question open."""

    taken: list[Proposal] = field(default_factory=list)
    refused: list[Proposal] = field(default_factory=list)
    answers: list[tuple[int, Question, str | None]] = field(default_factory=list)
    looked_at: list[int] = field(default_factory=list)
    """Models that are no longer new."""

    def take(
        self,
        item: Item,
        *,
        at_least: float = 0.0,
        only: frozenset[str] | None = None,
        answers: bool = False,
    ) -> None:
        """Take a model's tags from this confidence on, or only those of these folded names.

        With `answers` the proposed answers as well that are so sure.
        """
        self.taken += (
            each
            for each in item.tags
            if each.confidence >= at_least and (only is None or fold_tag(each.tag) in only)
        )
        if answers:
            self.answers += (
                (item.row.id, question, question.proposed.value)
                for question in item.questions
                if question.proposed is not None and question.sure >= at_least
            )

    def dismiss(self, item: Item, *, only: frozenset[str] | None = None) -> None:
        """Refuse a model's tags, or only those of these folded names.

        Without names its questions are dismissed as well, and it is no longer new.
        """
        self.refused += (each for each in item.tags if only is None or fold_tag(each.tag) in only)
        if only is None:
            self.answers += ((item.row.id, question, None) for question in item.questions)
            if item.new or item.questions:  # without its match it may have no tags any more
                self.looked_at.append(item.row.id)

    @property
    def empty(self) -> bool:
        """True when nothing would be written."""
        return not (self.taken or self.refused or self.answers or self.looked_at)

    @property
    def models(self) -> tuple[int, ...]:
        """The models it is about."""
        return tuple(
            sorted(
                {each.content_id for each in (*self.taken, *self.refused)}
                | {id_ for id_, _, _ in self.answers}
                | set(self.looked_at)
            )
        )

    @property
    def what(self) -> str:
        """It in words, as in `3 tags of 2 models`."""
        tags = len(self.taken) + len(self.refused)
        models = len(self.models)
        of = "1 model" if models == 1 else f"{models:,} models"
        parts = []
        if self.taken:
            parts.append(_count(len(self.taken), "tag"))
        if self.refused:
            parts.append(f"{_count(len(self.refused), 'tag')} refused")
        if self.answers:
            parts.append(_count(len(self.answers), "answer"))
        return f"{', '.join(parts)} of {of}" if tags or self.answers else f"the look at {of}"


def decide(catalog: Catalog, decision: Decision, moment: float | None = None) -> Receipt:
    """Write a decision and return what takes it back. Raises `UsageError` for a wrong answer.

    Tags that are taken are the person's own from then on: no rule takes them off. Refused ones
    are not proposed again.
    """
    moment = time.time() if moment is None else moment
    statements = [
        Statement(id_, LOOKED_AT, "yes", "nothing was to be said of it")
        for id_ in dict.fromkeys(decision.looked_at)
    ]
    versions: list[tuple[int, Question, str | None]] = []
    for id_, question, value in decision.answers:
        if question.subject == "match":
            versions.append((id_, question, value))
        else:
            statements.append(_statement(id_, question, value))
    # All is read before the first is written: an answer that is none leaves nothing half done.
    chosen = [(id_, q, _chosen(catalog, id_, q, value)) for id_, q, value in versions]
    new_tags: list[str] = []
    before: Rows = {}
    try:
        for tags, refused in ((decision.taken, False), (decision.refused, True)):
            decided = [_decided(each) for each in tags]
            new_tags += catalog.inbox.put_tags(moment, decided, refused=refused)[1]
        seen: set[int] = set()
        for id_, question, match in chosen:
            were = catalog.inbox.choose_version(moment, id_, question.hub, match)
            if id_ not in seen:  # of a second hub's match, the first has kept the rows already
                _join(before, were)
            seen.add(id_)
            if match is None:
                statements.append(_refusal(catalog, id_, question))
        _join(before, catalog.inbox.state(moment, statements))
    finally:
        # What was written before something failed can be taken back as well.
        receipt = Receipt(moment, decision.what, decision.models, before, tuple(new_tags))
        keep(catalog.home, receipt)
    return receipt


def take_all(
    catalog: Catalog,
    looker: Looker,
    ids: Sequence[int],
    at_least: float,
    *,
    sink: ProgressSink | None = None,
    cancel: CancelToken | None = None,
) -> Receipt:
    """Take all tags of these models that are at least so sure, some hundred models at a time.

    It is one deed, and one receipt takes it back. What was written when it is cancelled stays and
    can be taken back as well; raises `Cancelled` then.
    """
    moment = time.time()
    models: list[int] = []
    new_tags: list[str] = []
    tags = 0
    try:
        for items in looker.portions(ids, stage="Adding tags", sink=sink, cancel=cancel):
            decision = Decision()
            for item in items:
                decision.take(item, at_least=at_least)
            changed, new = catalog.inbox.put_tags(moment, [_decided(t) for t in decision.taken])
            models += changed
            new_tags += new
            tags += len(decision.taken)
    finally:
        what = f"{_count(tags, 'tag')} of {_count(len(models), 'model')}"
        receipt = Receipt(moment, what, tuple(models), {}, tuple(new_tags))
        if models:
            keep(catalog.home, receipt)
    return receipt


def look_at_all(catalog: Catalog, ids: Iterable[int]) -> Receipt:
    """Note that a person has looked at these models: they are no longer new."""
    return decide(catalog, Decision(looked_at=list(ids)))


def answered(item: Item, subject: str, value: str | None) -> tuple[int, Question, str | None]:
    """Return an answer to a model's question as `Decision` takes it; raise `UsageError`.

    `value` is a kind, a base, a derivative, or the number of a hub's version; None leaves it open.
    """
    for question in item.questions:
        if subject in (question.subject, question.key):
            return item.row.id, question, value
    raise UsageError(
        f"Nobody asks for the {subject} of {item.row.name!r}.",
        hint="See what is asked: loradex inbox REF",
    )


def _decided(each: Proposal) -> DecidedTag:
    return DecidedTag(each.content_id, each.tag, each.rule, each.confidence, each.reason)


def _statement(content_id: int, question: Question, value: str | None) -> Statement:
    subject = question.subject
    if value is None:
        return Statement(content_id, f"{OPEN}{subject}", question.claims, "may stay as it is")
    known = _KNOWN.get(subject)
    if known is not None and value not in known:
        raise UsageError(f"{value!r} is no {subject}.", hint=f"Known: {', '.join(sorted(known))}.")
    said = next((each.evidence for each in question.choices if each.value == value), "")
    return Statement(content_id, subject, value, f"chosen in the inbox: {said}" if said else "")


def _refusal(catalog: Catalog, content_id: int, question: Question) -> Statement:
    """Return the statement that a content is none of the versions that were proposed."""
    known = catalog.inbox.refused([content_id]).get((content_id, question.hub), set())
    numbers = sorted(known | {int(each.value) for each in question.choices})
    return Statement(
        content_id, f"{REFUSED}{question.hub}", " ".join(map(str, numbers)), "it is another model"
    )


def _chosen(
    catalog: Catalog, content_id: int, question: Question, value: str | None
) -> MatchFound | None:
    """Return the version that a person chose; None for none of them."""
    if value is None:
        return None
    if value not in {each.value for each in question.choices}:
        listed = ", ".join(each.value for each in question.choices)
        raise UsageError(f"{value!r} is none of the possible versions.", hint=f"Known: {listed}.")
    model_id = catalog.known.model_of(question.hub, int(value))
    known = catalog.known.models(question.hub, [] if model_id is None else [model_id])
    for each in known.values():
        for version in each.model.versions:
            if version.id == int(value):
                return found(content_id, version, each.model or model_of(version), "person")
    raise UsageError(
        f"Nothing is kept of version {value} any more.", hint="Ask again: loradex hub match"
    )


def _join(before: Rows, more: Rows) -> None:
    """Add rows to those that are kept."""
    for table, rows in more.items():
        before.setdefault(table, []).extend(rows)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"
