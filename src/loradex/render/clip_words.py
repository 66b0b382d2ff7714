"""Texts as the text half of a CLIP sees them, in the space that its image half shares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.text_file import build_text, text_sources
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.device import Placed
from loradex.render.parts import TextPart
from loradex.render.safefile import weight_files

if TYPE_CHECKING:
    from torch import Tensor

_PROJECTIONS = ("text_model.text_projection.weight", "text_projection.weight")
_LONGEST = 77


def load_words(
    paths: Sequence[Path], width: int, placed: Placed, tokenizers: Sequence[Path] = ()
) -> TextPart | None:
    """Return the first text half that answers with `width` numbers; None without any.

    `paths` are folders and files of text encoders and of whole CLIPs, in the names of
    transformers. Those that cannot be read, or have no tokenizer, are passed over.
    """
    for path in paths:
        try:
            found = _load(path, width, placed, tokenizers)
        except NotRenderable:
            continue
        if found is not None:
            return found
    return None


def text_features(part: TextPart, texts: Sequence[str]) -> Tensor:
    """Return what each text looks like: (texts, width) in float32 on the CPU, of length 1.

    What is longer than the encoder reads is cut.
    """
    import torch  # noqa: PLC0415 - heavy

    tokenizer = part.tokenizer
    rows = []
    with torch.inference_mode():
        for text in texts:
            words = tokenizer(text, add_special_tokens=False)["input_ids"][: _LONGEST - 2]
            ids = torch.tensor([[tokenizer.bos_token_id, *words, tokenizer.eos_token_id]])
            embeds = part.model(ids.to(next(part.model.parameters()).device)).text_embeds
            rows.append(embeds.float().cpu())
    return torch.nn.functional.normalize(torch.cat(rows), dim=-1)


def _load(path: Path, width: int, placed: Placed, tokenizers: Sequence[Path]) -> TextPart | None:
    files = weight_files(path) if path.is_dir() else (path,)
    folders = _tokenizers_beside(path) if path.is_dir() else ()
    with open_weights(files[0]) as file:
        source = next((one for one in text_sources(file) if one.kind == "text"), None)
        if source is None or _projected(file, source.prefix) != width:
            return None
        return build_text(
            file,
            source,
            placed,
            checkpoint=files[0],
            folders=(*folders, *tokenizers),
            projects=True,
        )


def _tokenizers_beside(folder: Path) -> tuple[Path, ...]:
    """Return where a text encoder's folder has its tokenizer: in itself, or beside it."""
    return folder, folder.parent / folder.name.replace("text_encoder", "tokenizer")


def _projected(file: Weights, prefix: str) -> int | None:
    """Return how many numbers the projection gives, None without one."""
    names = (prefix + name for name in _PROJECTIONS)
    return next((file.shape(name)[0] for name in names if name in file.names), None)
