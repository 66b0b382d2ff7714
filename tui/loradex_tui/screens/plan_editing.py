"""A plan's file: changed in an editor, or written somewhere."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from textual.app import SuspendNotSupported

from loradex.domain.plans import MovePlan
from loradex.operations.tidying.changing import plan_text, take_edited, write_for_editing
from loradex_tui.background import in_background
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.screens.place import Place

_EDITORS = ("sensible-editor", "nano", "vim", "vi")


def offer_editing(place: Place, number: int, changed: Callable[[], None]) -> None:
    """Ask what to do with the plan's file."""
    choices = [
        Choice("e", "Edit", "edit", "in $EDITOR: remove items, change where they go"),
        Choice("w", "Write", "write", f"to plan-{number}.json, for loradex apply FILE"),
    ]

    def chosen(what: str | None) -> None:
        if what == "edit":
            _edit(place, number, changed)
        elif what == "write":
            _write(place, number)

    place.app.push_screen(KeyMenu(f"The file of plan {number}", choices), chosen)


def _write(place: Place, number: int) -> None:
    catalog = place.place_app.catalog

    def write() -> Path:
        path = _free(Path.cwd() / f"plan-{number}.json")
        path.write_text(plan_text(catalog, number), encoding="utf-8")
        return path

    def written(path: Path) -> None:
        place.copy(str(path), "path of the plan's file")

    in_background(place, "write", write, written, exclusive=False)


def _free(path: Path) -> Path:
    """Return this path, with a number if there is such a file already."""
    number = 2
    found = path
    while found.exists():
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return found


def _edit(place: Place, number: int, changed: Callable[[], None]) -> None:
    catalog = place.place_app.catalog

    def edit(path: Path) -> None:
        if not _in_editor(place, path):
            return
        in_background(
            place, "take", lambda: take_edited(catalog, number, path), taken, exclusive=False
        )

    def taken(plan: MovePlan | None) -> None:
        place.app.notify(f"Plan {number} was changed." if plan else "Nothing was changed.")
        if plan is not None:
            changed()

    in_background(place, "edit", lambda: write_for_editing(catalog, number), edit, exclusive=False)


def _in_editor(place: Place, path: Path) -> bool:
    """Open a file in the person's editor; False when there is none, or no way to."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not command:
        found = next((each for each in _EDITORS if shutil.which(each)), "")
        command = [found] if found else []
    try:
        if command:
            with place.app.suspend():
                subprocess.run([*command, str(path)], check=False)  # noqa: S603 - their editor
            place.app.refresh(layout=True)
            return True
        told = "No editor is set: set $EDITOR."
    except (SuspendNotSupported, OSError) as error:
        told = f"The editor could not be opened: {error}"
    place.app.notify(f"{told} The plan's file is {path}.", severity="warning", timeout=10)
    return False
