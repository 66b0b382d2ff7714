"""Keys: no two actions share one, a person's own are checked, and the page about them is true."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from loradex_tui.actions import ACTIONS
from loradex_tui.keymap import clashes, own_id, read_keymap

DOCS = Path(__file__).parents[2] / "docs"


def test_no_two_actions_share_a_key_on_a_screen() -> None:
    assert clashes({own_id(each): ",".join(each.key_names) for each in ACTIONS}) == []


def test_each_action_has_a_name_of_its_own() -> None:
    assert len({own_id(each) for each in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize(
    ("wanted", "keys", "fault"),
    [
        (("library.tags", "Z, f4"), {"library.tags": "Z,f4"}, ""),
        (("library.search", "?!"[1]), {"library.search": "exclamation_mark"}, ""),
        (("library.tgs", "T"), {}, "Did you mean library.tags?"),
        (("library.tags", " , "), {}, "was given no key"),
        (("library.note", "t"), {"library.note": "t"}, "both library.note and library.tags"),
        (("app.quit", "Q"), {"app.quit": "Q"}, ""),
        (("app.quit", "s"), {"app.quit": "s"}, "both app.quit and library.sort"),
    ],
)
def test_what_a_person_asked_for_is_checked(
    wanted: tuple[str, str], keys: dict[str, str], fault: str
) -> None:
    found = read_keymap([wanted])
    assert found.keys == keys
    assert fault in " ".join(found.faults)
    assert bool(fault) == bool(found.faults)


def test_the_page_about_keys_is_made_from_them() -> None:
    made = runpy.run_path(str(DOCS / "make_keys.py"))["page"]()
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == made, "run: python docs/make_keys.py"
