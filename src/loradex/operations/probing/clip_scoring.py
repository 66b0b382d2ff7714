"""CLIP scores of a probe's pictures, where the library has an image tower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.clip_scores import ClipAnswer, ClipPicture, ClipRequest, ClipScore
from loradex.domain.probing import ExtraMeasure, Interval
from loradex.operations.probing.measuring import Pair
from loradex.plugin_api import MeasuredPicture
from loradex.probe.statistics import t_interval

_TOWERS = ("clip-vit-l-14", "clip-vit-l-14-336", "clip-vit-h-14", "clip-vit-bigg-14", "clip-vit-b")
"""By the catalog's names, what is asked first in front: the commonest, and the quickest."""
_TEXTS = ("clip-l", "clip-g", "clip-h")
_CHECKER = "safety_checker"
_FEWEST_PAIRS = 2

_Scores = dict[MeasuredPicture, ClipScore]
_Row = tuple[float, float]
"""A number without the LoRA, and with it."""


@dataclass(frozen=True, slots=True)
class LibraryTower:
    """An image tower that is there, and where its text half may be."""

    path: Path
    texts: tuple[Path, ...]


def library_tower(catalog: Catalog, checkpoint: Path) -> LibraryTower | None:
    """Return the image tower to score with; None when the library has none.

    The last resort is the safety checker of a checkpoint in a diffusers folder, whose tower is
    OpenAI's. Text halves are looked for in that folder first, then in the library.
    """
    towers = list(_present(catalog, "clip_vision", _TOWERS))
    if (checkpoint / _CHECKER / "config.json").is_file():
        towers.append(checkpoint / _CHECKER)
    if not towers:
        return None
    own = sorted(checkpoint.glob("text_encoder*")) if checkpoint.is_dir() else []
    texts = (*own, *_present(catalog, "text_encoder", _TEXTS))
    return LibraryTower(towers[0], texts)


def _present(catalog: Catalog, kind: str, variants: Sequence[str]) -> Iterator[Path]:
    for variant in variants:
        for row in catalog.search(f"kind:{kind} variant:{variant} is:present").rows:
            path = Path(row.path)
            if path.is_dir() or path.suffix.lower() == ".safetensors":
                yield path


def clip_request(
    pairs: Sequence[Pair],
    tower: LibraryTower,
    *,
    references: Sequence[Path] = (),
    tokenizers: Sequence[Path] = (),
    device: str = "auto",
) -> ClipRequest:
    """Return what to ask of the process that draws about these pairs.

    `references` are a person's pictures of what the LoRA should know.
    """
    pictures = _pictures(pairs)
    places = {picture: number for number, picture in enumerate(pictures)}
    bases = {lora: places[base] for base, lora in pairs}
    groups: dict[tuple[str, str, float], int] = {}
    asked = []
    for picture in pictures:
        group = groups.setdefault(_group(picture), len(groups))
        asked.append(ClipPicture(str(picture.path), picture.prompt, bases.get(picture), group))
    return ClipRequest(
        tower=str(tower.path),
        pictures=tuple(asked),
        references=tuple(map(str, references)),
        texts=tuple(map(str, tower.texts)),
        tokenizers=tuple(map(str, tokenizers)),
        device=device,
    )


def clip_measures(pairs: Sequence[Pair], answer: ClipAnswer) -> tuple[ExtraMeasure, ...]:
    """Return what the answer to these pairs' request says, at each strength of LoRA pictures.

    A score that fewer than two pairs have is left out; pairs are prompts where seeds are compared.
    """
    scores = dict(zip(_pictures(pairs), answer.scores, strict=True))
    strengths = sorted({lora.strength for _, lora in pairs})
    return tuple(
        measure
        for strength in strengths
        for measure in _measures(
            [pair for pair in pairs if pair[1].strength == strength], scores, strength, answer.tower
        )
    )


def _measures(
    pairs: Sequence[Pair], scores: _Scores, strength: float, tower: str
) -> Iterator[ExtraMeasure]:
    to_base = [scores[lora].base for _, lora in pairs]
    rows: tuple[tuple[str, str, str, list[_Row]], ...] = (
        (
            "clip-i-base",
            "CLIP-I to the base",
            "How alike pictures with and without the LoRA are to the image tower: 1 is the same.",
            [(1.0, cosine) for cosine in to_base if cosine is not None],
        ),
        (
            "clip-i-references",
            "CLIP-I to the references",
            "How alike pictures are to the person's own ones, on average.",
            _both([(scores[base].references, scores[lora].references) for base, lora in pairs]),
        ),
        (
            "clip-i-seeds",
            "CLIP-I between seeds",
            "How alike pictures of one prompt are that differ in their seed alone.",
            _both(list(_between_seeds(pairs, scores))),
        ),
        (
            "clip-t",
            "CLIP-T",
            "How alike a picture and its prompt are to the two halves of the CLIP.",
            _both([(scores[base].prompt, scores[lora].prompt) for base, lora in pairs]),
        ),
    )
    for name, title, meaning, found in rows:
        if len(found) >= _FEWEST_PAIRS:
            yield ExtraMeasure(
                name=name,
                title=title,
                source=tower,
                unit="",
                strength=strength,
                base=fsum(base for base, _ in found) / len(found),
                lora=fsum(lora for _, lora in found) / len(found),
                difference=_difference(found),
                meaning=meaning,
            )


def _between_seeds(
    pairs: Sequence[Pair], scores: _Scores
) -> Iterator[tuple[float | None, float | None]]:
    """Yield a prompt's mean cosine between seeds, without the LoRA and with it.

    Pictures of one prompt share their neighbours, so that only prompts count as independent.
    """
    groups: dict[tuple[str, str, float], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(_group(pair[1]), []).append(pair)
    for group in groups.values():
        yield (
            _mean([scores[base].seeds for base, _ in group]),
            _mean([scores[lora].seeds for _, lora in group]),
        )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known else None


def _both(rows: Sequence[tuple[float | None, float | None]]) -> list[_Row]:
    return [(base, lora) for base, lora in rows if base is not None and lora is not None]


def _difference(rows: Sequence[_Row]) -> Interval:
    return t_interval([lora - base for base, lora in rows])


def _pictures(pairs: Sequence[Pair]) -> list[MeasuredPicture]:
    return list(dict.fromkeys(picture for pair in pairs for picture in pair))


def _group(picture: MeasuredPicture) -> tuple[str, str, float]:
    """Return what pictures share that differ in their seed alone."""
    return picture.prompt, picture.words, picture.strength
