"""The configuration of one part of a diffusers folder."""

from __future__ import annotations

from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.build import Kind, class_name
from loradex.render.safefile import read_json


def part_config(folder: Path, kind: Kind) -> dict[str, object]:
    """Return the configuration of one part; raise `NotRenderable` when it is another network."""
    config = read_json(folder / "config.json")
    wanted = class_name(kind)
    if config.get("_class_name", wanted) != wanted:
        raise NotRenderable(
            f"{folder.parent.name}/{folder.name} is a {config['_class_name']}, "
            f"but a {wanted} is needed."
        )
    if "quantization_config" in config:
        raise NotRenderable(f"{folder.parent.name}/{folder.name} is quantised.")
    return config
