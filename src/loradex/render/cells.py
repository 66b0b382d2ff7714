"""Finished cells: lossless PNGs that say in themselves how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import Cell, GridModel
from loradex.domain.infotext import Infotext, format_infotext
from loradex.render.samplers import infotext_names
from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image


def cell_path(folder: Path, key: str) -> Path:
    """Return where the cell with `key` lies under `folder`."""
    return folder / key[:2] / f"{key}.png"


def is_intact(path: Path, key: str) -> bool:
    """Tell whether `path` is a whole PNG, written by us, of the cell with `key`."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - beside its use

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            facts = json.loads(picture.info.get("loradex", "null"))
            picture.verify()
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return False
    return isinstance(facts, dict) and facts.get("key") == key


def infotext_of(cell: Cell, checkpoint: GridModel, *, engine: str) -> str:
    """Return the A1111 parameter text of a cell; the LoRA stands in the prompt as there."""
    settings = cell.settings
    sampler, schedule = infotext_names(settings.sampler)
    fields = {
        "Steps": str(settings.num_inference_steps),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{settings.guidance_scale:g}",
        "Seed": str(cell.seed),
        "Size": f"{settings.width}x{settings.height}",
    }
    hashes: dict[str, str] = {}
    # A folder's digest names its listing, which no other tool knows.
    if not Path(checkpoint.path).is_dir():
        fields["Model hash"] = hashes["model"] = checkpoint.digest[:10]
    fields["Model"] = checkpoint.name
    if settings.clip_skip > 1:
        fields["Clip skip"] = str(settings.clip_skip)
    fields["RNG"] = "CPU"
    prompt = cell.prompt
    if cell.lora is not None:
        tag_name = cell.lora.name.replace(":", "_").replace("<", "_").replace(">", "_")
        prompt = f"{prompt} <lora:{tag_name}:{cell.strength:g}>".strip()
        fields["Lora hashes"] = f"{tag_name}: {cell.lora.digest[:10]}"
        hashes[f"lora:{tag_name}"] = cell.lora.digest[:10]
    fields["Version"] = engine.partition(";")[0]
    return format_infotext(Infotext(prompt, cell.negative_prompt, fields, hashes))


def save_picture(
    picture: Image, path: Path, cell: Cell, checkpoint: GridModel, *, engine: str
) -> str:
    """Write the PNG to `path`, whole or not at all; return its parameter text.

    The same cell gives the same bytes: no time and no path is written into it.
    """
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - beside its use

    text = infotext_of(cell, checkpoint, engine=engine)
    info = PngInfo()
    info.add_text("parameters", text)
    info.add_text("loradex", json.dumps(_facts(cell, checkpoint, engine), sort_keys=True))
    with whole_file(path) as file:
        picture.save(file, format="PNG", pnginfo=info)
    return text


def _facts(cell: Cell, checkpoint: GridModel, engine: str) -> dict[str, object]:
    """Return all that determines the picture, exactly."""
    settings = cell.settings
    return {
        "key": cell.key,
        "engine": engine,
        "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
        "lora": cell.lora
        and {"name": cell.lora.name, "digest": cell.lora.digest, "strength": cell.strength},
        "prompt": cell.prompt,
        "negative_prompt": cell.negative_prompt,
        "seed": cell.seed,
        "width": settings.width,
        "height": settings.height,
        "num_inference_steps": settings.num_inference_steps,
        "guidance_scale": settings.guidance_scale,
        "sampler": settings.sampler,
        "clip_skip": settings.clip_skip,
    }
