"""A few models side by side: what is known of each, and in what they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.models import ModelDetails
from loradex.domain.verdict_words import headline
from loradex.errors import UsageError

LEAST, MOST = 2, 4
"""How many models can be compared."""


@dataclass(frozen=True, slots=True)
class ComparedFact:
    """One fact of all the models, in their order.

    A value is a tuple of words, because tags and trigger words are several; it is empty where
    nothing is known. Words are as stored: pass them through `display_text`.
    """

    id: str
    title: str
    values: tuple[tuple[str, ...], ...]

    @property
    def differs(self) -> bool:
        """True when the models do not agree; the order of words does not count."""
        return len({frozenset(value) for value in self.values}) > 1

    def shared(self, word: str) -> bool:
        """Tell whether all the models have this word."""
        return all(word in value for value in self.values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models and their facts. Facts that nothing is known of in any model are left out."""

    models: tuple[ModelDetails, ...]
    facts: tuple[ComparedFact, ...]
    grids: tuple[int, ...]
    """Grids in which all of them were drawn, newest first."""


def compare_models(catalog: Catalog, ids: Sequence[int]) -> Comparison:
    """Compare two to four models of the catalog.

    Raises `UsageError` for another number of them, and `BadReference` for one that is gone.
    """
    wanted = list(dict.fromkeys(ids))
    if not LEAST <= len(wanted) <= MOST:
        told = "one model" if len(wanted) == 1 else f"{len(wanted):,} models"
        raise UsageError(
            f"Only {LEAST} to {MOST} models can be compared; this is {told}.",
            hint="Name each of them once.",
        )
    models = tuple(catalog.details(id_) for id_ in wanted)
    facts = (
        ComparedFact(id_, title, tuple(read(model) for model in models))
        for id_, title, read in _FACTS
    )
    grids = set(models[0].grids).intersection(*(model.grids for model in models[1:]))
    return Comparison(
        models,
        tuple(fact for fact in facts if any(fact.values)),
        tuple(sorted(grids, reverse=True)),
    )


Words = tuple[str, ...]


def _some(*words: str | int | float | None) -> Words:
    """Return those that say anything, as text."""
    return tuple(
        f"{word:g}" if isinstance(word, float) else str(word)
        for word in words
        if word not in (None, "")
    )


def _kind(model: ModelDetails) -> Words:
    kind = model.row.kind
    return _some(ModelKind(kind).label if kind in set(ModelKind) else kind)


def _base(model: ModelDetails) -> Words:
    base = model.row.base
    label = BaseModel(base).label if base in set(BaseModel) else base
    return _some(" ".join(_some(label, model.row.derivative)))


def _size(model: ModelDetails) -> Words:
    return (f"{model.row.size / 1e6:,.1f} MB",)


def _algorithm(model: ModelDetails) -> Words:
    return _some(model.algorithm, model.variant)


def _precision(model: ModelDetails) -> Words:
    return _some(model.quantisation or model.dtype)


def _words(model: ModelDetails) -> Words:
    return tuple(word.text for word in model.trigger_words)


def _best(model: ModelDetails) -> Words:
    return _some(model.preferences.effective.strength)


def _range(model: ModelDetails) -> Words:
    known = model.preferences.effective
    if known.strength_min is None and known.strength_max is None:
        return ()
    low = "" if known.strength_min is None else f"{known.strength_min:g}"
    high = "" if known.strength_max is None else f"{known.strength_max:g}"
    return (f"{low}–{high}",)


def _verdict(model: ModelDetails) -> Words:
    return _some(headline(model.verdicts))


def _rating(model: ModelDetails) -> Words:
    return _some("★" * (model.row.rating or 0), "favourite" if model.row.favourite else "")


def _tags(model: ModelDetails) -> Words:
    return tuple(sorted(tag.name for tag in model.tags))


def _hub(model: ModelDetails) -> Words:
    match = model.match
    return () if match is None else _some(f"{match.model_name} {match.version_name}".strip())


def _creator(model: ModelDetails) -> Words:
    return () if model.match is None else _some(model.match.creator)


def _captions(model: ModelDetails) -> Words:
    return tuple(caption for caption, _ in model.tag_counts[:8])


def _bytes(model: ModelDetails) -> Words:
    digest = model.hashes.sha256 if model.hashes else None
    return _some(digest[:10] if digest else None)


def _file(model: ModelDetails) -> Words:
    return _some(model.row.file_name)


_FACTS: tuple[tuple[str, str, Callable[[ModelDetails], Words]], ...] = (
    ("kind", "Kind", _kind),
    ("base", "Base", _base),
    ("size", "Size", _size),
    ("algorithm", "Algorithm", _algorithm),
    ("rank", "Rank", lambda model: _some(model.rank)),
    ("precision", "Precision", _precision),
    ("prediction", "Prediction", lambda model: _some(model.prediction)),
    ("format", "Format", lambda model: _some(model.format)),
    ("words", "Trigger words", _words),
    ("strength", "Best strength", _best),
    ("range", "Works from", _range),
    ("verdict", "Verdict", _verdict),
    ("rating", "Rating", _rating),
    ("tags", "Tags", _tags),
    ("hub", "On the hub", _hub),
    ("creator", "Creator", _creator),
    ("captions", "Trained on", _captions),
    ("note", "Note", lambda model: _some(model.note)),
    ("sha256", "SHA-256", _bytes),
    ("file", "File", _file),
)
"""What is compared, in the order in which a person looks for it."""
