"""What the authors of each published architecture recommend.

Sizes, steps and guidance are those of the model cards on Hugging Face: stabilityai (SD 3, 3.5),
black-forest-labs (FLUX.1, FLUX.2 klein), lodestones (Chroma), Qwen (Qwen-Image) and Tongyi-MAI
(Z-Image).
"""

from __future__ import annotations

from collections.abc import Mapping

from loradex.render.bases.base import Defaults
from loradex.render.build import Kind

_SQUARE = 1024
_MULTIPLE = 16


def _at(steps: int, guidance: float, side: int = _SQUARE) -> Defaults:
    return Defaults(side, side, steps, guidance, multiple=_MULTIPLE)


_FULL: Mapping[Kind, Defaults] = {
    "sd3": _at(28, 4.5),
    "flux": _at(28, 3.5),
    "chroma": _at(26, 4.0),
    "qwen": _at(50, 4.0, 1328),
    "z-image": _at(50, 5.0),
    "flux2": _at(50, 4.0),
}
_DISTILLED: Mapping[Kind, Defaults] = {
    "sd3": _at(4, 1.0),
    "flux": _at(4, 1.0),
    "z-image": _at(9, 1.0),
    "flux2": _at(4, 1.0),
}
_MOSTLY_DISTILLED = ("z-image", "flux2")
"""Families whose undistilled version says `base` in its name; elsewhere `turbo` says the other."""


def defaults_of(
    kind: Kind, name: str, *, guidance_embeds: bool = False, distilled: bool | None = None
) -> Defaults:
    """Return what suits a transformer.

    Distilled versions of one architecture have weights of the same shapes, FLUX.1 schnell apart.
    Where `distilled` is not known (None) the file's or folder's `name` decides.
    """
    lower = name.casefold()
    if kind == "flux":
        distilled = not guidance_embeds
    elif distilled is None:
        distilled = "base" not in lower if kind in _MOSTLY_DISTILLED else "turbo" in lower
    return (_DISTILLED if distilled and kind in _DISTILLED else _FULL)[kind]
