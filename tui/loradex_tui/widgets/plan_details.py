"""One line of a plan in full, and what a plan comes to."""

from __future__ import annotations

from textual.content import Content

from loradex.domain.plans import OUTSIDE, PlanState, models_text
from loradex.domain.text import display_text
from loradex.operations.tidying.helping import what_helps
from loradex.operations.tidying.overview import Overview, PlanItem
from loradex_tui.cells import cell_text
from loradex_tui.widgets.plan_table import Heading, Line, Row, Stay
from loradex_tui.widgets.plan_words import STEP_WORDS, age_text, state_words
from loradex_tui.wording import count_text, size_text

_WHAT = {
    "move": "Goes to another folder",
    "rename": "Gets another name",
    "copy": "Is copied to another disk, read back, compared, and only then removed here",
    "trash": "Goes to the trash; undo brings it back until the trash is emptied",
    "restore": "Comes back out of the trash",
    "link": "Goes to the trash, and a link to the one that stays is left in its place",
    "hard link": "Goes to the trash, and a second name of the one that stays is left in its place",
}
_NAMED_BESIDE = 40


def line_details(line: Line | None, view: Overview, left_out: set[int]) -> Content:
    """Return all that is to be known of a line."""
    if isinstance(line, Row):
        return _of_item(line.item, view, left_out)
    if isinstance(line, Stay):
        return _of_stay(line.conflict.source.shown, line.conflict.reason)
    if isinstance(line, Heading) and line.stays:
        reason = line.text.partition(": ")[2]
        return Content.assemble(
            (f"{count_text(line.count, 'file')}\n\n", "bold"),
            *_why(reason),
            ("\n\nEnter shows them, or folds them away.", "$quiet"),
        )
    if isinstance(line, Heading):
        sums = f"{count_text(line.count, 'file')}, {size_text(line.nbytes)}"
        return Content.assemble(
            (cell_text(line.text, 4096), "bold"),
            f"\n\n{sums}",
            ("\n\nEnter folds them away · Space leaves all of them out", "$quiet"),
        )
    return Content.styled("Nothing here.", "$quiet")


def _of_stay(path: str, reason: str) -> Content:
    return Content.assemble(
        ("Stays where it is\n\n", "bold $warning"), f"{cell_text(path, 4096)}\n\n", *_why(reason)
    )


def _why(reason: str) -> list[str | tuple[str, str]]:
    help_ = what_helps(reason)
    parts: list[str | tuple[str, str]] = [
        ("Why  ", "$quiet"),
        (f"{display_text(reason, 1000)}", "$warning"),
    ]
    if help_:
        parts += [("\n\nWhat helps  ", "$quiet"), help_]
    return parts


def _of_item(item: PlanItem, view: Overview, left_out: set[int]) -> Content:
    parts: list[str | tuple[str, str]] = []
    if item.file_id is not None and item.file_id in left_out:
        parts.append(("Left out: it stays. Space takes it in again.\n\n", "bold $warning"))
    elif item.reason:
        parts += [("It stayed where it was\n\n", "bold $error"), *_why(item.reason), "\n\n"]
    else:
        parts.append((f"{_WHAT.get(item.what, item.what)}\n\n", "bold"))
    parts += [("From  ", "$quiet"), f"{cell_text(item.source.shown, 4096)}\n"]
    target = "the trash" if item.target.library_id == OUTSIDE else item.target.shown
    parts += [("To    ", "$quiet"), (cell_text(target, 4096), "$success"), "\n"]
    if item.kept is not None:
        kept = cell_text(item.kept.shown, 4096)
        parts += [("Stays ", "$quiet"), f"{kept}\n"]
        parts.append(("Both are compared byte by byte right before.\n", "$quiet"))
    parts += [("\nSize  ", "$quiet"), size_text(item.nbytes)]
    if view.summary.state is not PlanState.PLANNED:
        parts += [("\nState ", "$quiet"), STEP_WORDS[item.state]]
    if item.beside:
        parts.append((f"\n\n{count_text(len(item.beside), 'file')} go along\n", "$quiet"))
        parts += [f"  {cell_text(name, 300)}\n" for name in item.beside[:_NAMED_BESIDE]]
    return Content.assemble(*parts)


def heading_text(view: Overview) -> Content:
    """Return which plan it is, and how far."""
    plan = view.summary
    when = age_text(plan.applied_at or plan.created_at)
    word = "done" if plan.applied_at else "drawn up"
    tone = "$error" if plan.failed else "$accent"
    return Content.assemble(
        (f"Plan {plan.id}", "bold $foreground"),
        (f"  {cell_text(plan.kind, 40)}  ", "$quiet"),
        (state_words(plan), f"bold {tone}"),
        (f"  {word} {when}", "$quiet"),
    )


def sum_text(view: Overview, left_out: set[int]) -> Content:
    """Return what a plan comes to: how much goes, what stays, and what it does to the disks."""
    going = [item for item in view.items if item.file_id not in left_out or item.file_id is None]
    models = [item.content_id for item in going if item.file_id is not None]
    beside = sum(len(item.beside) for item in going)
    what = _verb(view)
    parts: list[str | tuple[str, str]] = [
        (f"{what} {models_text(models) if models else count_text(len(going), 'file')}",
         "bold $foreground"),
    ]  # fmt: skip
    if beside:
        parts.append(f" with {count_text(beside, 'file')} beside them")
    parts.append(f", {size_text(sum(item.nbytes for item in going))}")
    if view.conflicts:
        parts.append((f" · skip {len(view.conflicts):,}", "bold $warning"))
    if left_out:
        parts.append((f" · {len(left_out):,} left out", "bold $accent"))
    if view.emptied_folders:
        folders = count_text(view.emptied_folders, "empty folder")
        parts.append((f" · {folders} removed", "$quiet"))
    if view.copied_bytes:
        parts.append(
            (f"\n{size_text(view.copied_bytes)} cross disks: copied, read back, compared, and only"
             " then removed here", "$warning")
        )  # fmt: skip
    for disk in view.disks:
        line = f"\n{cell_text(disk.folder, 200)}: {size_text(disk.free)} free"
        if disk.change:
            line += f", {size_text(max(disk.after, 0))} afterwards"
        if disk.in_trash:
            line += f", {size_text(disk.in_trash)} more once the trash is emptied"
        parts.append((line, "$quiet"))
    return Content.assemble(*parts)


def _verb(view: Overview) -> str:
    done = view.summary.state in (PlanState.APPLIED, PlanState.UNDONE)
    trash = bool(view.items) and all(item.target.library_id == OUTSIDE for item in view.items)
    if trash:
        return "put into the trash:" if done else "to the trash:"
    names = bool(view.items) and all(item.what == "rename" for item in view.items)
    if names:
        return "renamed" if done else "rename"
    return "moved" if done else "move"


def note_text(view: Overview) -> str:
    """Return the plan's note on one line."""
    return cell_text(view.summary.note, 600)
