"""A prompt as a person wrote it, taken apart."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from loradex.render.prompts.editing import stages
from loradex.render.prompts.embedding_names import asked_embeddings, place_embeddings
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.lora_tags import LoraRequest, take_lora_tags
from loradex.render.prompts.pieces import Weighted

_COMPOSED = re.compile(r"\bAND\b")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a prompt asks for.

    `text` is the prompt without LoRA tags, else as written; `embeddings` are the keys asked for
    with `embedding:`; `notes` are sentences for the person.
    """

    text: str
    loras: tuple[LoraRequest, ...] = ()
    embeddings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def parse_prompt(text: str) -> Prompt:
    """Take a prompt apart and check all of it. Raises `UnreadableText`."""
    words, loras, notes = take_lora_tags(text)
    for stage in stages(words, steps=20):
        weigh(stage.text)
    if _COMPOSED.search(words):
        notes = (*notes, "AND does not join two prompts here: it is read as a word.")
    return Prompt(words, loras, asked_embeddings(words), notes)


def weighted(text: str, embeddings: Collection[str] = ()) -> Weighted:
    """Return one stage's text with weights, and the known `embeddings` in their places."""
    return place_embeddings(weigh(text), embeddings)
