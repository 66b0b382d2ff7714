"""A person's order and choice of trigger words, and words of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from loradex.catalog.catalog import Catalog
from loradex.catalog.word_store import NAME_LIMIT, NOTE_LIMIT, WORD_LIMIT
from loradex.domain.text import trained_words
from loradex.domain.trigger_words import (
    KEY_LIMIT,
    SINGLES,
    ChosenGroup,
    ChosenWord,
    GroupWord,
    WordGroup,
    fold_word,
    pieces,
)
from loradex.errors import UsageError

ALWAYS = "always"
"""What a person calls the group of single words."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A group with the number it is listed under; 0 is that of the single words."""

    number: int
    label: str
    group: WordGroup


def numbered(groups: Sequence[WordGroup]) -> list[Numbered]:
    """Return groups with their numbers and names; one without a name goes by its first word."""
    listed: list[Numbered] = []
    for group in groups:
        if group.key == SINGLES:
            listed.append(Numbered(0, group.name or ALWAYS, group))
        else:
            number = sum(each.number > 0 for each in listed) + 1
            listed.append(Numbered(number, group.name or group.words[0].text, group))
    return listed


def find_group(groups: Sequence[WordGroup], text: str) -> WordGroup:
    """Return the group that a number or name means; raise `UsageError` when it is not one."""
    listed = numbered(groups)
    wanted = fold_word(text)
    for each in listed:
        if text == str(each.number) or wanted in (fold_word(each.label), each.group.key):
            return each.group
    if wanted == ALWAYS:
        return WordGroup(SINGLES, "", "person", ())
    near = get_close_matches(text, [each.label for each in listed], n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`loradex words REF` lists the groups."
    raise UsageError(f"There is no group {text!r} of trigger words.", hint=hint)


def add_words(
    catalog: Catalog, content_id: int, words: Sequence[str], group: str | None = None
) -> None:
    """Add words of the person's own, to the single ones or to a group, which may be new.

    A word that was removed or switched off before is on again.
    """
    groups = catalog.words.groups(content_id)
    clean = _clean(words)
    key, members, name = _place_for(groups, group)
    places = [word.place for word in members if word.place is not None]
    last = max(places, default=None)  # without any order of theirs, new ones simply come last
    known = {fold_word(word.text): word for word in members}
    choices = []
    for number, word in enumerate(clean, 1):
        old = known.get(fold_word(word))
        place = old.place if old else None if last is None else last + number
        own = old is None or old.source == "person"
        choices.append(_choice(key, word, "on", own=own, place=place))
    _ensure_group(catalog, content_id, key, name)
    catalog.words.choose(content_id, choices)


def remove_words(
    catalog: Catalog, content_id: int, words: Sequence[str], group: str | None = None
) -> None:
    """Remove words for good: no source brings them back. Without a group, wherever they are.

    Raises `UsageError` for a word that is not there.
    """
    for key, word in _members(catalog, content_id, words, group):
        if word.source == "person":
            catalog.words.drop_own(content_id, key, [word.text])
            still = _in(catalog.words.groups(content_id), key)
            if fold_word(word.text) not in {fold_word(each.text) for each in still}:
                continue
        catalog.words.choose(content_id, [_choice(key, word.text, "gone")])


def switch_words(
    catalog: Catalog,
    content_id: int,
    words: Sequence[str],
    on: bool,
    group: str | None = None,
) -> None:
    """Switch words on or off; what is off is listed but not copied. Raises `UsageError`."""
    state = "on" if on else "off"
    catalog.words.choose(
        content_id,
        [
            _choice(key, word.text, state, own=word.source == "person", place=word.place)
            for key, word in _members(catalog, content_id, words, group)
        ],
    )


def move_word(
    catalog: Catalog, content_id: int, word: str, place: int, group: str | None = None
) -> None:
    """Put a word at a place among its group's, counted from 1; 0 is the last.

    With another group it goes there. Raises `UsageError`.
    """
    ((key, found),) = _members(catalog, content_id, [word], None)[:1]
    groups = catalog.words.groups(content_id)
    into, members, name = (
        _place_for(groups, group) if group is not None else (key, _in(groups, key), "")
    )
    others = [each for each in members if fold_word(each.text) != fold_word(found.text)]
    at = len(others) if place <= 0 else min(place - 1, len(others))
    if into != key:
        remove_words(catalog, content_id, [found.text], key or ALWAYS)
        found = replace(found, source="person", on=True)
        _ensure_group(catalog, content_id, into, name)
    ordered = [*others[:at], found, *others[at:]]
    catalog.words.choose(
        content_id,
        [
            _choice(
                into,
                each.text,
                "on" if each.on else "off",
                own=each.source == "person",
                place=number,
            )
            for number, each in enumerate(ordered, 1)
        ],
    )


def use_groups(catalog: Catalog, content_id: int, names: Sequence[str]) -> None:
    """Copy these groups from now on and no other; none means the first, as before any choice."""
    groups = catalog.words.groups(content_id)
    wanted = {find_group(groups, name).key for name in names}
    said = catalog.words.chosen_groups(content_id)
    catalog.words.choose_groups(
        content_id,
        [
            said.get(group.key, _unsaid(group.key))._replace(
                state="on" if group.key in wanted else None
            )
            for group in groups
            if group.key != SINGLES
        ],
    )


def describe_group(
    catalog: Catalog,
    content_id: int,
    group: str,
    *,
    name: str | None = None,
    note: str | None = None,
    place: int | None = None,
    refused: bool | None = None,
) -> None:
    """Name a group, write a note on it, put it at a place (from 1), or refuse it altogether."""
    groups = catalog.words.groups(content_id)
    key = find_group(groups, group).key
    said = catalog.words.chosen_groups(content_id)
    changed = said.get(key, _unsaid(key))
    if name is not None:
        _bounded(name, NAME_LIMIT, "name")
        changed = changed._replace(name=name.strip())
    if note is not None:
        _bounded(note, NOTE_LIMIT, "note")
        changed = changed._replace(note=note.strip())
    if refused is not None:
        changed = changed._replace(state="off" if refused else None)
    if place is None or key == SINGLES:
        catalog.words.choose_groups(content_id, [changed])
        return
    keys = [each.key for each in groups if each.key not in (SINGLES, key)]
    keys.insert(max(place - 1, 0), key)
    catalog.words.choose_groups(
        content_id,
        [
            (changed if each == key else said.get(each, _unsaid(each)))._replace(place=number)
            for number, each in enumerate(keys, 1)
        ],
    )


def _members(
    catalog: Catalog, content_id: int, words: Sequence[str], group: str | None
) -> list[tuple[str, GroupWord]]:
    """Return the words that are meant, each with its group's key."""
    groups = catalog.words.groups(content_id)
    searched = groups if group is None else [find_group(groups, group)]
    found: list[tuple[str, GroupWord]] = []
    for text in words:
        hits = [
            (each.key, word)
            for each in searched
            for word in each.words
            if fold_word(word.text) == fold_word(text)
        ]
        if not hits:
            known = [word.text for each in searched for word in each.words]
            near = get_close_matches(text, known, n=1)
            raise UsageError(
                f"There is no trigger word {text!r} here.",
                hint=f"Did you mean {near[0]!r}?" if near else "`loradex words REF` lists them.",
            )
        found += hits
    return found


def _place_for(
    groups: Sequence[WordGroup], group: str | None
) -> tuple[str, Sequence[GroupWord], str]:
    """Return key, words and, for a new group, the name of where words go."""
    if group is None:
        return SINGLES, _in(groups, SINGLES), ""
    try:
        found = find_group(groups, group)
    except UsageError:
        if group.isdecimal():
            raise
        _bounded(group, NAME_LIMIT, "name")
        return fold_word(group)[:KEY_LIMIT], (), " ".join(group.split())
    return found.key, found.words, ""


def _in(groups: Sequence[WordGroup], key: str) -> Sequence[GroupWord]:
    return next((group.words for group in groups if group.key == key), ())


def _ensure_group(catalog: Catalog, content_id: int, key: str, name: str) -> None:
    if name:
        said = catalog.words.chosen_groups(content_id).get(key, _unsaid(key))
        catalog.words.choose_groups(content_id, [said._replace(name=name)])


def _unsaid(key: str) -> ChosenGroup:
    return ChosenGroup(key, "", "", None, None)


def _choice(
    key: str, text: str, state: str, *, own: bool = False, place: int | None = None
) -> ChosenWord:
    return ChosenWord(key, fold_word(text), text, state, own, place)


def _clean(words: Sequence[str]) -> list[str]:
    """Return words as they are kept: cut at commas, without tags of LoRAs, each once."""
    clean = [word for text in trained_words(words) for word in pieces(text)]
    if not clean:
        raise UsageError("A trigger word cannot be empty.", hint="Write at least one letter.")
    for word in clean:
        _bounded(word, WORD_LIMIT, "word")
    return clean


def _bounded(text: str, limit: int, what: str) -> None:
    if len(text) > limit:
        raise UsageError(
            f"This {what} has {len(text):,} characters: more than the {limit:,} it may have.",
            hint="Shorten it.",
        )
