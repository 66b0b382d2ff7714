"""What is to be decided of models: looked up for a few, or counted for the whole library."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.catalog.reader import chunks
from loradex.domain.progress import CancelToken, Progress, ProgressSink, SilentSink
from loradex.errors import SettingsError
from loradex.operations.inbox.items import LIKELY, SURE, Group, Item
from loradex.operations.inbox.questions import questions
from loradex.operations.tagging.planning import Proposal, plan_tags
from loradex.operations.tagging.rule_file import load_rules
from loradex.operations.tagging.rules import RuleSet
from loradex.plugin_manager import Plugins

_PORTION = 400
_ORDER = tuple(Group)


@dataclass(slots=True)
class Survey:
    """Which models are in the inbox, with what lists and counters need; in lists of equal length.

    Groups come first, then the surest.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    groups: bytearray = field(default_factory=bytearray)
    """Places in `Group`."""
    sure: bytearray = field(default_factory=bytearray)
    """Of the surest proposal, in percent."""
    tags: array[int] = field(default_factory=lambda: array("H"))
    """Proposed tags."""
    likely: array[int] = field(default_factory=lambda: array("H"))
    """Those of them that are likely at least."""
    certain: array[int] = field(default_factory=lambda: array("H"))
    """Those of them that are sure."""
    looked: int = 0
    """Models that were looked at."""
    problem: str = ""
    """Why no tags are proposed: a rule file that cannot be read. Else empty."""

    def count(self, group: Group) -> int:
        """Return how many models are in a group."""
        return self.groups.count(_ORDER.index(group))

    def group(self, index: int) -> Group:
        """Return the group of the model at a place."""
        return _ORDER[self.groups[index]]

    def of_group(self, group: Group | None) -> list[int]:
        """Return the models of a group, of all for None."""
        return [id_ for at, id_ in enumerate(self.ids) if group in (None, self.group(at))]

    def add(self, item: Item) -> None:
        """Take a model in, at the end; one that nothing is proposed of stays out."""
        if item.group is not None:
            self.ids.append(item.row.id)
            self.groups.append(_ORDER.index(item.group))
            self.sure.append(round(item.sure * 100))
            confidences = [each.confidence for each in item.tags]
            self.tags.append(len(confidences))
            self.likely.append(sum(each >= LIKELY for each in confidences))
            self.certain.append(sum(each >= SURE for each in confidences))

    def picked(self, places: Iterable[int]) -> Survey:
        """Return those at these places, in that order."""
        some = list(places)
        return Survey(
            array("q", [self.ids[at] for at in some]),
            bytearray(self.groups[at] for at in some),
            bytearray(self.sure[at] for at in some),
            array("H", [self.tags[at] for at in some]),
            array("H", [self.likely[at] for at in some]),
            array("H", [self.certain[at] for at in some]),
            self.looked,
            self.problem,
        )

    def ranked(self) -> Survey:
        """Return it with groups first, then the surest, then by number."""
        groups, sure, ids = self.groups, self.sure, self.ids
        return self.picked(sorted(range(len(ids)), key=lambda at: (groups[at], -sure[at], ids[at])))


class Looker:
    """Looks at models with the tagging rules as they were when it was made. Writes nothing.

    `problem` says why no tags are proposed: a rule file that cannot be read. Else it is empty.
    """

    def __init__(self, catalog: Catalog, plugins: Plugins) -> None:
        self._catalog = catalog
        self._plugins = plugins
        self._rules: RuleSet | None = None
        self.problem = ""
        try:
            self._rules = load_rules(catalog.home)
        except SettingsError as error:
            self.problem = error.message

    def items(self, ids: Sequence[int]) -> list[Item]:
        """Return what is to be decided of these models, in that order; those gone left out."""
        rows = [row for row in self._catalog.rows(ids) if row.state != "missing"]
        here = [row.id for row in rows]
        tags: dict[int, list[Proposal]] = {}
        if self._rules is not None:
            for each in plan_tags(self._catalog, self._plugins, here, self._rules).added:
                tags.setdefault(each.content_id, []).append(each)
        asked, new = questions(self._catalog, here), self._catalog.inbox.new(here)
        return [
            Item(
                row,
                tuple(sorted(tags.get(row.id, ()), key=lambda each: -each.confidence)),
                asked.get(row.id, ()),
                row.id in new,
            )
            for row in rows
        ]

    def portions(
        self,
        ids: Sequence[int],
        *,
        stage: str = "Looking through",
        sink: ProgressSink | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[list[Item]]:
        """Yield the items of many models, some hundred at a time. Raises `Cancelled`."""
        sink, cancel = sink or SilentSink(), cancel or CancelToken()
        done = 0
        for some in chunks(ids, _PORTION):
            cancel.check()
            sink.progress(Progress(stage, done, len(ids), "models"))
            yield self.items(some)
            done += len(some)
        sink.progress(Progress(stage, done, len(ids), "models"))

    def survey(
        self,
        ids: Sequence[int] | None = None,
        *,
        sink: ProgressSink | None = None,
        cancel: CancelToken | None = None,
    ) -> Survey:
        """Return which of these models (None: all) are in the inbox. Raises `Cancelled`."""
        some = self._catalog.inbox.here() if ids is None else ids
        found = Survey(looked=len(some), problem=self.problem)
        for items in self.portions(some, sink=sink, cancel=cancel):
            for item in items:
                found.add(item)
        return found.ranked()
