"""Tagging rules: which evidence gives which tag. Pure: files are read elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from loradex.domain.content_level import PG, PG13, XXX, R, X
from loradex.domain.kinds import ModelKind
from loradex.domain.name_words import telling_words
from loradex.domain.tags import fold_tag
from loradex.plugin_api import TaggerInput

LEVELS: Mapping[str, int] = {"pg": PG, "pg13": PG13, "r": R, "x": X, "xxx": XXX}


class Place(StrEnum):
    """Where a word was found."""

    HUB_TAG = "hub tag"
    HUB_NAME = "hub name"
    NAME = "name"
    FOLDER = "folder"
    TRAINING = "training"
    CAPTION = "caption"


_TOLD = {
    Place.HUB_NAME: "The hub's name for it",
    Place.NAME: "The file's name",
    Place.FOLDER: "The folder's name",
    Place.TRAINING: "The name of a training folder",
}
_SURE = {
    Place.HUB_TAG: 0.95,
    Place.HUB_NAME: 0.8,
    Place.TRAINING: 0.75,
    Place.NAME: 0.7,
    Place.FOLDER: 0.6,
    Place.CAPTION: 0.6,
}
"""How often a person would agree. A folder was chosen on purpose, but for all that is in it."""

COMMON_PLACES = (Place.HUB_TAG, Place.HUB_NAME, Place.NAME, Place.FOLDER, Place.TRAINING)
"""Where the `words` of a rule are looked for unless it says otherwise."""

COMMON_KINDS = frozenset(
    {
        ModelKind.CHECKPOINT,
        ModelKind.DIFFUSION_MODEL,
        ModelKind.LORA,
        ModelKind.EMBEDDING,
        ModelKind.HYPERNETWORK,
        ModelKind.STYLE_MODEL,
        ModelKind.MOTION_MODULE,
        ModelKind.UNKNOWN,
    }
)
"""Kinds that a rule is for unless it names others: a VAE called `anime` is no anime style."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. It gives its tag when all that it requires holds and any of its words is found.

    A rule without words goes by its requirements alone. Empty requirements hold always.
    """

    name: str
    tag: str
    words: Mapping[Place, tuple[str, ...]]
    parents: tuple[str, ...] = ()
    kinds: frozenset[str] = COMMON_KINDS
    bases: frozenset[str] = frozenset()
    """Base models and derivatives."""
    hub_types: frozenset[str] = frozenset()
    """Folded."""
    levels: frozenset[int] = frozenset()
    without: tuple[str, ...] = ()
    """Words in any name that forbid it."""
    share: float | None = None
    """How often a caption has to be there, against the commonest; None for the common one."""

    @property
    def by_words(self) -> bool:
        """Tell whether it needs a word to be found."""
        return any(self.words.values())

    @property
    def told(self) -> str:
        """What it looks for, in a line."""
        words = dict.fromkeys(word for some in self.words.values() for word in some)
        names = {bit: name for name, bit in LEVELS.items()}
        parts = [
            ", ".join(words),
            f"made for {', '.join(sorted(self.bases))}" if self.bases else "",
            f"hub type {', '.join(sorted(self.hub_types))}" if self.hub_types else "",
            f"level {', '.join(names[bit] for bit in sorted(self.levels))}" if self.levels else "",
            f"without {', '.join(self.without)}" if self.without else "",
        ]
        return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What holds for all rules."""

    plugins: bool = True
    """Ask taggers as well."""
    least_confidence: float = 0.5
    """Of what they propose."""
    caption_share: float = 0.5
    caption_count: int = 5
    """A caption counts from this share of the commonest caption's count, and this count, on."""
    most_tags: int = 12
    """Automatic tags on one model; the surest stay."""
    ignore: frozenset[str] = frozenset()
    """Captions that tell nothing of a model, folded."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in force, by name."""

    settings: TagSettings
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A tag that a rule gives, how sure it is (0 to 1), and why in a sentence."""

    tag: str
    rule: str
    confidence: float
    reason: str


class Matcher:
    """Applies a set of rules to one model after another; the words of all rules are one table."""

    def __init__(self, rules: RuleSet) -> None:
        self._settings = rules.settings
        self._bare = [rule for rule in rules.rules if not rule.by_words]
        self._phrases: dict[str, dict[Place, list[tuple[tuple[str, ...], Rule]]]] = {}
        self._whole: dict[Place, dict[str, list[Rule]]] = {
            Place.HUB_TAG: {},
            Place.CAPTION: {},
        }
        shares = [rule.share for rule in rules.rules if rule.share is not None]
        self._least_share = min([self._settings.caption_share, *shares])
        for rule in rules.rules:
            for place, words in rule.words.items():
                for word in words:
                    self._add(rule, place, word)

    def _add(self, rule: Rule, place: Place, word: str) -> None:
        if place in self._whole:
            self._whole[place].setdefault(fold_tag(word), []).append(rule)
            return
        phrase = tuple(telling_words(word)) or (word.casefold(),)
        places = self._phrases.setdefault(phrase[0], {})
        places.setdefault(place, []).append((phrase, rule))

    def tags(self, model: TaggerInput) -> list[Given]:
        """Return what the rules give a model, the surest first."""
        names = _words_of(model)
        given: dict[tuple[str, str], Given] = {}
        for rule, sure, reason in self._found(model, names):
            if _holds(rule, model, names):
                _keep(given, Given(rule.tag, rule.name, sure, reason))
        for rule in self._bare:
            if _holds(rule, model, names):
                _keep(given, Given(rule.tag, rule.name, 0.9, _why(rule, model)))
        return sorted(given.values(), key=lambda each: -each.confidence)

    def named(self, tag: str, kind: str) -> str:
        """Return the tag of the rule that looks for this very tag on a hub, else the tag itself.

        So what plugins call `sliders` or `armor` does not stand beside `slider` and `clothing`.
        """
        rules = self._whole[Place.HUB_TAG].get(fold_tag(tag), ())
        return next((rule.tag for rule in rules if kind in rule.kinds), tag)

    def _found(
        self, model: TaggerInput, names: Mapping[Place, Sequence[Sequence[str]]]
    ) -> Iterator[tuple[Rule, float, str]]:
        for tag in model.hub_tags:
            for rule in self._whole[Place.HUB_TAG].get(fold_tag(tag), ()):
                yield rule, _SURE[Place.HUB_TAG], f"The hub's tags have “{tag}”."
        for place, texts in names.items():
            for words in texts:
                for rule, word in self._in_words(words, place):
                    yield rule, _SURE[place], f"{_TOLD[place]} has the word “{word}”."
        yield from self._in_captions(model.tag_counts)

    def _in_words(self, words: Sequence[str], place: Place) -> Iterator[tuple[Rule, str]]:
        """Yield rules with the words found; of phrases that overlap only the longest counts."""
        start = 0
        while start < len(words):
            longest = 0
            matches: list[tuple[Rule, str]] = []
            for first in {words[start], words[start].removesuffix("s")}:
                for phrase, rule in self._phrases.get(first, {}).get(place, ()):
                    size = len(phrase)
                    if size < longest or not _same(words[start : start + size], phrase):
                        continue
                    if size > longest:
                        longest, matches = size, []
                    matches.append((rule, " ".join(words[start : start + size])))
            yield from matches
            start += max(longest, 1)

    def _in_captions(self, counts: Sequence[tuple[str, int]]) -> Iterator[tuple[Rule, float, str]]:
        table = self._whole[Place.CAPTION]
        if not counts or not table:
            return
        most = counts[0][1]
        for caption, count in counts:
            share = count / most if most else 0.0
            if count < self._settings.caption_count or share < self._least_share:
                return
            folded = fold_tag(caption)
            if folded in self._settings.ignore:
                continue
            for rule in table.get(folded, ()):
                if share >= (self._settings.caption_share if rule.share is None else rule.share):
                    times = f"{count:,} times, the commonest caption {most:,} times"
                    sure = round(_SURE[Place.CAPTION] + 0.3 * share, 2)
                    yield rule, sure, f"It was trained on “{caption}” {times}."


def _words_of(model: TaggerInput) -> dict[Place, list[list[str]]]:
    stem = model.file_name.rpartition(".")[0] or model.file_name
    texts: Mapping[Place, Iterable[str]] = {
        Place.HUB_NAME: (model.hub_name,) if model.hub_name else (),
        Place.NAME: (stem,),
        Place.FOLDER: model.folder.split("/") if model.folder else (),
        Place.TRAINING: model.training_folders,
    }
    return {place: [telling_words(text) for text in some] for place, some in texts.items()}


def _same(words: Sequence[str], phrase: Sequence[str]) -> bool:
    """Tell whether words are a phrase; the last one may be in the plural."""
    if len(words) < len(phrase) or list(words[:-1]) != list(phrase[:-1]):
        return False
    return words[-1] == phrase[-1] or words[-1].removesuffix("s") == phrase[-1]


def _holds(rule: Rule, model: TaggerInput, names: Mapping[Place, Sequence[Sequence[str]]]) -> bool:
    """Tell whether all that a rule requires holds."""
    if model.kind not in rule.kinds:
        return False
    if model.kind == ModelKind.EMBEDDING and rule.kinds != _EMBEDDINGS and _negative(names):
        return False
    required = (
        not rule.bases or rule.bases & {model.base, model.derivative},
        not rule.hub_types or model.hub_type.casefold() in rule.hub_types,
        not rule.levels or _highest(model.content_level) in rule.levels,
        not rule.without or _present(names).isdisjoint(rule.without),
    )
    return all(required)


def _present(names: Mapping[Place, Sequence[Sequence[str]]]) -> set[str]:
    return {word for texts in names.values() for words in texts for word in words}


_EMBEDDINGS = frozenset({ModelKind.EMBEDDING.value})
_NEGATIVE = frozenset({"bad", "badhand", "badhands", "negative", "neg", "easynegative"})


def _negative(names: Mapping[Place, Sequence[Sequence[str]]]) -> bool:
    """Tell whether a name says what it is against: an embedding "bad hands" shows no hands."""
    called = (*names[Place.NAME], *names[Place.HUB_NAME])
    return any(not _NEGATIVE.isdisjoint(words) for words in called)


def _highest(level: int | None) -> int:
    """Return the highest bit of a level, 0 for none."""
    return 0 if not level else 1 << (level.bit_length() - 1)


def _why(rule: Rule, model: TaggerInput) -> str:
    """Return why a rule without words holds."""
    if rule.hub_types:
        return f"The hub's type for it is “{model.hub_type}”."
    if rule.bases:
        known = model.derivative if model.derivative in rule.bases else model.base
        return f"It is made for {known}."
    if rule.levels:
        name = next(name for name, bit in LEVELS.items() if bit == _highest(model.content_level))
        return f"Its pictures on the hub go up to {name.upper()}."
    return f"It is a {model.kind.label}."


def _keep(given: dict[tuple[str, str], Given], new: Given) -> None:
    """Keep the surest reason that a rule has for its tag."""
    before = given.get((new.tag, new.rule))
    if before is None or new.confidence > before.confidence:
        given[new.tag, new.rule] = new
