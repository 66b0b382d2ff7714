"""Trigger words in groups, as sources have them and as a person wants them.

An entry of a hub, header or sidecar that lists several words (`red dress, long hair`) is a group:
an outfit, most often, and one is worn at a time. Entries of one word make the group without a
name, whose words go with every other. What a person says stands over all of it, whatever a
refresh brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple

from loradex.domain.evidence import Source

State = Literal["on", "off", "gone"]

SINGLES = ""
"""Key of the group of words that stand alone."""

MOST_PIECES = 100
"""Words of one entry; an entry that has more is a text, and its rest is left out."""

KEY_LIMIT = 200


class Entry(NamedTuple):
    """What one source says: a word, or several with commas between."""

    text: str
    folded: str
    source: str
    position: int


class ChosenWord(NamedTuple):
    """What a person says of a word in a group. `own` words are theirs alone."""

    group_key: str
    folded: str
    text: str
    state: str
    own: bool
    place: int | None


class ChosenGroup(NamedTuple):
    """What a person says of a group. `state` is `on`, `off` or None."""

    key: str
    name: str
    note: str
    place: int | None
    state: str | None


@dataclass(frozen=True, slots=True)
class GroupWord:
    """One word of a group."""

    text: str
    source: str
    on: bool = True
    place: int | None = None


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Words that are used together.

    `on` tells whether they are copied unless another group is asked for: the single words always
    are, of the others those that the person chose, else the first. `refused` groups were switched
    off by the person.
    """

    key: str
    name: str
    source: str
    words: tuple[GroupWord, ...]
    note: str = ""
    on: bool = True
    refused: bool = False
    place: int | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The words that are switched on."""
        return tuple(word.text for word in self.words if word.on)

    @property
    def text(self) -> str:
        """Those words with commas between."""
        return ", ".join(self.used)


def fold_word(text: str) -> str:
    """Return what equal words have in common."""
    return " ".join(text.casefold().split())


def pieces(entry: str) -> tuple[str, ...]:
    """Return the words of an entry: cut at commas that stand outside of brackets."""
    if "," not in entry:
        return (entry,) if entry else ()
    found: dict[str, str] = {}
    depth = start = 0
    for place, character in enumerate(entry + ","):
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth = max(depth - 1, 0)
        elif character == "," and (depth == 0 or place == len(entry)):
            word = entry[start:place].strip()
            start = place + 1
            if word:
                found.setdefault(fold_word(word), word)
            if len(found) >= MOST_PIECES:
                break
    return tuple(found.values())


def arrange(
    entries: Iterable[Entry],
    words: Sequence[ChosenWord] = (),
    groups: Sequence[ChosenGroup] = (),
) -> tuple[WordGroup, ...]:
    """Return the groups in their order, the single words first; groups without a word are left out.

    What the person said of words and groups that no source has any more stays without effect,
    until one has them again.
    """
    made = _of_sources(entries)
    if not made and not words:
        return ()
    for word in words:
        if word.own or word.group_key in made:
            made.setdefault(word.group_key, {})
    said = {group.key: group for group in groups}
    chosen: dict[str, dict[str, ChosenWord]] = {}
    for word in words:
        chosen.setdefault(word.group_key, {})[word.folded] = word
    result = []
    for key, own in made.items():
        group = _group(key, own, chosen.get(key, {}), said.get(key))
        if group.words:
            result.append(group)
    result.sort(key=lambda group: (group.key != SINGLES, group.place is None, group.place or 0))
    return _switched(result, said)


def _of_sources(entries: Iterable[Entry]) -> dict[str, dict[str, GroupWord]]:
    """Return folded words by group, as the most trusted source that has each of them says.

    Tools that keep all words in one text (`neonkn, glow`) make no group of what more trusted
    sources say word by word.
    """
    made: dict[str, dict[str, GroupWord]] = {}
    ranked = sorted(entries, key=lambda entry: (Source(entry.source).rank, entry.position))
    for source, told in groupby(ranked, key=lambda entry: entry.source):
        known = {word for group in made.values() for word in group}
        for entry in told:
            words = {fold_word(part): GroupWord(part, source) for part in pieces(entry.text)}
            if len(words) == 1:
                singles = made.setdefault(SINGLES, {})
                for folded, word in words.items():
                    singles.setdefault(folded, word)
            elif not words.keys() <= known:
                made.setdefault(entry.folded[:KEY_LIMIT], words)
    return made


def _group(
    key: str,
    sourced: dict[str, GroupWord],
    chosen: dict[str, ChosenWord],
    said: ChosenGroup | None,
) -> WordGroup:
    words = dict(sourced)
    for folded, choice in chosen.items():
        known = words.get(folded)
        if choice.state == "gone":
            words.pop(folded, None)
        elif choice.own:
            words[folded] = GroupWord(
                choice.text, Source.PERSON.value, choice.state == "on", choice.place
            )
        elif known is not None:
            words[folded] = replace(known, on=choice.state == "on", place=choice.place)
    ordered = sorted(words.values(), key=lambda word: (word.place is None, word.place or 0))
    first = next(iter(sourced.values()), None)
    return WordGroup(
        key=key,
        name=said.name if said else "",
        source=first.source if first else Source.PERSON.value,
        words=tuple(ordered),
        note=said.note if said else "",
        refused=said is not None and said.state == "off",
        place=said.place if said else None,
    )


def _switched(groups: Sequence[WordGroup], said: dict[str, ChosenGroup]) -> tuple[WordGroup, ...]:
    """Return the groups with the right ones on: the chosen, else the first that is not refused."""
    wanted = {key for key, group in said.items() if group.state == "on"}
    outfits = [group for group in groups if group.key != SINGLES]
    if not wanted & {group.key for group in outfits}:
        first = next((group.key for group in outfits if not group.refused), None)
        wanted = wanted if first is None else {*wanted, first}
    return tuple(
        group if group.on is on else replace(group, on=on)
        for group in groups
        for on in (not group.refused and (group.key == SINGLES or group.key in wanted),)
    )


def shown_words(groups: Iterable[WordGroup]) -> list[str]:
    """Return what lists show: each single word that is on, and each group as one text.

    Groups that a person switched off are left out, others are not: one of them can be copied.
    """
    texts: dict[str, str] = {}
    for group in groups:
        if group.refused:
            continue
        for text in group.used if group.key == SINGLES else (group.text,):
            if text:
                texts.setdefault(fold_word(text), text)
    return list(texts.values())


def copied_words(groups: Iterable[WordGroup]) -> tuple[str, ...]:
    """Return the words of these groups in their order, each once."""
    texts: dict[str, str] = {}
    for group in groups:
        for text in group.used:
            texts.setdefault(fold_word(text), text)
    return tuple(texts.values())
