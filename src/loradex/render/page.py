"""A grid as one HTML file that holds its pictures and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.text import display_lines, display_text
from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image

_EMBEDDED = 64_000_000
"""Bytes of full pictures inside a page; the rest is reached by relative links."""
_SMALL_SIDES = ((200, 384), (1000, 256), (10_000, 160))
"""Cells of a grid up to, and then the longest side of a small picture in pixels."""


def write_page(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    path: Path,
) -> Path:
    """Write the page of `plan` to `path`; return `path`.

    `finished` and `failed` are by key; a key in neither is shown as not drawn. Every text goes in
    as data and is shown as text, whatever it holds.
    """
    content = _page(plan, finished, failed, path.parent)
    with whole_file(path) as file:
        file.write(content.encode("utf-8", "backslashreplace"))
    return path


def _page(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    folder: Path,
) -> str:
    style, script = _resource("page.css"), _resource("page.js")
    spec, settings = plan.spec, plan.spec.settings
    facts = (
        f"{display_text(spec.checkpoint.name, 200)} · {settings.sampler}, "
        f"{settings.num_inference_steps} steps, guidance {settings.guidance_scale:g}, "
        f"{settings.width} × {settings.height}"
    )
    if spec.negative_prompt:
        facts += f" · without: {display_text(spec.negative_prompt, 300)}"
    filled = {
        "POLICY": html.escape(_policy(style, script), quote=True),
        "TITLE": html.escape(display_text(spec.title, 200) or "Sample grid"),
        "FACTS": html.escape(facts),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _as_data(_content(plan, finished, failed, folder)),
    }
    # One pass, so that no text can smuggle in another placeholder.
    return re.sub(r"%%([A-Z]+)%%", lambda found: filled[found.group(1)], _resource("page.html"))


def _policy(style: str, script: str) -> str:
    """Return a content policy that allows these two texts and local pictures, nothing else."""
    return (
        "default-src 'none'; img-src data: 'self' file:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(raw).decode('ascii')}"


def _resource(name: str) -> str:
    return (files("loradex.render") / "web" / name).read_text("utf-8")


def _as_data(content: Mapping[str, object]) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _content(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    folder: Path,
) -> dict[str, object]:
    """Return all the script needs: the axes, the distinct cells, and which cell stands where."""
    spec = plan.spec
    numbers = {cell.key: number for number, cell in enumerate(plan.cells)}
    side = next(side for most, side in _SMALL_SIDES if len(plan.cells) <= most)
    left = _EMBEDDED
    cells: list[dict[str, object]] = []
    for cell in plan.cells:
        if cell.key in finished:
            shown, used = _shown(finished[cell.key], folder, side=side, budget=left)
            left -= used
            cells.append(shown)
        else:
            broken = failed.get(cell.key)
            cells.append({"error": display_lines(broken.message) if broken else "Not drawn."})
    return {
        "width": spec.settings.width,
        "height": spec.settings.height,
        "loras": [display_text(lora.name, 200) for lora in spec.loras],
        "strengths": [float(f"{strength:g}") for strength in spec.strengths],
        "prompts": [display_text(prompt, 4000) for prompt in spec.prompts],
        # As text: seeds may be larger than what JavaScript counts exactly.
        "seeds": [str(seed) for seed in spec.seeds],
        "cells": cells,
        "places": _places(plan, numbers),
    }


def _places(plan: GridPlan, numbers: Mapping[str, int]) -> list[int]:
    """Return cell numbers by LoRA, then strength, then prompt, then seed."""
    ordered = sorted(
        plan.placements, key=lambda place: (place.lora, place.strength, place.prompt, place.seed)
    )
    return [numbers[place.cell.key] for place in ordered]


def _shown(
    cell: RenderedCell, folder: Path, *, side: int, budget: int
) -> tuple[dict[str, object], int]:
    """Return a finished cell for the script, and how many bytes of full picture it holds."""
    from PIL import Image  # noqa: PLC0415 - only when a page is written

    try:
        with Image.open(cell.path, formats=["PNG"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {"error": "The picture file cannot be read."}, 0
    shown: dict[str, object] = {
        "parameters": display_lines(cell.infotext),
        "seconds": f"{cell.seconds:.1f}",
        "file": _link(Path(cell.path), folder),
    }
    full = _webp(picture, lossless=True)
    if len(full) <= budget:
        shown["full"] = _data_uri(full)
        if max(picture.size) <= side:
            return shown | {"small": shown["full"]}, len(full)
        used = len(full)
    else:
        used = 0
    picture.thumbnail((side, side))
    return shown | {"small": _data_uri(_webp(picture, lossless=False))}, used


def _webp(picture: Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", lossless=lossless, quality=80, method=2)
    return buffer.getvalue()


def _data_uri(content: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}"


def _link(target: Path, folder: Path) -> str:
    """Return a relative address of `target` from a page in `folder`."""
    relative = os.path.relpath(target.absolute(), folder.absolute())
    return "/".join(quote(part, safe="") for part in Path(relative).parts)
