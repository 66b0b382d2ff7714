"""Which side wins a key: the file's, or loradex's."""

from __future__ import annotations

import pytest

from loradex.domain.sidecars import KeyRule, SidecarKey
from loradex.operations.sidecars.weaving import woven

FILE, HUB, PERSON, ONCE = KeyRule.FILE, KeyRule.HUB, KeyRule.PERSON, KeyRule.ONCE
NEVER = object()


@pytest.mark.parametrize(
    ("rule", "there", "last", "ours", "after", "change"),
    [
        # What is missing is added, even when there is nothing to say: tools ask for their keys.
        (FILE, NEVER, NEVER, "", "", "added"),
        (PERSON, NEVER, NEVER, "a", "a", "added"),
        (ONCE, NEVER, NEVER, False, False, "added"),
        # Nothing never replaces anything.
        (FILE, "a", NEVER, "", "a", None),
        (HUB, "a", "a", None, "a", None),
        (PERSON, ["x"], ["x"], [], ["x"], None),
        (HUB, {"a": 1, "b": 2}, NEVER, {"a": None, "b": 3}, {"a": 1, "b": 3}, "changed"),
        # Facts of the file are loradex's, whatever the tool made of them.
        (FILE, "a", "b", "c", "c", "changed"),
        # Hubs: ours, but not when only the tool has asked again since.
        (HUB, "a", NEVER, "b", "b", "changed"),
        (HUB, "newer", "a", "a", "newer", None),
        (HUB, {"mine": 1, "x": {"y": 1, "z": 2}}, NEVER, {"x": {"y": 3}},
         {"mine": 1, "x": {"y": 3, "z": 2}}, "changed"),
        (HUB, {"a": 1, "new": 2}, {"a": 1}, {"a": 1}, {"a": 1, "new": 2}, None),
        # A person's: what stands there stays.
        (PERSON, "", NEVER, "a", "a", "changed"),
        (PERSON, "Unknown", NEVER, "SDXL", "SDXL", "changed"),
        (PERSON, "a", NEVER, "b", "a", "conflict"),
        (PERSON, "a", "a", "b", "a", "conflict"),
        (PERSON, "edited", "a", "a", "edited", None),
        (PERSON, "edited", "a", "b", "edited", "conflict"),
        (PERSON, " a\n", NEVER, "a", " a\n", None),
        (PERSON, ["x"], NEVER, ["x", "y"], ["x", "y"], "changed"),
        (PERSON, ["x", "z"], NEVER, ["x", "y"], ["x", "z"], "conflict"),
        # Once: only where nothing stands.
        (ONCE, "a", NEVER, "b", "a", None),
        (ONCE, "", NEVER, "b", "b", "changed"),
        # A flag is no number.
        (HUB, 1, NEVER, True, True, "changed"),
    ],
)  # fmt: skip
def test_a_key(  # noqa: PLR0917 - the columns of the table
    rule: KeyRule, there: object, last: object, ours: object, after: object, change: str | None
) -> None:
    existing = {} if there is NEVER else {"key": there}
    known = None if last is NEVER else {"key": last}
    result = woven({**existing, "unheard of": 1}, known, [SidecarKey("key", ours, rule)])
    assert result.document == {"unheard of": 1, "key": after}
    assert [str(each.change) for each in result.changes] == ([change] if change else [])


@pytest.mark.parametrize("side", ["ours", "said"])
def test_what_loradex_or_the_person_here_said_last_goes_there(side: str) -> None:
    key = SidecarKey("key", "b", PERSON, own="note")
    result = (
        woven({"key": "a"}, {"key": "a"}, [key], ours=["key"])
        if side == "ours"
        else woven({"key": "a"}, {"key": "a"}, [key], said=["note"])
    )
    assert result.document == {"key": "b"}


@pytest.mark.parametrize("side", ["ours", "said"])
def test_but_not_over_what_was_edited_there_since(side: str) -> None:
    key = SidecarKey("key", "b", PERSON, own="note")
    result = woven({"key": "edited"}, {"key": "a"}, [key], ours=["key"], said=["note"])
    assert (result.document, len(result.conflicts)) == ({"key": "edited"}, 1)
    assert woven({"key": "edited"}, {"key": "a"}, [key], replace=True).document == {"key": "b"}


def test_a_conflict_is_not_ours_afterwards() -> None:
    keys = [SidecarKey("kept", "b", PERSON), SidecarKey("new", 1, FILE)]
    result = woven({"kept": "a"}, None, keys)
    assert result.ours(None, ()) == ["new"]
    again = woven(result.document, result.document, keys, ours=["new"])
    assert again.ours(result.document, ["new"]) == ["new"]
    assert again.document["kept"] == "a"
