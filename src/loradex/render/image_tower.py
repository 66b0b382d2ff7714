"""CLIP scores: how alike pictures are in the eyes of an image tower, and how like their prompts.

CLIP-I is the cosine between two pictures, CLIP-T that between a picture and a text, as in
DreamBooth (Ruiz et al. 2023). Pictures are prepared as CLIP was trained: the shorter side to the
tower's by bicubic resampling, the middle cut out, and channels normalised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.recipe import RenderSettings
from loradex.errors import RenderError
from loradex.render.clip_vision import ImageTower, load_tower
from loradex.render.clip_words import load_words, text_features
from loradex.render.device import Placed, place
from loradex.render.quiet import offline_and_quiet

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of OpenAI's training pictures; every CLIP uses them."""
_AT_ONCE = 8
_MOST_PIXELS = 64_000_000


def clip_scores(request: Mapping[str, object]) -> dict[str, object]:
    """Return the CLIP scores of pictures, as plain values for a process to hand on.

    Of the request, `tower` is an image tower's folder or file, and `pictures` a list of `path`,
    `prompt`, `base` (the number of the picture in the list to compare with, or null) and `group`
    (pictures of one group differ in their seed alone). May be left out: `references`, paths of a
    person's pictures; `texts`, folders and files in which the tower's text half may be;
    `tokenizers`, folders; `device`.

    Of the answer, `tower` and `text` are names (`text` null without a text half), and `scores` has
    for each picture in turn the cosines `base`, `references`, `seeds` and `prompt`, each null where
    there is nothing to compare with. Those with several pictures are means over them.

    Raises `NotRenderable` for a tower that cannot be used, `RenderError` for a picture.
    """
    placed = _placed(str(request.get("device") or "auto"))
    path = Path(str(request["tower"]))
    pictures = _pictures(request["pictures"])
    references = _paths(request.get("references"))
    texts = [path, *_paths(request.get("texts"))]
    with offline_and_quiet():
        tower = load_tower(path, placed)
        seen = image_features(tower, [picture.path for picture in pictures])
        shown = image_features(tower, references) if references else None
        words = load_words(texts, tower.width, placed, _paths(request.get("tokenizers")))
        prompts = list(dict.fromkeys(picture.prompt for picture in pictures))
        meant = dict(zip(prompts, text_features(words, prompts), strict=True)) if words else {}
