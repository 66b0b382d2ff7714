"""One name for a text encoder's weight, whichever of its names a writer used."""

from __future__ import annotations

from loradex.render.naming import plain_clip_name

_QWEN_ROOTS = ("model.language_model.", "language_model.model.", "language_model.", "model.")
"""Where the language model stands in files of different ages and writers."""


def plain_text_name(kind: str, name: str) -> str:
    """Return the shortest name of the weight `name` of a network of this kind.

    T5 shares one table between its embedding and its encoder; both names mean that table. Names
    of networks that have only one are returned as they are.
    """
    if kind in ("text", "text_projection"):
        return plain_clip_name(name)
    if kind == "t5":
        return "shared.weight" if name == "encoder.embed_tokens.weight" else name
    if kind in ("qwen3", "qwen2.5-vl"):
        for root in _QWEN_ROOTS:
            if name.startswith(root):
                return name.removeprefix(root)
    return name
