"""What rules and plugins would change on models, and the writing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from loradex.catalog.auto_tag_store import AutoChange, AutoTag, TagsKnown, portions
from loradex.catalog.catalog import Catalog
from loradex.catalog.tag_evidence import TagFacts
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.progress import CancelToken, Progress, ProgressSink, SilentSink
from loradex.domain.tags import fold_tag
from loradex.operations.tagging.rules import Given, Matcher, RuleSet
from loradex.plugin_api import TaggerInput
from loradex.plugin_manager import Plugins
from loradex.plugin_manager.checks import ProposedTag

_PORTION = 500
_LONGEST_REASON = 1_000
_ASKED_AT_ONCE = 50
"""Models that a plugin is handed at once: it has 10 seconds for them."""
_NOTHING = TagsKnown({}, frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tag that a model would get or lose."""

    content_id: int
    name: str
    tag: str
    rule: str
    """The rule that gives it, or the plugin; where there are several, the surest."""
    reason: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class TagPlan:
    """What would change. Nothing of it was done yet."""

    models: int
    """How many were looked at."""
    added: tuple[Proposal, ...]
    removed: tuple[Proposal, ...]
    """Tags that no rule gives any more; only such that rules had given."""
    changes: tuple[AutoChange, ...]
    """All of it, reasons that read differently now included."""
    parents: tuple[tuple[str, str], ...]
    """Tags that would become kinds of others."""


def plan_tags(
    catalog: Catalog,
    plugins: Plugins,
    ids: Sequence[int],
    rules: RuleSet,
    *,
    sink: ProgressSink | None = None,
    cancel: CancelToken | None = None,
) -> TagPlan:
    """Return what the rules, and the plugins if the rules ask them, change on these models.

    Tags that a model has from elsewhere are left out, as are those a person took off it. Raises
    `Cancelled`.
    """
    sink, cancel = sink or SilentSink(), cancel or CancelToken()
    work = _Work(catalog, plugins, rules)
    for start in range(0, len(ids), _PORTION):
        cancel.check()
        sink.progress(Progress("Tagging", start, len(ids), "models"))
        work.look_at(ids[start : start + _PORTION], cancel)
    sink.progress(Progress("Tagging", len(ids), len(ids), "models"))
    return TagPlan(
        len(ids),
        tuple(work.added),
        tuple(work.removed),
        tuple(work.changes),
        work.parents(),
    )


