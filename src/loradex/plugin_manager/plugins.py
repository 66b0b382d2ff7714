"""The loaded plugins as the rest of loradex sees them: calls that cannot fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.paths import Home
from loradex.plugin_api import (
    Event,
    GridFinished,
    HubContext,
    HubSource,
    MatchFinished,
    ScanFinished,
    TaggerInput,
)
from loradex.plugin_manager.checks import (
    MOST_TAGS,
    ProposedTag,
    checked_source,
    checked_tag,
)
from loradex.plugin_manager.discovery import check_private, find_in_folder, find_installed
from loradex.plugin_manager.fenced_hub import FencedHub, fenced_hub
from loradex.plugin_manager.fenced_measures import FencedMeasure, measures_of
from loradex.plugin_manager.fenced_sidecars import FencedDialect, dialects_of
from loradex.plugin_manager.loading import LoadedPlugin, load_plugin

TAG_LIMIT = 10.0
EVENT_LIMIT = 60.0
"""Seconds a hook may take."""

_EVENT_HOOKS: dict[type[Event], str] = {
    ScanFinished: "on_scan_finished",
    MatchFinished: "on_match_finished",
    GridFinished: "on_grid_finished",
}


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """What is wrong with a plugin. The same problem again only counts up."""

    plugin: str
    task: str
    """`load`, or the hook that failed."""
    message: str
    times: int = 1


class Plugins:
    """Calls hooks of all plugins; one that fails is noted in `problems` and skipped."""

    def __init__(self, loaded: Sequence[LoadedPlugin] = ()) -> None:
        self._loaded = tuple(loaded)
        self._problems: dict[tuple[str, str], PluginProblem] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the plugins that were loaded."""
        return tuple(plugin.name for plugin in self._loaded)

    @property
    def problems(self) -> tuple[PluginProblem, ...]:
        """What went wrong so far: the first message of each plugin's hook."""
        return tuple(self._problems.values())

    def note(self, plugin: str, task: str, error: PluginError | OSError) -> None:
        """Remember that `task` of `plugin` failed."""
        known = self._problems.get((plugin, task))
        if known is None:
            self._problems[plugin, task] = PluginProblem(plugin, task, display_text(str(error)))
        else:
            self._problems[plugin, task] = replace(known, times=known.times + 1)

    def propose_tags(self, model: TaggerInput) -> tuple[ProposedTag, ...]:
        """Return what all taggers propose; of equal tags the surest."""
        best: dict[str, ProposedTag] = {}
        for plugin in self._with("propose_tags"):
            for tag in self._tags_of(plugin, model):
                holder = best.get(tag.tag.casefold())
                if holder is None or tag.confidence > holder.confidence:
                    best[tag.tag.casefold()] = tag
        return tuple(best.values())

    def propose_tags_all(self, models: Sequence[TaggerInput]) -> list[tuple[ProposedTag, ...]]:
        """Return what `propose_tags` returns, for each of these models, in less time.

        A plugin is handed all of them at once, and one by one where it fails with any.
        """
        best: list[dict[str, ProposedTag]] = [{} for _ in models]
        for plugin in self._with("propose_tags"):
            for known, tags in zip(best, self._tags_of_all(plugin, models), strict=False):
                for tag in tags:
                    holder = known.get(tag.tag.casefold())
                    if holder is None or tag.confidence > holder.confidence:
                        known[tag.tag.casefold()] = tag
        return [tuple(tags.values()) for tags in best]

    def notify(self, event: Event) -> None:
        """Tell all listeners."""
        hook = _EVENT_HOOKS[type(event)]
        for plugin in self._with(hook):
            caller = getattr(plugin.hooks, hook)
            try:
                plugin.fence.call(partial(caller, event=event), EVENT_LIMIT)
            except PluginError as error:
                self.note(plugin.name, hook, error)

    def hubs(self, context: HubContext) -> tuple[HubSource, ...]:
        """Return the hubs that plugins bring for this piece of work; what they raise is always a
        `HubError` or `Cancelled`.
        """
        hubs: list[HubSource] = []
        for plugin in self._with("hub_source"):
            note = partial(self.note, plugin.name, "hub_source")
            try:
                hubs += plugin.fence.call(partial(_hubs_of, plugin, context, note), EVENT_LIMIT)
            except PluginError as error:
                note(error)
        return tuple(hubs)

    def sidecar_dialects(self) -> tuple[FencedDialect, ...]:
        """Return the dialects that plugins bring, lowest rank first; of equal names the first."""
        found: dict[str, FencedDialect] = {}
        for plugin in self._with("sidecar_dialect"):
            note = partial(self.note, plugin.name, "sidecar_dialect")
            try:
                for dialect in plugin.fence.call(partial(dialects_of, plugin, note), EVENT_LIMIT):
                    found.setdefault(dialect.name, dialect)
            except PluginError as error:
                note(error)
        return tuple(sorted(found.values(), key=lambda dialect: (dialect.rank, dialect.name)))

    def measures(self) -> tuple[FencedMeasure, ...]:
        """Return the measures of pictures that plugins bring; of equal ids the first."""
        found: dict[str, FencedMeasure] = {}
        for plugin in self._with("probe_measure"):
            note = partial(self.note, plugin.name, "probe_measure")
            try:
                for measure in plugin.fence.call(partial(measures_of, plugin, note), EVENT_LIMIT):
                    found.setdefault(measure.id, measure)
            except PluginError as error:
                note(error)
        return tuple(found.values())

    def _with(self, hook: str) -> Iterator[LoadedPlugin]:
        for plugin in self._loaded:
            if plugin.implements(hook) and not plugin.fence.hung:
                yield plugin

    def _tags_of_all(
        self, plugin: LoadedPlugin, models: Sequence[TaggerInput]
    ) -> list[list[ProposedTag]]:
        def run() -> list[list[ProposedTag]]:
            return [
                [
                    checked_tag(plugin.name, tag)
                    for answer in plugin.hooks.propose_tags(model=model)
                    for tag in islice(answer, MOST_TAGS)
                ]
                for model in models
            ]

        try:
            return plugin.fence.call(run, TAG_LIMIT)
        except PluginError as error:
            if plugin.fence.hung:
                self.note(plugin.name, "propose_tags", error)
                return []
            return [self._tags_of(plugin, model) for model in models]

    def _tags_of(self, plugin: LoadedPlugin, model: TaggerInput) -> list[ProposedTag]:
        def run() -> list[ProposedTag | PluginError]:
            # An answer may be a generator: take it inside the fence, and never without end.
            answers = plugin.hooks.propose_tags(model=model)
            return [
                _tag_or_error(plugin.name, tag)
                for answer in answers
                for tag in islice(answer, MOST_TAGS)
            ]

        tags = []
        try:
            for tag in plugin.fence.call(run, TAG_LIMIT):
                if isinstance(tag, PluginError):
                    self.note(plugin.name, "propose_tags", tag)
                else:
                    tags.append(tag)
        except PluginError as error:
            self.note(plugin.name, "propose_tags", error)
        return tags


