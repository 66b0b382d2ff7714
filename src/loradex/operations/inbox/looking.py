"""What is to be decided of models: looked up for a few, or counted for the whole library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loradex.catalog.catalog import Catalog
from loradex.catalog.reader import chunks
from loradex.domain.progress import CancelToken, Progress, ProgressSink, SilentSink
from loradex.errors import SettingsError
from loradex.operations.inbox.items import Item
from loradex.operations.inbox.questions import questions
from loradex.operations.inbox.survey import Survey
from loradex.operations.tagging.planning import Proposal, plan_tags
from loradex.operations.tagging.rule_file import load_rules
from loradex.operations.tagging.rules import RuleSet
from loradex.plugin_manager import Plugins

_PORTION = 400


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
