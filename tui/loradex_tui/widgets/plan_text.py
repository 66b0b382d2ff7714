"""What downloading something means, in lines: what it is, its licence, its place, what is owned."""

from __future__ import annotations

import os

from textual.content import Content

from loradex.domain.content_level import level_label
from loradex.operations.downloads.plan import DownloadPlan, PlannedFile, Verdict
from loradex.operations.hub_words import licence_words
from loradex_tui.cells import cell_text
from loradex_tui.hub_access import Offer
from loradex_tui.widgets.found_text import file_facts
from loradex_tui.wording import count_text, kind_label, size_text

_IN_FULL = 2
"""Files that are told of in full; more of them get a line each."""
_LINES = 10


def is_possible(plan: DownloadPlan) -> bool:
    """Tell whether there is anything to fetch."""
    return any(each.verdict in (Verdict.GET, Verdict.QUEUED) for each in plan.files)


def plan_lines(offer: Offer) -> list[Content]:
    """Return it as lines, what stands in the way included."""
    plan = offer.plan
    lines: list[Content] = []
    for each in plan.files[: _IN_FULL if len(plan.files) > _IN_FULL + 1 else None]:
        lines += [*_in_full(each, offer), Content()]
    lines = lines[:-1]
    if len(plan.files) > _IN_FULL + 1:
        rest = plan.files[_IN_FULL:]
        lines.append(Content())
        lines += [_short(each) for each in rest[:_LINES]]
        if len(rest) > _LINES:
            lines.append(Content.styled(f"and {len(rest) - _LINES:,} more", "$quiet"))
        lines.append(_sum_of(plan))
    for problem in plan.problems[:_LINES]:
        told = f"{problem.item}: {problem.message} {problem.hint or ''}".strip()
        lines.append(Content.styled(cell_text(told, 600), "$error"))
    lines += [Content.styled(cell_text(note, 600), "$quiet") for note in plan.notes]
    for room in plan.rooms:
        told = f"{size_text(room.free)} free at {room.shown}"
        if room.lacking:
            told += f": {size_text(room.lacking)} are missing"
        lines.append(Content.styled(cell_text(told, 600), "$error" if room.lacking else "$quiet"))
    return lines


def _in_full(each: PlannedFile, offer: Offer) -> list[Content]:
    name = " ".join(part for part in (each.model.name, each.version.name) if part)
    lines = [Content.styled(cell_text(name, 120), "bold $foreground")]
    what = (
        kind_label(each.kind.value) if each.kind else cell_text(each.model.type),
        cell_text(each.version.base_model, 40),
        _size(each),
        f"by {cell_text(each.model.creator, 40)}" if each.model.creator else "",
        level_label(each.model.content_level),
    )
    lines.append(Content.styled(" · ".join(part for part in what if part), "$primary"))
    if licence := "; ".join(licence_words(each.model.licence)):
        lines.append(Content.assemble(("licence ", "$quiet"), cell_text(licence, 300)))
    if warning := file_facts(each.file)[1]:
        lines.append(Content.styled(warning, "$error"))
    if each.new is not None:
        place = os.fsdecode(os.path.join(each.new.root, each.new.relative))  # noqa: PTH118 - bytes
        lines.append(Content.assemble(("to ", "$quiet"), cell_text(place, 1_000)))
    if owned := offer.owned.get((each.hub, each.model.id), ()):
        names = ", ".join(cell_text(name, 40) for name in owned)
        lines.append(Content.styled(f"✓ you have {names}", "$accent"))
    if each.reason:
        lines.append(_reason(each))
    return lines


def _reason(each: PlannedFile) -> Content:
    told = f"{each.reason} {each.hint or ''}".strip()
    style = "$error" if each.verdict is Verdict.REFUSED else "$accent"
    return Content.styled(cell_text(told, 600), style)


def _short(each: PlannedFile) -> Content:
    mark = {Verdict.OWNED: "✓ you have it", Verdict.QUEUED: "· queued"}.get(each.verdict, "")
    if each.verdict is Verdict.REFUSED:
        mark = f"✗ {cell_text(each.reason, 120)}"
    return Content.assemble(
        cell_text(each.file.name, 120), (f"  {_size(each)}  ", "$quiet"), (mark, "$accent")
    )


def _sum_of(plan: DownloadPlan) -> Content:
    wanted = plan.of(Verdict.GET)
    told = f"{count_text(len(wanted), 'file')} to fetch, {size_text(plan.nbytes)}"
    return Content.styled(told, "bold $foreground")


def _size(each: PlannedFile) -> str:
    return size_text(each.file.size_bytes) if each.file.size_bytes else "size unknown"