def apply_plan(
    catalog: Catalog,
    plan: TagPlan,
    *,
    sink: ProgressSink | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Write a plan; what was written when it is cancelled stays, and the next run does the rest."""
    sink, cancel = sink or SilentSink(), cancel or CancelToken()
    done = 0
    for some in portions(plan.changes):
        cancel.check()
        sink.progress(Progress("Writing tags", done, len(plan.changes), "models"))
        catalog.auto_tags.write(some)
        done += len(some)
    if plan.parents:
        catalog.tags.add_parents(plan.parents, by_person=False)


class _Work:
    """Goes over the models, a portion at a time."""

    def __init__(self, catalog: Catalog, plugins: Plugins, rules: RuleSet) -> None:
        self.added: list[Proposal] = []
        self.removed: list[Proposal] = []
        self.changes: list[AutoChange] = []
        self._catalog = catalog
        self._plugins = plugins
        self._rules = rules
        self._matcher = Matcher(rules)
        self._names = {rule.name for rule in rules.rules}
        self._meanings = catalog.tags.meanings()
        self._roots = [f"{library.root}/" for library in catalog.files.libraries()]
        self._given: set[str] = set()

    def look_at(self, ids: Sequence[int], cancel: CancelToken) -> None:
        known = self._catalog.auto_tags.known(ids)
        models = self._catalog.tag_evidence.of(ids)
        asked = [as_input(facts, self._roots) for facts in models]
        for facts, model, proposed in zip(
            models, asked, self._proposed(asked, cancel), strict=True
        ):
            cancel.check()
            given = self._all_given(model, proposed)
            self._compare(facts, given, known.get(facts.content_id, _NOTHING))

    def _proposed(
        self, models: Sequence[TaggerInput], cancel: CancelToken
    ) -> list[tuple[ProposedTag, ...]]:
        """Return what plugins propose for each model."""
        if not self._rules.settings.plugins:
            return [() for _ in models]
        proposed: list[tuple[ProposedTag, ...]] = []
        for start in range(0, len(models), _ASKED_AT_ONCE):
            cancel.check()
            proposed += self._plugins.propose_tags_all(models[start : start + _ASKED_AT_ONCE])
        return proposed

    def _compare(self, facts: TagFacts, given: Sequence[Given], known: TagsKnown) -> None:
        wanted = self._wanted(given, known)
        put = tuple(tag for folded, tag in wanted.items() if known.auto.get(folded) != tag)
        gone = tuple(folded for folded in known.auto if folded not in wanted)
        if put or gone:
            self.changes.append(AutoChange(facts.content_id, put, gone))
        self.added += (_proposal(facts, tag) for tag in put if fold_tag(tag.tag) not in known.auto)
        self.removed += (
            _proposal(facts, known.auto[folded])
            for folded in gone
            if folded not in known.others and folded not in known.removed
        )

    def _wanted(self, given: Sequence[Given], known: TagsKnown) -> dict[str, AutoTag]:
        """Return the tags that a model should have of rules, by folded name."""
        reasons: dict[str, list[Given]] = {}
        for each in given:
            folded = fold_tag(each.tag)
            meant = self._meanings.get(folded, folded)
            if meant is not None and meant not in known.removed:
                reasons.setdefault(meant, []).append(each)
        wanted: dict[str, AutoTag] = {}
        for folded, given_by in reasons.items():
            if folded in known.others and folded not in known.auto:
                continue
            if len(wanted) >= self._rules.settings.most_tags:
                break
            self._given.update(fold_tag(each.tag) for each in given_by)
            wanted[folded] = self._together(folded, given_by, known)
        return wanted

    def _together(self, folded: str, given_by: Sequence[Given], known: TagsKnown) -> AutoTag:
        """Return one tag for all who give it; a tag that is there keeps its spelling.

        A plugin's reason is told only where no rule has one: it would say the same again.
        """
        first = next((each for each in given_by if each.rule in self._names), given_by[0])
        by_rules = [each for each in given_by if each.rule in self._names]
        reasons = dict.fromkeys(each.reason for each in by_rules or given_by)
        spelling = known.auto[folded].tag if folded in known.auto else first.tag
        sure = max(each.confidence for each in given_by)
        return AutoTag(spelling, first.rule, sure, " ".join(reasons)[:_LONGEST_REASON])

    def _all_given(self, model: TaggerInput, proposed: Iterable[ProposedTag]) -> list[Given]:
        """Return what rules and plugins give, the surest first."""
        given, settings = self._matcher.tags(model), self._rules.settings
        given += (
            Given(
                self._matcher.named(tag.tag, model.kind),
                tag.plugin,
                round(tag.confidence, 2),
                tag.reason,
            )
            for tag in proposed
            if tag.confidence >= settings.least_confidence
            and fold_tag(tag.tag) not in settings.ignore
        )
        given.sort(key=lambda each: -each.confidence)
        return given

    def parents(self) -> tuple[tuple[str, str], ...]:
        """Return the relations that the rules which gave a tag want and that nobody has refused."""
        store = self._catalog.tags
        known = {(fold_tag(child), fold_tag(parent)) for child, parent in store.parents()}
        known |= store.parents_taken_back()
        pairs: dict[tuple[str, str], tuple[str, str]] = {}
        for rule in self._rules.rules:
            for parent in rule.parents:
                pair = self._meant(rule.tag), self._meant(parent)
                if None in pair or pair[0] == pair[1] or fold_tag(rule.tag) not in self._given:
                    continue
                if pair not in known:
                    pairs.setdefault((str(pair[0]), str(pair[1])), (rule.tag, parent))
        return tuple(pairs.values())

    def _meant(self, tag: str) -> str | None:
        folded = fold_tag(tag)
        return self._meanings.get(folded, folded)


def _proposal(facts: TagFacts, tag: AutoTag) -> Proposal:
    return Proposal(facts.content_id, facts.name, tag.tag, tag.rule, tag.reason, tag.confidence)


def as_input(facts: TagFacts, roots: Iterable[str]) -> TaggerInput:
    """Return a model as rules and taggers see it; `roots` are those of the libraries."""
    root = next((root for root in roots if facts.path.startswith(root)), "/")
    folder = PurePosixPath(facts.path.removeprefix(root)).parent
    return TaggerInput(
        file_name=facts.file_name,
        folder="" if str(folder) == "." else str(folder),
        kind=ModelKind(facts.kind),
        base=BaseModel(facts.base) if facts.base in set(BaseModel) else None,
        tag_counts=facts.captions,
        derivative=facts.derivative,
        hub_name=facts.hub_name,
        hub_type=facts.hub_type,
        hub_tags=facts.hub_tags,
        training_folders=facts.training_folders,
        content_level=facts.content_level,
    )
