"""Where a new file of each kind belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from layouts import trees
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detecting import detect
from loradex.operations.layouts.places import folder_for

K, L = ModelKind, Layout
WEB_UI = {"models/Lora": K.LORA, "embeddings": K.EMBEDDING}


@pytest.mark.parametrize(
    ("layout", "folders", "kind", "place"),
    [
        (L.COMFYUI, {}, K.LORA, "loras"),
        (L.COMFYUI, {}, K.CHECKPOINT, "checkpoints"),
        (L.COMFYUI, {}, K.DIFFUSION_MODEL, "diffusion_models"),
        (L.COMFYUI, {"unet": K.DIFFUSION_MODEL}, K.DIFFUSION_MODEL, "unet"),
        (L.COMFYUI, {}, K.TEXT_ENCODER, "text_encoders"),
        (L.COMFYUI, {}, K.T2I_ADAPTER, "t2i_adapter"),
        (L.A1111, WEB_UI, K.LORA, "models/Lora"),
        (L.A1111, WEB_UI, K.EMBEDDING, "embeddings"),
        (L.A1111, {"models/Lora": K.LORA}, K.EMBEDDING, "embeddings"),
        (L.A1111, WEB_UI, K.VAE, "models/VAE"),
        (L.A1111, WEB_UI, K.DIFFUSION_MODEL, "models/Stable-diffusion"),
        (L.A1111, WEB_UI, K.IP_ADAPTER, "models/ControlNet"),
        (L.A1111, WEB_UI, K.MOTION_MODULE, None),
        (L.A1111, {"Lora": K.LORA}, K.VAE, "VAE"),
        (L.A1111, {"Lora": K.LORA}, K.EMBEDDING, None),
        (L.SWARMUI, {}, K.CHECKPOINT, "Stable-Diffusion"),
        (L.SWARMUI, {"checkpoints": K.CHECKPOINT}, K.CHECKPOINT, "checkpoints"),
        (L.SWARMUI, {}, K.CONTROLNET, "controlnet"),
        (L.STABILITY_MATRIX, {}, K.CHECKPOINT, "StableDiffusion"),
        (L.STABILITY_MATRIX, {}, K.EMBEDDING, "Embeddings"),
        (L.SDNEXT, {}, K.DIFFUSION_MODEL, "UNET"),
        (L.SDNEXT, {}, K.T2I_ADAPTER, "control"),
        (L.PLAIN, {}, K.LORA, "loras"),
        (L.PLAIN, {"": K.LORA}, K.LORA, ""),
        (L.PLAIN, {"": K.LORA}, K.CHECKPOINT, "checkpoints"),
        (L.PLAIN, {"My LoRA": K.LORA}, K.LORA, "My LoRA"),
        (L.INVOKEAI, {}, K.LORA, None),
        (L.HUGGING_FACE, {}, K.CHECKPOINT, None),
        (L.COMFYUI, {"gligen": K.UNKNOWN}, K.UNKNOWN, None),
    ],
)
def test_where_a_file_belongs(
    layout: Layout, folders: dict[str, ModelKind], kind: ModelKind, place: str | None
) -> None:
    assert folder_for(layout, kind, folders) == place


def test_the_preferred_of_two_folders(tmp_path: Path) -> None:
    told = detect(trees.tree(trees.comfyui(tmp_path / "c"), "models/unet/", "models/clip/",
                             "models/diffusion_models/"))  # fmt: skip
    assert told is not None
    folders = told.roots[0].folders
    assert folder_for(Layout.COMFYUI, K.DIFFUSION_MODEL, folders) == "diffusion_models"
    assert folder_for(Layout.COMFYUI, K.TEXT_ENCODER, folders) == "clip"
