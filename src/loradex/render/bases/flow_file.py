"""Load a transformer checkpoint from a single file, with companions where it is not complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from loradex.render.bases.base import Base
from loradex.render.bases.chroma import ChromaBase
from loradex.render.bases.coder import Coder
from loradex.render.bases.companions import Companions, refuse_missing
from loradex.render.bases.flow import FlowParts
from loradex.render.bases.flux import FluxBase
from loradex.render.bases.flux2 import Flux2KleinBase
from loradex.render.bases.qwen import QwenBase
from loradex.render.bases.sd3 import SD3Base
from loradex.render.bases.survey import Survey, survey, text_folders
from loradex.render.bases.text_file import build_text
from loradex.render.bases.transformer_config import build_transformer, scheduler_of
from loradex.render.bases.transformer_file import TransformerFile
from loradex.render.bases.vae_choice import latent_numbers
from loradex.render.bases.vae_file import build_coder
from loradex.render.bases.weights import open_weights
from loradex.render.bases.zimage import ZImageBase
from loradex.render.build import Kind
from loradex.render.device import Placed
from loradex.render.parts import TextPart

_BASES: Mapping[Kind, Callable[[FlowParts], Base]] = {
    "sd3": SD3Base,
    "flux": FluxBase,
    "chroma": ChromaBase,
    "qwen": QwenBase,
    "z-image": ZImageBase,
    "flux2": Flux2KleinBase,
}
_CLIP_PADDING = {"text_encoder": "<|endoftext|>", "text_encoder_2": "!"}
"""CLIP-G was trained with another padding than CLIP-L."""


def load_flow_file(
    found: TransformerFile, path: Path, placed: Placed, companions: Companions
) -> Base:
    """Return the checkpoint around the transformer `found` in `path`.

    Raises `NotRenderable`, naming every file that is missing before anything is loaded.
    """
    known = survey(found, path, companions)
    refuse_missing(known.missing)
    return _BASES[found.kind](
        FlowParts(
            transformer=build_transformer(found, placed),
            coder=_coder(known, placed),
            texts={part: _text(part, known, path, placed, companions) for part in known.texts},
            scheduler=scheduler_of(found),
            notes=tuple(one.sentence for one in known.missing),
        )
    )


def _coder(known: Survey, placed: Placed) -> Coder:
    assert known.vae is not None  # noqa: S101 - a missing one was refused
    scale, shift = latent_numbers("sd3" if known.kind == "sd3" else "flux")
    with open_weights(known.vae.path) as file:
        return build_coder(file, known.vae, placed, scale=scale, shift=shift)


def _text(
    part: str, known: Survey, checkpoint: Path, placed: Placed, companions: Companions
) -> TextPart:
    source = known.texts[part]
    with open_weights(source.path) as file:
        return build_text(
            file,
            source,
            placed,
            checkpoint=checkpoint,
            folders=text_folders(source),
            last=companions.tokenizers,
            projects=known.kind == "sd3" and source.kind == "text",
            pad_token=_CLIP_PADDING[part] if source.kind == "text" else None,
        )
