"""What goes wrong in real folders: twins, edited copies, and files that are no healthy models."""

from __future__ import annotations

from pathlib import Path

from loradex.demo import sample_loras as of
from loradex.demo.sample_entries import HubFacts, Sample, text, weights
from loradex.demo.sample_metadata import Training, kohya
from loradex.demo.sample_shelf_loras import WRENNA, sd15_modules, sdxl_modules

TWINS = {
    "loras/_incoming/wrenna_v2 (1).safetensors": "loras/sd15/character/wrenna_v2.safetensors",
    "loras/xl/style/old/papierkram.safetensors": "loras/xl/style/papierkram_XL.safetensors",
    "loras/flux/etching_backup.safetensors": "loras/flux/copperplate_flux.safetensors",
}
"""Byte for byte the same under another name: twin to original."""

CUT_SHORT = "loras/_incoming/halfway.safetensors"
HTML_PAGE = "loras/_incoming/marsh_lights.safetensors"
POINTER = "checkpoints/old/model.safetensors"
EMPTY = "loras/_incoming/untitled.safetensors"
GROWING = "loras/_incoming/seaglass_xl.safetensors.part"
HOSTILE = "loras/_incoming/[bold red]look[@click=app.quit]here\x1b]0;owned\x07.safetensors"
"""Its name and its metadata try to command the terminal."""

_PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in</title></head>
<body><p>You must be signed in to download this file.</p></body></html>
"""
_POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:9f2c4d1e0b7a6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d
size 2132650982
"""


def trouble() -> list[Sample]:
    """Everything but the twins, which are made from what is there already."""
    return [
        # The tensors of `wrenna_v2` and `vesper_pdxl` under metadata that somebody edited.
        weights(
            "loras/sd15/character/wrenna (retitled).safetensors",
            lambda: of.lora(sd15_modules(), 16),
            metadata={**kohya("sd_v1", 16, "tinker girl", WRENNA), "modelspec.title": "Tinker"},
            alpha=8,
            seed="wrenna",
        ),
        weights(
            "loras/xl/pony/vesper_stripped.safetensors",
            lambda: of.lora(sdxl_modules(), 4),
            alpha=2,
            seed="vesper",
        ),
        _hostile(),
        Sample(CUT_SHORT, _write_cut_short),
        text(HTML_PAGE, _PAGE),
        text(POINTER, _POINTER),
        text(EMPTY, b""),
        text(GROWING, b"\x80" * 4096),
    ]


def _hostile() -> Sample:
    run = Training("[bold]clck[/bold] \x1b[2J\u202emirror", ("\x1b[31mred",), 9, "x.safetensors")
    metadata = kohya("sd_v1", 4, "\x1b]8;;file:///etc/passwd\x07click\x1b]8;;\x07", run)
    metadata["modelspec.title"] = "[link=file:///etc/passwd]Free prize[/link]\x1b[5m"
    metadata["modelspec.description"] = "Line one\r\x1b[1AOverwritten [@click=app.quit]quit[/]"
    return weights(
        HOSTILE,
        lambda: of.lora(sd15_modules(), 4),
        metadata=metadata,
        alpha=2,
        hub=HubFacts(
            70218, 80218, "[red]Loud[/red] \x1b[31mLabel", "v\x1b[0m1", "LORA", "SD 1.5",
            ("[bold]lbl[/bold]",), ("concept",), "mossgate",
        ),
    )  # fmt: skip


def _write_cut_short(target: Path) -> None:
    whole = weights(CUT_SHORT, lambda: of.lora(sdxl_modules(text=False), 4), alpha=2)
    whole.write(target)
    with target.open("r+b") as file:
        file.truncate(target.stat().st_size * 2 // 5)
