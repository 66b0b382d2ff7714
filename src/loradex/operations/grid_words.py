"""The models that prompts name: LoRAs in `<lora:…>`, and embeddings by their words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import PurePath

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind
from loradex.domain.models import ModelRow
from loradex.domain.progress import Problem
from loradex.domain.recipe import GridModel
from loradex.errors import BadReference, LoraMismatch
from loradex.operations.grid_models import ModelFinder
from loradex.render.prompts.embedding_names import embedding_key, place_embeddings
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.lora_tags import take_lora_tags
from loradex.render.prompts.prompt import parse_prompt

_EMBEDDINGS = "kind:embedding is:present"
_PROMPTS = (AxisKind.PROMPT, AxisKind.NEGATIVE)


def texts_of(axes: Sequence[Axis]) -> list[str]:
    """Return every prompt and negative prompt of a grid, with each of its parts in its place."""
    whole = [str(one.value) for axis in axes if axis.kind in _PROMPTS for one in axis.values]
    parts = [axis for axis in axes if axis.kind is AxisKind.PROMPT_PART]
    texts: dict[str, None] = {}
    for text in whole:
        for chosen in product(*(axis.values for axis in parts)):
            put = text
            for axis, value in zip(parts, chosen, strict=True):
                put = put.replace(axis.find, str(value.value or ""))
            texts[put] = None
    return list(texts)


def loras_in(texts: Sequence[str], finder: ModelFinder) -> dict[str, GridModel]:
    """Return the LoRAs behind the names in `<lora:NAME:…>`; tell how a doubtful tag is read.

    Raises `BadReference` for a name that no LoRA, or more than one has.
    """
    named: dict[str, GridModel] = {}
    told: set[str] = set()
    for text in texts:
        _, tags, notes = take_lora_tags(text)
        for note in notes:
            if note not in told:
                told.add(note)
                finder.sink.problem(Problem("A prompt", note))
        for tag in tags:
            if tag.name not in named:
                named[tag.name] = finder.model(_lora_called(tag.name, finder.catalog), ("lora",))
    return named


def embeddings_in(
    texts: Sequence[str], checkpoints: Sequence[GridModel], catalog: Catalog
) -> dict[str, int]:
    """Return the embeddings that these prompts use: their keys in prompts, and their ids.

    A bare word counts only where the embedding of that name fits all checkpoints; one asked for
    as `embedding:NAME` has to be there and to fit, else `BadReference` or `LoraMismatch` is raised.
    """
    known: dict[str, ModelRow] = {}
    fitting: dict[str, int] = {}
    for row in catalog.search(_EMBEDDINGS).rows:
        for name in (PurePath(row.file_name).stem, row.name):
            key = embedding_key(name)
            known.setdefault(key, row)
            if all(_fits(row, checkpoint) for checkpoint in checkpoints):
                fitting.setdefault(key, row.id)
    for key in dict.fromkeys(key for text in texts for key in parse_prompt(text).embeddings):
        if key not in known:
            raise BadReference(
                f"No embedding called {key!r} is in the catalog.",
                hint="`loradex list kind:embedding` shows them.",
            )
        if key not in fitting:
            other = next(one for one in checkpoints if not _fits(known[key], one))
            raise LoraMismatch(
                f"The embedding {key} is for {known[key].base}, and {other.name} is {other.base}.",
                hint="Take it out of the prompt, or draw with another --checkpoint.",
            )
    used = {
        piece.embedding
        for text in texts
        for section in place_embeddings(weigh(take_lora_tags(text)[0]), fitting.keys()).sections
        for piece in section
        if piece.embedding
    }
    return {key: fitting[key] for key in sorted(used)}


def _lora_called(name: str, catalog: Catalog) -> int:
    """Return the LoRA that a tag names; other kinds of the same name do not count."""
    try:
        return catalog.resolve(name)
    except BadReference as error:
        folded = name.casefold()
        rows = [
            row
            for row in catalog.search("kind:lora is:present").rows
            if folded in (row.name.casefold(), PurePath(row.file_name).stem.casefold())
        ]
        if len(rows) == 1:
            return rows[0].id
        raise BadReference(
            f"<lora:{name}> in a prompt: {error.message}",
            hint="`loradex list kind:lora` shows the names; a number from there works as well.",
        ) from error


def _fits(row: ModelRow, checkpoint: GridModel) -> bool:
    return not row.base or not checkpoint.base or row.base == checkpoint.base
