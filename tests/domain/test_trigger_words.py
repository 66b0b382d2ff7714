"""Trigger words: entries cut into words, groups, and a person's word over all of it."""

from __future__ import annotations

import pytest

from loradex.domain.trigger_words import (
    SINGLES,
    ChosenGroup,
    ChosenWord,
    Entry,
    WordGroup,
    arrange,
    copied_words,
    pieces,
    shown_words,
)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("neonkn", ("neonkn",)),
        ("a, b ,, a,B", ("a", "b")),
        ("(red dress, blue eyes:1.2), hat", ("(red dress, blue eyes:1.2)", "hat")),
        ("open (paren, never closed", ("open (paren, never closed",)),
        ("), odd", (")", "odd")),
        ("", ()),
        (" , ", ()),
    ],
)
def test_an_entry_is_cut_at_commas_outside_of_brackets(entry: str, words: tuple[str, ...]) -> None:
    assert pieces(entry) == words


def test_an_endless_entry_is_bounded() -> None:
    assert len(pieces(", ".join(map(str, range(10_000))))) == 100


def entries(*told: tuple[str, str]) -> list[Entry]:
    return [Entry(text, text.casefold(), source, n) for n, (source, text) in enumerate(told)]


HUB = entries(("hub", "red coat, boots"), ("hub", "neonkn"), ("hub", "blue dress, boots"))


def texts(groups: tuple[WordGroup, ...]) -> list[tuple[str, bool]]:
    return [(group.text, group.on) for group in groups]


def test_an_entry_of_several_words_is_a_group_and_one_is_worn_at_a_time() -> None:
    groups = arrange(HUB)
    assert texts(groups) == [
        ("neonkn", True),
        ("red coat, boots", True),
        ("blue dress, boots", False),
    ]
    assert shown_words(groups) == ["neonkn", "red coat, boots", "blue dress, boots"]
    assert copied_words(group for group in groups if group.on) == ("neonkn", "red coat", "boots")


def test_the_most_trusted_source_of_a_word_counts() -> None:
    groups = arrange(entries(("header", "Neonkn"), ("hub", "neonkn"), ("sidecar", "NEONKN, a")))
    assert [(word.text, word.source) for group in groups for word in group.words] == [
        ("neonkn", "hub"),
        ("NEONKN", "sidecar"),
        ("a", "sidecar"),
    ]


def test_a_text_of_known_words_is_no_outfit() -> None:
    told = entries(("hub", "neonkn"), ("hub", "glow"), ("sidecar", "neonkn, glow"))
    assert texts(arrange(told)) == [("neonkn, glow", True)]
    more = entries(("hub", "neonkn"), ("sidecar", "neonkn, hat"))
    assert texts(arrange(more)) == [("neonkn", True), ("neonkn, hat", True)]


RED, BLUE = "red coat, boots", "blue dress, boots"


@pytest.mark.parametrize(
    ("words", "groups", "wanted"),
    [
        ([ChosenWord(SINGLES, "neonkn", "neonkn", "off", False, None)], [], [
            ("", True), (RED, True), (BLUE, False)]),
        ([ChosenWord(SINGLES, "neonkn", "neonkn", "gone", False, None)], [], [
            (RED, True), (BLUE, False)]),
        ([ChosenWord(SINGLES, "mine", "Mine", "on", True, 1)], [], [
            ("Mine, neonkn", True), (RED, True), (BLUE, False)]),
        ([ChosenWord(RED, "boots", "boots", "on", False, 1)], [], [
            ("neonkn", True), ("boots, red coat", True), (BLUE, False)]),
        ([ChosenWord("new", "hat", "hat", "on", True, None)],
         [ChosenGroup("new", "New", "", 1, None)], [
            ("neonkn", True), ("hat", True), (RED, False), (BLUE, False)]),
        ([ChosenWord("no such", "hat", "hat", "off", False, None)], [], [
            ("neonkn", True), (RED, True), (BLUE, False)]),
        ([], [ChosenGroup(BLUE, "", "", None, "on")], [
            ("neonkn", True), (RED, False), (BLUE, True)]),
        ([], [ChosenGroup(RED, "", "", None, "off")], [
            ("neonkn", True), (RED, False), (BLUE, True)]),
        ([], [ChosenGroup(BLUE, "", "", 1, None)], [
            ("neonkn", True), (BLUE, True), (RED, False)]),
    ],
)  # fmt: skip
def test_what_a_person_says_stands_over_it(
    words: list[ChosenWord], groups: list[ChosenGroup], wanted: list[tuple[str, bool]]
) -> None:
    assert texts(arrange(HUB, words, groups)) == wanted


def test_a_choice_outlives_what_it_was_about() -> None:
    off = [ChosenWord(SINGLES, "neonkn", "neonkn", "off", False, None)]
    assert arrange([], off) == ()
    assert arrange(HUB, off)[0].used == ()


def test_a_group_that_is_refused_is_not_shown() -> None:
    groups = arrange(HUB, [], [ChosenGroup(RED, "", "", None, "off")])
    assert shown_words(groups) == ["neonkn", BLUE]
