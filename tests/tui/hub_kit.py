"""A small hub on loopback with fifty LoRAs, for the screens that ask one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion
from tui.shelf import picture

KEY = "key-of-mosskettle-0123456789"


def lora(folder: Path, number: int) -> WorldFile:
    """Write a tiny LoRA and return it as a file of the hub."""
    header = (
        b'{"lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight":'
        b'{"dtype":"F16","shape":[4,32],"data_offsets":[0,256]}}'
    )
    data = len(header).to_bytes(8, "little") + header + number.to_bytes(4, "little") * 64
    path = folder / f"neon{number}.safetensors"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return WorldFile(
        id=5000 + number,
        name=path.name,
        size_bytes=len(data),
        hashes={"SHA256": digest},
        path=str(path),
    )


def model(folder: Path, number: int, **more: object) -> WorldModel:
    """Return a LoRA with two versions, a file each, and a picture."""
    image = picture(folder / f"picture{number}.png", number * 9)
    versions = (
        WorldVersion(
            id=2000 + 2 * number,
            name="v2",
            base_model="Pony" if number % 2 else "SDXL 1.0",
            trained_words=("neonkn",),
            published_at="2026-05-11T09:30:00.000Z",
            files=(lora(folder, number),),
            images=(WorldImage(id=9000 + number, path=str(image)),),
        ),
        WorldVersion(
            id=2001 + 2 * number,
            name="v1",
            base_model="Pony" if number % 2 else "SDXL 1.0",
            published_at="2025-02-11T09:30:00.000Z",
            files=(lora(folder, 500 + number),),
        ),
    )
    return WorldModel(
        id=1000 + number,
        name=f"Neon Style {number:02d} [b]紙[/]",
        type="LORA",
        tags=("neon",),
        creator="mosskettle",
        downloads=1000 - number,
        versions=versions,
        **more,  # type: ignore[arg-type]
    )


def world(folder: Path) -> World:
    """Return fifty LoRAs and a mature one; their files and pictures are written to `folder`."""
    folder.mkdir()
    models = [model(folder, number) for number in range(1, 51)]
    models.append(model(folder, 60, content_level=28, mature=True))
    return World(accounts={KEY: "mosskettle"}, models=tuple(models))
