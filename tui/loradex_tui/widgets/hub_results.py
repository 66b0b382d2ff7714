"""What the hub screen lists: found models or updates, as lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.operations.hub_browse import BrowseItem, BrowsePage
from loradex.operations.previews import first_shown
from loradex.operations.updates import ModelUpdates, UpdateReport
from loradex_tui.hub_access import HubAccess
from loradex_tui.widgets.found_list import FoundLine
from loradex_tui.wording import count_text


@dataclass(frozen=True, slots=True)
class HubResults:
    """Lines, the query that led to them, and where the next page begins."""

    query: str
    lines: tuple[FoundLine, ...]
    cursor: str | None
    note: str = ""
    updates: bool = False
    nothing: str = ""
    """What stands there when there is no line."""

    def with_more(self, page: HubResults) -> HubResults:
        """Return this with another page after it; what is listed already is not listed again."""
        known = {(line.hub, line.model.id) for line in self.lines}
        new = [line for line in page.lines if (line.hub, line.model.id) not in known]
        return replace(page, lines=(*self.lines, *new))

    def with_owned(self, owned: Mapping[str, Collection[int]]) -> HubResults:
        """Return this with the versions that are owned now, by hub."""
        lines = (
            replace(line, owned=frozenset(v.id for v in line.model.versions) & set(owned[line.hub]))
            for line in self.lines
        )
        return replace(self, lines=tuple(lines))

    def without(self, gone: FoundLine, *, whole_model: bool) -> HubResults:
        """Return this without an update, or without all of its model."""

        def same(line: FoundLine) -> bool:
            if (line.hub, line.model.id) != (gone.hub, gone.model.id):
                return False
            return whole_model or line.version == gone.version

        return replace(self, lines=tuple(line for line in self.lines if not same(line)))


def owned_now(catalog: Catalog, results: HubResults) -> dict[str, set[int]]:
    """Return which versions of what was found are owned, by hub."""
    ids: dict[str, set[int]] = {}
    for line in results.lines:
        ids.setdefault(line.hub, set()).update(version.id for version in line.model.versions)
    return {hub: set(catalog.known.owned(hub, wanted)) for hub, wanted in ids.items()}


def search_page(access: HubAccess, text: str, cursor: str | None) -> HubResults:
    """Return a page of what a query finds."""
    page = access.search(text, cursor)
    return HubResults(
        text,
        tuple(_found(item) for item in page.items),
        page.cursor,
        note=_page_note(page),
        nothing="The hub has nothing like that."
        + (" What it has is above your content limit." if page.hidden else ""),
    )


def _page_note(page: BrowsePage) -> str:
    parts = [f"on {page.hub}"]
    if page.kept:
        parts.append("from what was fetched before")
    if page.hidden:
        parts.append(f"{page.hidden:,} hidden by your content limit")
    return " · ".join(parts)


def _found(item: BrowseItem) -> FoundLine:
    return FoundLine(
        item.hub,
        item.model,
        item.newest,
        item.size,
        frozenset(item.owned),
        item.preview,
        page_url=item.page_url,
        withheld=item.withheld,
    )


def update_lines(access: HubAccess) -> HubResults:
    """Return what is newer than what is owned: a line for each new version."""
    report = access.updates()
    lines = [line for model in report.models for line in _updates_of(model, access.limit)]
    return HubResults("", tuple(lines), None, _report_note(report), True, _no_updates(report))


def _updates_of(found: ModelUpdates, limit: ContentLimit) -> list[FoundLine]:
    owned = frozenset(copy.version.id for copy in found.have)
    have = found.have[0].version.name if found.have else ""
    return [
        FoundLine(
            found.hub,
            found.model,
            new.version,
            new.size,
            owned,
            first_shown(new.version.images, limit),
            page_url=found.page_url,
            withheld=new.withheld or "",
            update=True,
            have=have,
        )
        for new in found.new
    ]


def _report_note(report: UpdateReport) -> str:
    parts = [f"of {count_text(report.checked, 'model')} that you own"]
    if hidden := sum(report.hidden.values()):
        parts.append(f"{hidden:,} not shown (other base, early access, ignored)")
    if report.problems:
        parts.append(report.problems[0].message)
    return " · ".join(parts)


def _no_updates(report: UpdateReport) -> str:
    if not report.checked:
        return "None of your models is matched with a hub yet: run loradex hub match."
    return "You have the newest version of everything."


def ignore_update(catalog: Catalog, line: FoundLine, *, whole_model: bool) -> bool:
    """Note that an update, or all updates of its model, are not wanted."""
    if whole_model or line.version is None:
        return catalog.updates.ignore(line.hub, line.model.id)
    return catalog.updates.ignore(line.hub, line.model.id, line.version.id)
