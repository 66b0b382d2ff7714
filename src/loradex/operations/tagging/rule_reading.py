"""Read tagging rules from TOML text, and tell all that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

from loradex.domain.hub_names import DERIVATIVES
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.name_words import split_words, telling_words
from loradex.domain.tags import TAG_LIMIT, clean_tag, fold_tag
from loradex.domain.text import display_text
from loradex.operations.tagging.rule_lines import line_of
from loradex.operations.tagging.rules import (
    COMMON_PLACES,
    LEVELS,
    Place,
    Rule,
    RuleSet,
    TagSettings,
)

MOST_RULES = 2_000
MOST_WORDS = 5_000


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What is wrong in a rule file, and what would be right. `line` counts from 1, 0 for none."""

    line: int
    message: str
    hint: str = ""


class _Wrong(Exception):
    """A problem, before its line is known. `where` leads to it: table, rule, key."""

    def __init__(self, where: tuple[str, ...], message: str, hint: str = "") -> None:
        super().__init__(message)
        self.where, self.message, self.hint = where, message, hint


Table = Mapping[str, object]


def read_rules(text: str, below: RuleSet | None) -> tuple[RuleSet, list[FileProblem]]:
    """Return the rules of a file over those below it, and all that is wrong with it, by line.

    With problems, the rules that make sense are returned all the same.
    """
    start = below or RuleSet(TagSettings(), ())
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return start, [_syntax(text, error)]
    except RecursionError:
        return start, [FileProblem(0, "It is nested too deep")]
    problems: list[_Wrong] = []
    for key in document:
        if key not in ("settings", "rules"):
            problems.append(_unknown((key,), key, ("settings", "rules"), "table"))
    settings = _attempt(
        problems, lambda: _settings(document.get("settings", {}), start.settings, problems)
    )
    rules = {rule.name: rule for rule in start.rules}
    tables = document.get("rules", {})
    if not isinstance(tables, dict):
        problems.append(_Wrong(("rules",), "rules has to be a table, as in [rules.style]"))
        tables = {}
    for name, table in list(tables.items())[:MOST_RULES]:
        if isinstance(table, dict) and table.get("off") is True and len(table) == 1:
            if name not in rules:
                problems.append(_unknown(("rules", name), name, rules, "rule"))
            rules.pop(name, None)
            continue
        rule = _attempt(problems, lambda: _rule(name, table, problems))  # noqa: B023 - called now
        if rule is not None:
            rules.pop(name, None)
            rules[name] = rule
    found = [FileProblem(line_of(text, each.where), each.message, each.hint) for each in problems]
    found.sort(key=lambda problem: problem.line)
    return RuleSet(settings or start.settings, tuple(rules.values())), found


_Result = TypeVar("_Result")


def _attempt(problems: list[_Wrong], do: Callable[[], _Result]) -> _Result | None:
    try:
        return do()
    except _Wrong as wrong:
        problems.append(wrong)
        return None


def _settings(table: object, start: TagSettings, problems: list[_Wrong]) -> TagSettings:
    if not isinstance(table, dict):
        raise _Wrong(("settings",), "settings has to be a table, as in [settings]")
    result = start
    for key, value in table.items():
        reader = SETTINGS.get(key)
        if reader is None:
            problems.append(_unknown(("settings", key), key, SETTINGS, "setting"))
            continue
        try:
            result = replace(result, **{key: reader(value)})  # type: ignore[arg-type]
        except ValueError as error:
            what = f"{key} is {_shown(value)}; it has to be {error}"
            problems.append(_Wrong(("settings", key), what))
    return result


