"""All that a hub tells of a model, as text for a pane."""

from __future__ import annotations

from textual.content import Content

from loradex.domain.content_level import level_label
from loradex.domain.hub import HubFile, HubVersion
from loradex.operations.hub_words import licence_words
from loradex_tui.cells import cell_text
from loradex_tui.widgets.found_list import FoundLine
from loradex_tui.widgets.sheet_text import TextSheet
from loradex_tui.wording import short_count, size_text

PICKLES = ("pickletensor", "pickle")
"""Formats, in the hub's words, that are pickles."""
_SHOWN_VERSIONS = 12
_SHOWN_FILES = 12


def found_head(line: FoundLine, width: int) -> Content:
    """Return name, what it is, and whose."""
    sheet = TextSheet(width)
    model = line.model
    sheet.line(Content.styled(cell_text(model.name or f"model {model.id}"), "bold $foreground"))
    counts = [short_count(model.downloads, "↓ "), short_count(model.likes, "♥ ")]
    what = [cell_text(model.type), cell_text(model.creator or ""), *counts]
    sheet.line(Content.styled(" · ".join(part for part in what if part), "$quiet"))
    return sheet.content()


def found_text(line: FoundLine, width: int) -> Content:
    """Return the rest: what would be downloaded, the versions, tags and where it is from."""
    sheet = TextSheet(width)
    if line.withheld:
        sheet.line(Content.styled(cell_text(line.withheld), "$error"))
    if line.version is not None:
        _version(sheet, line, line.version)
    _versions(sheet, line)
    model = line.model
    if model.tags:
        sheet.heading("Tags")
        sheet.line(Content.styled(", ".join(cell_text(tag) for tag in model.tags[:40]), "$chip"))
    sheet.heading("Hub")
    sheet.pair("Hub", cell_text(line.hub))
    sheet.pair("Content", level_label(model.content_level))
    for words in licence_words(model.licence):
        sheet.pair("Licence", cell_text(words, 200))
    sheet.pair("Page", cell_text(line.page_url))
    return sheet.content()


def _version(sheet: TextSheet, line: FoundLine, version: HubVersion) -> None:
    sheet.heading(f"d downloads {cell_text(version.name, 40)}".rstrip())
    sheet.pair("Base", cell_text(version.base_model))
    sheet.pair("Size", size_text(line.size_bytes) if line.size_bytes else "")
    sheet.pair("Published", (version.published_at or "")[:10])
    sheet.pair("You have", cell_text(line.have))
    for word in version.trained_words[:12]:
        sheet.pair("Words", cell_text(word, 300), "$accent")
    for file in version.files[:_SHOWN_FILES]:
        told, warning = file_facts(file)
        rest = (f"  {warning}" if warning else "", "$error")
        sheet.pair("File", Content.assemble(cell_text(file.name), "  ", (told, "$quiet"), rest))


def file_facts(file: HubFile) -> tuple[str, str]:
    """Return a file's format, precision and size, and what speaks against loading it."""
    told = [file.format or "", file.precision or "", size_text(file.size_bytes or 0)]
    warnings = []
    if (file.format or "").casefold() in PICKLES:
        warnings.append("a pickle: loading it may run code")
    if file.pickle_scan not in (None, "Success", "Pending"):
        warnings.append(f"the hub's scan says {cell_text(file.pickle_scan or '', 20)}")
    return " · ".join(cell_text(part) for part in told if part), "; ".join(warnings)


def _versions(sheet: TextSheet, line: FoundLine) -> None:
    versions = sorted(line.model.versions, key=lambda each: each.published_at or "", reverse=True)
    if len(versions) < 2:
        return
    sheet.heading("Versions")
    for each in versions[:_SHOWN_VERSIONS]:
        owned = ("✓ ", "$accent") if each.id in line.owned else ("  ", "")
        rest = " · ".join(
            part for part in ((each.published_at or "")[:10], cell_text(each.base_model)) if part
        )
        sheet.line(Content.assemble(owned, cell_text(each.name, 40), (f"  {rest}", "$quiet")))
    if len(versions) > _SHOWN_VERSIONS:
        sheet.line(Content.styled(f"and {len(versions) - _SHOWN_VERSIONS:,} more: v", "$quiet"))
