"""Prompt editing over the steps."""

from __future__ import annotations

import pytest

from loradex.render.prompts.editing import joint_stages, stage_at, stages
from loradex.render.unreadable import UnreadableText


def texts(text: str, steps: int = 10) -> list[tuple[int, str]]:
    return [(stage.last, stage.text) for stage in stages(text, steps)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a [b::0.5] c", [(5, "a b c"), (10, "a  c")]),
        ("a [b:c:1.0]", [(10, "a b")]),
        ("a [b:c:1]", [(1, "a b"), (10, "a c")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:99]", [(10, "a")]),
        ("[a:b:-1]", [(10, "b")]),
        ("[a]", [(10, "[a]")]),
        ("[a:b]", [(10, "[a:b]")]),
        ("[a:b:c:1]", [(10, "[a:b:c:1]")]),
        (r"\[a:b:1]", [(10, r"\[a:b:1]")]),
        (r"[a\:b:1]", [(1, ""), (10, r"a\:b")]),
        ("([a:b:0.5]:1.2)", [(5, "(a:1.2)"), (10, "(b:1.2)")]),
        ("[embedding:x:0.5]", [(5, ""), (10, "embedding:x")]),
        ("[Embedding:x]", [(10, "[Embedding:x]")]),
        ("[a|a]", [(10, "a")]),
    ],
)
def test_edits_are_those_of_a1111(text: str, expected: list[tuple[int, str]]) -> None:
    assert texts(text) == expected


def test_turns_are_taken_step_by_step() -> None:
    assert texts("[a|(b:1.1)] x", 3) == [(1, "a x"), (2, "(b:1.1) x"), (3, "a x")]
    assert [text for _, text in texts("[a|[b:c:2]|]", 4)] == ["a", "b", "", "a"]
    assert [text for _, text in texts("[a|[b:c:1]|]", 5)] == ["a", "c", "", "a", "c"]


def test_which_stage_holds_follows_the_share_of_the_way() -> None:
    parts = stages("[a:b:0.5]", 4)
    assert [stage_at(parts, call, 4) for call in range(4)] == [0, 0, 1, 1]
    assert [stage_at(parts, call, 7) for call in range(7)] == [0, 0, 0, 0, 1, 1, 1]
    assert stage_at(stages("a", 4), 3, 4) == 0


def test_prompts_that_change_at_different_times() -> None:
    prompts = [stages("[a:b:1]", 4), stages("c", 4), stages("[a:b:0.5]", 4)]
    assert joint_stages(prompts, 4) == ((0, (0, 0, 0)), (1, (1, 0, 0)), (2, (1, 0, 1)))
    assert [call for call, _ in joint_stages(prompts, 7)] == [0, 2, 4]


def test_edits_nested_beyond_reason_are_refused() -> None:
    with pytest.raises(UnreadableText, match="nested too deeply"):
        stages("[a|" * 100 + "]" * 100, 5)
    assert texts("[" * 9000 + "a" + "]" * 9000, 1) == [(1, "[" * 9000 + "a" + "]" * 9000)]


def test_long_and_hostile_prompts_are_read_quickly() -> None:
    for part in ("[a:b:1]", "[a|b]", "[:", "|", "[[a|b]:1]", "[a", "(["):
        stages(part * (20_000 // len(part)), 50)
