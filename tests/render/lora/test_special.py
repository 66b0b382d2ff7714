"""Algorithms that LyCORIS does not merge itself, against PEFT or against their own formula."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loradex.errors import LoraMismatch

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]


def net() -> Any:
    import torch
    from torch import nn

    torch.manual_seed(3)
    made = nn.Sequential(nn.Conv2d(8, 12, 3), nn.Linear(16, 12), nn.LayerNorm(12))
    return made.requires_grad_(False)


def merged(tensors: dict[str, Any], path: Path, *, strength: float = 1.0, base: Any = None) -> Any:
    """Return the network after a file of `tensors` was merged."""
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.modules import modules_from
    from loradex.render.lora.use import LoraAt

    made = base or net()
    path.write_bytes(save({name: tensor.contiguous().clone() for name, tensor in tensors.items()}))
    lora = match_lora(path, modules_from({"unet": made}), name="it", base=None)
    Merger().apply([LoraAt(lora, strength)])
    return made


def peft_merged(config: Any) -> tuple[dict[str, Any], Any]:
    """Return the tensors of a random PEFT adapter for `net`, and the network that PEFT merged."""
    import peft
    import torch

    model = peft.get_peft_model(net(), config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and "magnitude" not in name:
                parameter.copy_(0.2 * torch.randn_like(parameter))
            elif parameter.requires_grad:
                parameter.mul_(1 + 0.3 * torch.rand_like(parameter))
    state = peft.get_peft_model_state_dict(model)
    return state, model.merge_and_unload()


def lora_config(**more: Any) -> Any:
    import peft

    return peft.LoraConfig(r=4, lora_alpha=6, target_modules=["0", "1"], **more)


@pytest.mark.parametrize(
    "case", ["lora", "dora", "rslora", "bias", "oft series", "oft exact", "oft shared"]
)
def test_what_peft_merges(case: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    layers = ["0", "1"]
    config = {
        "lora": lora_config,
        "dora": lambda: lora_config(use_dora=True),
        "rslora": lambda: lora_config(use_rslora=True),
        "bias": lambda: lora_config(lora_bias=True),
        "oft series": lambda: peft.OFTConfig(r=0, oft_block_size=8, target_modules=layers),
        "oft exact": lambda: peft.OFTConfig(
            r=0, oft_block_size=8, target_modules=layers, use_cayley_neumann=False
        ),
        "oft shared": lambda: peft.OFTConfig(
            r=0, oft_block_size=8, target_modules=layers, block_share=True
        ),
    }[case]()
    tensors, theirs = peft_merged(config)
    # PEFT keeps alpha and the like in a file of its own.
    config.save_pretrained(tmp_path)
    ours = merged(tensors, tmp_path / "adapter_model.safetensors")
    for name in layers:
        got, wanted = ours.get_submodule(name), theirs.get_submodule(name)
        assert (got.weight - net().get_submodule(name).weight).abs().max() > 0.01
        assert torch.allclose(got.weight, wanted.weight, atol=2e-5)
        assert torch.allclose(got.bias, wanted.bias, atol=2e-5)


def test_both_layouts_of_glora(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.algorithms import Settings, weight_change

    weight = torch.randn(12, 16)
    a, b = torch.randn(16, 2), torch.randn(2, 16)
    c, d = torch.randn(12, 2), torch.randn(2, 16)
    wanted = 1.5 * (weight @ a @ b + c @ d)
    new = {"glora_a1": a, "glora_a2": b, "glora_b1": c, "glora_b2": d}
    old = {"glora_a1": b, "glora_a2": a, "glora_b1": d, "glora_b2": c}
    for tensors in (new, old):
        got = weight_change(weight, tensors, Settings(alpha=3.0), strength=1.0)
        assert torch.allclose(got, wanted, atol=1e-4)


def test_a_sparse_rest_is_added(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    down, up = torch.randn(2, 16), torch.randn(12, 2)
    places = torch.tensor([[0, 11, 3], [15, 0, 3]], dtype=torch.int16)
    values = torch.tensor([1.0, -2.0, 0.5])
    tensors = {
        "lora_unet_1.lora_down.weight": down,
        "lora_unet_1.lora_up.weight": up,
        "lora_unet_1.alpha": torch.tensor(2.0),
        "lora_unet_1.bias_indices": places,
        "lora_unet_1.bias_values": values,
        "lora_unet_1.bias_size": torch.tensor([12, 16], dtype=torch.int16),
    }
    wanted = net()[1].weight + 0.5 * (up @ down)
    for row, column, value in zip(*places.tolist(), values, strict=True):
        wanted[row, column] += 0.5 * value
    got = merged(tensors, tmp_path / "it.safetensors", strength=0.5)
    assert torch.allclose(got[1].weight, wanted, atol=1e-5)
    tensors["lora_unet_1.bias_indices"] = places + 1
    with pytest.raises(LoraMismatch, match="does not fit"):
        merged(tensors, tmp_path / "outside.safetensors")


def test_norms_and_biases(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    made = {name: torch.randn(12) for name in ("w_norm", "b_norm", "diff_b")}
    tensors = {
        "lora_unet_2.w_norm": made["w_norm"],
        "lora_unet_2.b_norm": made["b_norm"],
        "lora_unet_1.diff": torch.zeros(12, 16),
        "lora_unet_1.diff_b": made["diff_b"],
        "lora_unet_0.diff_b": made["diff_b"],
    }
    got, before = merged(tensors, tmp_path / "it.safetensors", strength=-0.5), net()
    assert torch.allclose(got[2].weight, before[2].weight - 0.5 * made["w_norm"])
    assert torch.allclose(got[2].bias, before[2].bias - 0.5 * made["b_norm"])
    assert torch.allclose(got[1].bias, before[1].bias - 0.5 * made["diff_b"])
    assert torch.allclose(got[0].bias, before[0].bias - 0.5 * made["diff_b"])
    assert torch.equal(got[0].weight, before[0].weight)


def test_turns_are_exact_to_single_precision(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    blocks = torch.randn(3, 4, 4)
    exact = blocks.double() - blocks.double().mT
    eye = torch.eye(4, dtype=torch.float64)
    turn = (eye + exact) @ torch.linalg.inv(eye - exact)
    weight = net()[1].weight.double().reshape(3, 4, 16)
    wanted = torch.einsum("knm,kni->kmi", turn, weight).reshape(12, 16)
    tensors = {"lora_unet_1.oft_blocks": blocks, "lora_unet_1.alpha": torch.tensor(0.0)}
    got = merged(tensors, tmp_path / "it.safetensors")
    assert (got[1].weight - wanted).abs().max() < 2e-6


def test_alphas_in_the_header_are_used(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import json

    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.modules import modules_from

    tensors = {
        f"unet.{name}.lora_{half}.weight": torch.randn(shape)
        for name, inner in {"0": (8, 3, 3), "1": (16,)}.items()
        for half, shape in {"A": (4, *inner), "B": (12, 4, *(1,) * (len(inner) - 1))}.items()
    }
    table = {"unet.lora_alpha": 8, "unet.alpha_pattern": {"1": 2}, "unet.use_rslora": True}
    header = {"lora_adapter_metadata": json.dumps(table)}
    path = tmp_path / "it.safetensors"
    path.write_bytes(save(tensors, header))
    file = match_lora(path, modules_from({"unet": net()}), name="it", base=None)
    scales = {patch.path: patch.factors(file.tensors())[2] for patch in file.patches}
    # Rank-stabilised: alpha over the root of the rank.
    assert scales == {"0": 4.0, "1": 1.0}


@pytest.mark.parametrize("text", ["[1]", "{", '{"unet.lora_alpha": true}', '{"lora_alpha": 1e999}'])
def test_a_header_that_says_nothing_is_passed_over(text: str) -> None:
    from loradex.render.lora.adapter import read_adapter

    config = read_adapter(Path("it.safetensors"), {"lora_adapter_metadata": text})
    assert config.alpha("unet.x", rank=4) is None
    assert not config.exact_turns("unet.x")
