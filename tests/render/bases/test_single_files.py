"""Single files of the transformer families: names, bundles, companions, stored formats."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loradex.errors import ExtraMissing, NotRenderable
from loradex.render.bases.companions import Companions

from .conftest import CPU, draw
from .families import FAMILIES
from .native import (
    KINDS,
    copy_tokenizers,
    native_transformer,
    native_vae,
    tensors_of,
    text_encoders,
    write,
    write_bundle,
)

pytestmark = pytest.mark.render

Folders = Callable[[str], Path]
CONVERTERS = {
    "sd3": "convert_sd3_transformer_checkpoint_to_diffusers",
    "flux": "convert_flux_transformer_checkpoint_to_diffusers",
    "chroma": "convert_chroma_transformer_checkpoint_to_diffusers",
    "z-image": "convert_z_image_transformer_checkpoint_to_diffusers",
    "flux2": "convert_flux2_transformer_checkpoint_to_diffusers",
}


def load(path: Path, companions: Companions | None = None) -> Any:
    from loradex.render.bases.load import load_base

    return load_base(path, CPU, companions or Companions())


def same(first: Any, second: Any, *, far: int = 0) -> None:
    mine, other = (draw(base, ["a red boat"], [3], [3.0], steps=1)[0] for base in (first, second))
    assert other.std() > 5
    assert np.abs(mine - other).max() <= far


@pytest.mark.parametrize("family", [one for one in FAMILIES if one not in ("qwen", "flux-schnell")])
def test_names_are_those_diffusers_converts(family: str, folders: Folders) -> None:
    from diffusers.loaders import single_file_utils as theirs

    name = CONVERTERS[KINDS[family]]
    # Theirs knows FLUX.1 in one width only; the same lines serve the tiny one.
    source = textwrap.dedent(inspect.getsource(getattr(theirs, name)))
    names: dict[str, Any] = dict(vars(theirs))
    exec(source.replace("inner_dim = 3072", "inner_dim = 256"), names)  # noqa: S102
    converted = names[name](native_transformer(folders(family), family))
    ours = tensors_of(folders(family) / "transformer")
    assert ours.keys() == converted.keys()
    assert all((ours[one] == converted[one]).all() for one in ours)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bundle_draws_what_the_folder_draws(
    family: str, folders: Folders, tmp_path: Path
) -> None:
    folder = folders(family)
    path = write_bundle(folder, family, tmp_path / "klein-base.safetensors")
    same(load(path), load(folder))


@pytest.mark.parametrize("prefix", ["", "diffusion_model.", "transformer."])
def test_parts_apart_are_found_among_the_companions(
    prefix: str, folders: Folders, tmp_path: Path
) -> None:
    folder = folders("flux-dev")
    weights = native_transformer(folder, "flux-dev")
    path = write(
        tmp_path / "unet" / "flux.safetensors",
        {prefix + name: tensor for name, tensor in weights.items()},
    )
    copy_tokenizers(folder, path.parent)
    texts = [
        write(tmp_path / "clip" / f"{name}.safetensors", tensors)
        for name, tensors in text_encoders(folder, "flux-dev").items()
    ]
    vae = write(tmp_path / "vae" / "ae.safetensors", native_vae(folder, "flux-dev"))
    other = folders("z-image")
    strangers = write(
        tmp_path / "clip" / "qwen.safetensors", text_encoders(other, "z-image")["qwen3_4b"]
    )
    companions = Companions(
        vaes=(tmp_path / "gone.safetensors", strangers, vae), texts=(strangers, *texts)
    )
    same(load(path, companions), load(folder))


def test_diffusers_names_in_one_file_are_read(folders: Folders, tmp_path: Path) -> None:
    folder = folders("sd3.5")
    path = write(tmp_path / "x.safetensors", tensors_of(folder / "transformer"))
    copy_tokenizers(folder, tmp_path)
    texts = [
        write(tmp_path / f"{name}.safetensors", tensors)
        for name, tensors in text_encoders(folder, "sd3.5").items()
    ]
    vae = write(tmp_path / "v.safetensors", tensors_of(folder / "vae"))
    same(load(path, Companions(vaes=(vae,), texts=tuple(texts))), load(folder))


@pytest.mark.parametrize(
    ("family", "words", "file"),
    [
        ("flux-dev", "needs its VAE", "ae.safetensors"),
        ("flux-dev", "needs the CLIP-L text encoder", "clip_l.safetensors"),
        ("flux-dev", "needs the T5-XXL text encoder", "t5xxl_fp16.safetensors"),
        ("sd3", "needs the CLIP-G text encoder", "clip_g.safetensors"),
        ("qwen", "needs the Qwen2.5-VL text encoder", "qwen_2.5_vl_7b_fp8_scaled.safetensors"),
        ("z-image", "needs the Qwen3 4B text encoder", "qwen_3_4b.safetensors"),
        ("klein", "needs its VAE", "flux2-vae.safetensors"),
    ],
)
def test_what_is_missing_is_said_before_loading(
    family: str, words: str, file: str, folders: Folders, tmp_path: Path
) -> None:
    from loradex.render.loading import borrowed_files

    path = tmp_path / "alone.safetensors"
    write(path, native_transformer(folders(family), family))
    copy_tokenizers(folders(family), tmp_path)
    with pytest.raises(NotRenderable, match=words) as caught:
        load(path)
    with pytest.raises(NotRenderable, match=words) as before:
        borrowed_files(path, (), ())
    assert file in str(before.value.hint)
    assert file in str(caught.value.hint)


def test_sd3_draws_without_t5_and_says_so(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "sd3"
    shutil.copytree(folders("sd3"), folder)
    path = write_bundle(folder, "sd3", tmp_path / "x.safetensors")
    from safetensors.torch import load_file

    tensors = {name: one for name, one in load_file(path).items() if ".t5xxl." not in name}
    write(path, tensors)
    shutil.rmtree(folder / "text_encoder_3")
    base = load(path)
    assert any("without the T5-XXL" in note for note in base.notes)
    same(base, load(folder))


def test_a_missing_tokenizer_is_named(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loradex.render.loading import borrowed_files, lacking_tokenizers

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    path = write_bundle(folders("z-image"), "z-image", tmp_path / "x.safetensors")
    shutil.rmtree(tmp_path / "tokenizer_qwen")
    assert borrowed_files(path, (), ()) == ((), ())
    assert lacking_tokenizers(path, (), ()) == ("qwen",)
    with pytest.raises(NotRenderable, match="needs Qwen's tokenizer"):
        load(path)
    given = tmp_path / "elsewhere"
    shutil.copytree(folders("z-image") / "tokenizer", given)
    assert lacking_tokenizers(path, (), (given,)) == ()
    same(load(path, Companions(tokenizers=(given,))), load(folders("z-image")))


@pytest.mark.parametrize("style", ["scale_weight", "weight_scale", "rows", "comfy_quant"])
def test_eight_bit_weights_are_scaled_when_read(
    style: str, folders: Folders, tmp_path: Path
) -> None:
    import json

    import torch
    from safetensors.torch import load_file

    path = write_bundle(folders("flux-schnell"), "flux-schnell", tmp_path / "x.safetensors")
    plain = load_file(path)
    stored: dict[str, Any] = {}
    for name, tensor in plain.items():
        if not name.endswith(("attn.qkv.weight", "linear1.weight")):
            stored[name] = tensor
            continue
        root = name.removesuffix(".weight")
        scale = tensor.abs().max() / 400
        if style == "rows":
            scale = tensor.abs().amax(1, keepdim=True) / 400
        stored[name] = (tensor / scale).to(torch.float8_e4m3fn)
        plain[name] = stored[name].float() * scale
        stored[f"{root}.{'scale_weight' if style == 'scale_weight' else 'weight_scale'}"] = scale
        stored[f"{root}.input_scale"] = torch.ones(())
        if style == "comfy_quant":
            note = json.dumps({"format": "float8_e4m3fn"}).encode()
            stored[f"{root}.comfy_quant"] = torch.tensor(list(note), dtype=torch.uint8)
    stored["scaled_fp8"] = torch.zeros(0).to(torch.float8_e4m3fn)
    same(
        load(write(tmp_path / "eight.safetensors", stored)),
        load(write(tmp_path / "plain.safetensors", plain)),
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("double_blocks.0.img_attn.qkv.weight.absmax", "quantised"),
        ("double_blocks.0.img_attn.qkv.comfy_quant", "format nvfp4"),
    ],
)
def test_other_quantised_formats_are_refused(
    name: str, words: str, folders: Folders, tmp_path: Path
) -> None:
    import torch

    tensors = native_transformer(folders("flux-dev"), "flux-dev")
    tensors[name] = torch.tensor(list(b'{"format": "nvfp4"}'), dtype=torch.uint8)
    with pytest.raises(NotRenderable, match=words):
        load(write(tmp_path / "x.safetensors", tensors))


@pytest.mark.parametrize(
    ("family", "change", "words"),
    [
        ("flux-dev", ("img_in.weight", (256, 384)), "made for inpainting"),
        ("klein", ("guidance_in.in_layer.weight", (256, 256)), "FLUX.2 dev"),
        ("flux-dev", ("double_blocks.1.img_mlp.0.weight", (4, 4)), "has the shape"),
        ("flux-dev", ("double_blocks.500.img_mlp.0.weight", (4, 4)), "absurd num_layers"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    family: str,
    change: tuple[str, tuple[int, ...]],
    words: str,
    folders: Folders,
    tmp_path: Path,
) -> None:
    import torch
    from safetensors.torch import load_file

    path = write_bundle(folders(family), family, tmp_path / "x.safetensors", prefix="")
    write(path, {**load_file(path), change[0]: torch.zeros(change[1])})
    with pytest.raises(NotRenderable, match=words):
        load(path)


def test_a_gguf_draws_what_its_numbers_say(folders: Folders, tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    folder = folders("flux-schnell")
    weights = native_transformer(folder, "flux-schnell")
    path = tmp_path / "flux.gguf"
    writer = gguf.GGUFWriter(path, "flux")
    rounded: dict[str, Any] = {}
    import torch

    for name, tensor in weights.items():
        numbers = tensor.float().numpy()
        kind = gguf.GGMLQuantizationType.F32
        if tensor.dim() == 2 and "blocks" in name:
            kind = gguf.GGMLQuantizationType.Q8_0
            numbers = gguf.quants.quantize(numbers, kind)
        writer.add_tensor(name, numbers, raw_dtype=kind)
        rounded[name] = torch.from_numpy(gguf.quants.dequantize(numbers, kind).copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    copy_tokenizers(folder, tmp_path)
    companions = Companions(
        vaes=(write(tmp_path / "ae.safetensors", native_vae(folder, "flux-schnell")),),
        texts=tuple(
            write(tmp_path / f"{name}.safetensors", tensors)
            for name, tensors in text_encoders(folder, "flux-schnell").items()
        ),
    )
    plain = write(tmp_path / "plain.safetensors", rounded)
    same(load(path, companions), load(plain, companions))


def test_a_gguf_without_its_package_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loradex.render.bases import gguf_file

    monkeypatch.setattr(gguf_file, "find_spec", lambda _: None)
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(ExtraMissing, match="package that reads those"):
        load(tmp_path / "x.gguf")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\0\0\0" + b"\xff" * 64, b"PK" * 40])
def test_a_broken_gguf_is_refused(content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(NotRenderable, match="GGUF"):
        load(tmp_path / "x.gguf")