def _yes(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a number from 0 to 1")
    return float(value)


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value

    return read


def _texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them; each once, none empty."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ValueError("a text or a list of texts")
    if len(listed) > MOST_WORDS:
        raise ValueError(f"at most {MOST_WORDS:,} texts")
    return tuple(dict.fromkeys(each for each in listed if each.strip()))


SETTINGS: Mapping[str, Callable[[object], object]] = {
    "plugins": _yes,
    "least_confidence": _share,
    "caption_share": _share,
    "caption_count": _whole(1, 1_000_000),
    "most_tags": _whole(1, 100),
    "ignore": lambda value: frozenset(map(fold_tag, _texts(value))),
}

_WORD_KEYS: Mapping[str, tuple[Place, ...]] = {
    "words": COMMON_PLACES,
    "hub_tags": (Place.HUB_TAG,),
    "names": (Place.NAME, Place.HUB_NAME),
    "folders": (Place.FOLDER,),
    "training": (Place.TRAINING,),
    "captions": (Place.CAPTION,),
}
"""Where the words of each key are looked for."""

RULE_KEYS = (
    *_WORD_KEYS, "tag", "parent", "kinds", "bases", "hub_types", "levels", "without", "share",
    "off",
)  # fmt: skip

_KINDS = {kind.value for kind in ModelKind}
_BASES = {*(base.value for base in BaseModel), *DERIVATIVES}


def _rule(name: str, table: object, problems: list[_Wrong]) -> Rule:
    here = ("rules", name)
    if not isinstance(table, dict):
        raise _Wrong(here, f"The rule {_shown(name)} has to be a table, as in [rules.style]")
    unknown = [key for key in table if key not in RULE_KEYS]
    problems += (_unknown((*here, key), key, RULE_KEYS, "key") for key in unknown)
    if table.get("off", False) is not False:
        raise _Wrong((*here, "off"), "off goes alone, as in off = true")
    read = _Reader(here, table)
    tag = table.get("tag", name)
    if not isinstance(tag, str) or not _is_tag(tag):
        raise _Wrong((*here, "tag") if "tag" in table else here, f"{_shown(tag)} cannot be a tag")
    words: dict[Place, tuple[str, ...]] = {}
    for key, places in _WORD_KEYS.items():
        for place in places:
            found = read.texts(key)
            if place not in (Place.HUB_TAG, Place.CAPTION):
                read.check_words(key, found)
            words[place] = tuple(dict.fromkeys((*words.get(place, ()), *found)))
    kinds = read.some_of("kinds", {*_KINDS, "any"})
    levels = read.some_of("levels", LEVELS)
    rule = Rule(
        name=name,
        tag=clean_tag(tag),
        words={place: found for place, found in words.items() if found},
        parents=tuple(clean_tag(parent) for parent in read.texts("parent")),
        bases=frozenset(read.some_of("bases", _BASES)),
        hub_types=frozenset(each.casefold() for each in read.texts("hub_types")),
        levels=frozenset(LEVELS[level] for level in levels),
        without=tuple(word for each in read.texts("without") for word in split_words(each)),
        share=read.share(),
    )
    if kinds:
        rule = replace(rule, kinds=frozenset(_KINDS if "any" in kinds else kinds))
    looks = rule.by_words or rule.bases or rule.hub_types or rule.levels or kinds
    if not looks and not unknown:  # else that key is what was meant to say it
        raise _Wrong(
            here,
            f"The rule {_shown(name)} says nothing of what it looks for",
            'Give it words = ["…"], or off = true.',
        )
    return rule


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the keys of one rule."""

    here: tuple[str, str]
    table: Table

    def texts(self, key: str) -> tuple[str, ...]:
        try:
            return _texts(self.table.get(key, []))
        except ValueError as error:
            shown = _shown(self.table[key])
            raise _Wrong((*self.here, key), f"{key} is {shown}; it has to be {error}") from error

    def some_of(self, key: str, known: Iterable[str]) -> tuple[str, ...]:
        values = self.texts(key)
        for value in values:
            if value not in known:
                raise _unknown((*self.here, key), value, known, f"value of {key}")
        return values

    def share(self) -> float | None:
        if "share" not in self.table:
            return None
        try:
            return _share(self.table["share"])
        except ValueError as error:
            shown = _shown(self.table["share"])
            raise _Wrong(
                (*self.here, "share"), f"share is {shown}; it has to be {error}"
            ) from error

    def check_words(self, key: str, words: Iterable[str]) -> None:
        """Raise for words that no name can have, since versions and numbers are passed over."""
        for word in words:
            parts = split_words(word)
            if not parts or telling_words(word)[:1] != parts[:1]:
                raise _Wrong(
                    (*self.here, key),
                    f"{_shown(word)} is no word that names are searched for",
                    "Numbers, versions and signs are passed over in names; captions = […] and"
                    " hub_tags = […] are compared as they are.",
                )


def _is_tag(text: str) -> bool:
    return bool(fold_tag(text)) and "," not in text and len(text) <= TAG_LIMIT


def _unknown(where: tuple[str, ...], word: str, known: Iterable[str], what: str) -> _Wrong:
    choices = list(known)
    near = get_close_matches(word.casefold(), choices, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(choices)[:40])}."
    return _Wrong(where, f"There is no {what} {_shown(word)}", hint)


def _shown(value: object) -> str:
    return display_text(repr(value), 60)


def _syntax(text: str, error: tomllib.TOMLDecodeError) -> FileProblem:
    told = str(error)
    at = re.search(r"\(at line (\d+), column (\d+)\)", told)
    message = told[: at.start()].strip() if at else told.removesuffix(" (at end of document)")
    line = int(at[1]) if at else len(text.splitlines())
    return FileProblem(line, f"It is no TOML: {message}", 'A line is as in words = ["style"].')