def _tag_or_error(plugin: str, proposal: object) -> ProposedTag | PluginError:
    try:
        return checked_tag(plugin, proposal)
    except PluginError as error:
        return error


def _hubs_of(
    plugin: LoadedPlugin, context: HubContext, note: Callable[[PluginError], None]
) -> list[FencedHub]:
    sources = map(checked_source, plugin.hooks.hub_source(context=context))
    return [fenced_hub(source, name, plugin.fence, note) for source, name in sources]


def load_plugins(home: Home, disabled: Collection[str] = ()) -> Plugins:
    """Load all plugins but the `disabled`, which are not even imported. Never fails: what could
    not be loaded is in `problems`.
    """
    found = list(find_installed())
    problems: list[tuple[str, PluginError | OSError]] = []
    try:
        own = find_in_folder(home.plugins)
        if own:
            check_private(home)
        found += own
    except (OSError, PluginError) as error:
        problems.append((home.plugins.name, error))
    loaded: dict[str, LoadedPlugin] = {}
    for candidate in found:
        if candidate.name in disabled:
            continue
        try:
            if candidate.name in loaded:
                raise PluginError(f"{candidate.where} has a name that is taken: rename it.")
            loaded[candidate.name] = load_plugin(candidate)
        except PluginError as error:
            problems.append((candidate.name, error))
    plugins = Plugins(tuple(loaded.values()))
    for name, problem in problems:
        plugins.note(name, "load", problem)
    return plugins
