"""CLIP scores: how alike pictures are in the eyes of an image tower, and how like their prompts.

CLIP-I is the cosine between two pictures, CLIP-T that between a picture and a text, as in
DreamBooth (Ruiz et al. 2023). Pictures are prepared as CLIP was trained: the shorter side to the
tower's by bicubic resampling, the middle cut out, and channels normalised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loradex.domain.clip_scores import ClipAnswer, ClipPicture, ClipRequest, ClipScore
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
"""Of the channels of OpenAI's training pictures; every CLIP uses them."""
_AT_ONCE = 8
_MOST_PIXELS = 64_000_000
_LONGEST_SHAPE = 20
"""Times that a picture may be as long as it is wide; only its middle is seen anyway."""

_Cosines = Sequence[float | None]


def clip_scores(request: Mapping[str, object]) -> dict[str, object]:
    """Return the `ClipAnswer` to a `ClipRequest`, both as the plain values that JSON has.

    Both halves are loaded for this one call and let go of after it; where a card has no room for
    them they run on the CPU. Raises `NotRenderable` for a tower that cannot be used, `RenderError`
    for a picture that cannot be read, and `UsageError` for a device that is not there.
    """
    import torch  # noqa: PLC0415 - heavy

    asked = msgspec.convert(request, ClipRequest)
    placed = _placed(asked.device)
    try:
        answer = _scored(asked, placed)
    except torch.OutOfMemoryError:
        answer = _scored(asked, _placed("cpu"))
    if placed.device != "cpu":
        torch.cuda.empty_cache()  # what draws next plans with the memory that is free
    return asdict(answer)


def _scored(asked: ClipRequest, placed: Placed) -> ClipAnswer:
    with offline_and_quiet():
        tower = load_tower(Path(asked.tower), placed)
        seen = image_features(tower, [picture.path for picture in asked.pictures])
        shown = image_features(tower, asked.references)
        prompts = _to_prompts(asked, seen, tower.width, placed)
    columns = (
        _to_bases(seen, asked.pictures),
        _to_all(seen, shown),
        _to_groups(seen, asked.pictures),
        [None] * len(seen) if prompts is None else prompts,
    )
    scores = tuple(ClipScore(*row) for row in zip(*columns, strict=True))
    return ClipAnswer(tower.name, prompts is not None, scores)


def image_features(tower: ImageTower, paths: Sequence[str]) -> Tensor:
    """Return how the tower sees pictures: (pictures, width) in float32 on the CPU, of length 1.

    Raises `RenderError` naming a file that cannot be read.
    """
    import torch  # noqa: PLC0415 - heavy

    like = next(tower.model.parameters())
    found = [torch.empty(0, tower.width)]
    with torch.inference_mode():
        for start in range(0, len(paths), _AT_ONCE):
            some = [_opened(Path(path)) for path in paths[start : start + _AT_ONCE]]
            pixels = torch.stack([pixel_values(image, tower.side) for image in some])
            embeds = tower.model(pixel_values=pixels.to(like.device, like.dtype)).image_embeds
            found.append(embeds.float().cpu())
    return torch.nn.functional.normalize(torch.cat(found), dim=-1)


def pixel_values(image: Image, side: int) -> Tensor:
    """Return the middle of a picture as a tower takes it: (3, side, side) in float32."""
    import torch  # noqa: PLC0415 - heavy
    from PIL import Image as Images  # noqa: PLC0415 - beside its use

    shorter = min(image.size)
    width, height = (int(length * side / shorter) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    whole = image.convert("RGB").resize((width, height), Images.Resampling.BICUBIC)
    middle = whole.crop((left, top, left + side, top + side))
    levels = torch.frombuffer(bytearray(middle.tobytes()), dtype=torch.uint8)
    shares = levels.view(side, side, 3).permute(2, 0, 1).float() / 255
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (_MEAN, _DEVIATION))
    return (shares - mean) / deviation


def _opened(path: Path) -> Image:
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - beside its use

    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise RenderError(f"The picture {path.name} is too large.")
            if max(opened.size) > _LONGEST_SHAPE * min(opened.size):
                raise RenderError(f"The picture {path.name} is too long and narrow.")
            return ImageOps.exif_transpose(opened).convert("RGB")
    except Image.DecompressionBombError as error:
        raise RenderError(f"The picture {path.name} is too large.") from error
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
        raise RenderError(
            f"The picture {path.name} cannot be read.", hint="PNG, JPEG and WebP files are read."
        ) from error


def _placed(device: str) -> Placed:
    """Return where to look from: a card in float16, in which CLIP was trained, a CPU in float32."""
    placed = place(RenderSettings(device=device))
    return placed if placed.device == "cpu" else Placed(placed.device, "float16", placed.kind)


def _to_prompts(asked: ClipRequest, seen: Tensor, width: int, placed: Placed) -> list[float] | None:
    """Return each picture's cosine with its prompt; None without a text half."""
    places = [Path(path) for path in (asked.tower, *asked.texts)]
    words = load_words(places, width, placed, [Path(folder) for folder in asked.tokenizers])
    if words is None or not asked.pictures:
        return None
    prompts = list(dict.fromkeys(picture.prompt for picture in asked.pictures))
    meant = text_features(words, prompts)
    return [
        float(row @ meant[prompts.index(picture.prompt)])
        for row, picture in zip(seen, asked.pictures, strict=True)
    ]


def _to_bases(seen: Tensor, pictures: Sequence[ClipPicture]) -> _Cosines:
    return [
        None if picture.base is None else float(row @ seen[picture.base])
        for row, picture in zip(seen, pictures, strict=True)
    ]


def _to_all(seen: Tensor, shown: Tensor) -> _Cosines:
    if not len(shown):
        return [None] * len(seen)
    return [float(cosine) for cosine in (seen @ shown.T).mean(dim=1)]


def _to_groups(seen: Tensor, pictures: Sequence[ClipPicture]) -> _Cosines:
    """Return each picture's mean cosine with the others of its group."""
    found: list[float | None] = []
    for number, picture in enumerate(pictures):
        others = [
            place
            for place, other in enumerate(pictures)
            if other.group == picture.group and place != number
        ]
        found.append(float((seen[others] @ seen[number]).mean()) if others else None)
    return found
