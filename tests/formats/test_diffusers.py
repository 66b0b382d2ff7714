"""Diffusers folders: classes, the denoiser's tensors, and folders that lie."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.header import FileFormat
from loradex.errors import FormatError
from loradex.formats.headers import read_header

from .making import safetensors, table

INDEX = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.30.0",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "image_encoder": [None, None],
    "force_zeros_for_empty_prompt": True,
}


def model(root: Path, index: Any = INDEX, **files: bytes | str) -> Path:
    """A folder with `model_index.json`; `unet__config_json="…"` makes `unet/config.json`."""
    root.mkdir(exist_ok=True)
    (root / "model_index.json").write_text(index if isinstance(index, str) else json.dumps(index))
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def weights(name: str) -> bytes:
    return safetensors(table({name: ("F16", [2])}))


def test_classes_tensors_and_settings(tmp_path: Path) -> None:
    folder = model(
        tmp_path / "m",
        **{
            "unet/config.json": json.dumps({"in_channels": 9, "sizes": [1], "act_fn": "silu"}),
            "scheduler/scheduler_config.json": json.dumps({"prediction_type": "v_prediction"}),
            "unet/diffusion_pytorch_model.safetensors": weights("conv_in.weight"),
            "unet/diffusion_pytorch_model.fp16.safetensors": weights("other"),
            "vae/diffusion_pytorch_model.safetensors": weights("decoder"),
        },
    )
    header = read_header(folder)
    assert header.format is FileFormat.DIFFUSERS
    assert header.config == {
        "_class_name": "StableDiffusionXLPipeline",
        "unet": "UNet2DConditionModel",
        "vae": "AutoencoderKL",
    }
    assert list(header.tensors) == ["conv_in.weight"]
    assert header.metadata == {
        "unet.in_channels": "9",
        "unet.act_fn": "silu",
        "scheduler.prediction_type": "v_prediction",
    }


@pytest.mark.parametrize("variant", ["{}-0000{}-of-00002", "{}.fp16-0000{}-of-00002"])
def test_shards_are_read_together(tmp_path: Path, variant: str) -> None:
    names = [variant.format("diffusion_pytorch_model", n) for n in (1, 2)]
    folder = model(
        tmp_path / "m",
        {"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]},
        **{f"transformer/{n}.safetensors": weights(n) for n in names},
    )
    assert set(read_header(folder).tensors) == set(names)


def test_weights_that_are_not_safetensors_are_a_note(tmp_path: Path) -> None:
    folder = model(tmp_path / "m", **{"unet/diffusion_pytorch_model.bin": b"\x80\x02}."})
    header = read_header(folder)
    assert header.tensors == {}
    assert "class names alone" in header.notes[0]


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("{", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ('{"a": 1}', "names no pipeline"),
        ('{"_class_name": ["x"]}', "names no pipeline"),
        (" " * 5_000_000, "too many for a configuration"),
    ],
)
def test_a_broken_index_is_refused_in_words(tmp_path: Path, index: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_header(model(tmp_path / "m", index))


def test_part_names_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.safetensors").write_bytes(weights("stolen"))
    index = {
        "_class_name": "P",
        "../secret": ["x", "Y"],
        str(secret): ["x", "Z"],
        "n" * 999: ["x", "y"],
    }
    header = read_header(model(tmp_path / "m", index))
    assert header.tensors == {}
    assert max(map(len, header.config)) <= 64


def test_a_fifo_for_an_index(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    os.mkfifo(folder / "model_index.json")
    with pytest.raises(FormatError, match=r"folder without model_index\.json"):
        read_header(folder)


def test_a_broken_shard_is_named(tmp_path: Path) -> None:
    folder = model(
        tmp_path / "m", **{"unet/diffusion_pytorch_model.safetensors": weights("a")[:-1]}
    )
    with pytest.raises(FormatError, match="is cut short") as caught:
        read_header(folder)
    assert caught.value.path == str(folder / "unet" / "diffusion_pytorch_model.safetensors")
