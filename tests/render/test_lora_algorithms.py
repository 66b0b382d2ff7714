"""Every algorithm against LyCORIS' own modules, which is where the formulas come from."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from typing import Any

import pytest

from loradex.errors import LoraMismatch
from loradex.render.lora.algorithms import Settings, bias_change, weight_change
from loradex.render.lora.keys import split_key

pytestmark = pytest.mark.render


def changed_weight(
    weight: Any, tensors: Any, *, alpha: float | None, on_input: bool, strength: float
) -> Any:
    settings = Settings(alpha, on_input)
    return weight + weight_change(weight, tensors, settings, strength=strength)


def changed_bias(bias: Any, tensors: Any, *, strength: float) -> Any:
    return bias + bias_change(tensors, Settings(), strength=strength)


def layer(kind: str) -> Any:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    if kind == "linear":
        return torch.nn.Linear(24, 16)
    return torch.nn.Conv2d(12, 16, 3, padding=1)


def filled(module: Any) -> Any:
    """Give every parameter of an adapter a value, since most start at zero."""
    import torch

    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name in {"rescale", "dora_scale"}:
                parameter.mul_(1 + 0.2 * torch.rand_like(parameter))
            else:
                parameter.copy_(0.3 * torch.randn_like(parameter))
    return module


def roles_of(module: Any) -> tuple[dict[str, Any], float | None, bool]:
    tensors, alpha, on_input = {}, None, False
    for name, tensor in module.state_dict().items():
        if name == "scalar":
            continue
        split = split_key(f"m.{name}")
        assert split is not None, name
        if split[1] == "alpha":
            alpha = float(tensor)
        else:
            tensors[split[1]] = tensor.detach().float()
            on_input = on_input or (split[1] == "on_input" and bool(tensor))
    return tensors, alpha, on_input


# LyCORIS merges these two with alpha / rank squared but runs them with alpha / rank, so only a
# ratio of 1 can be compared; the scale has a test of its own.
ONCE = {"lora_dim": 3, "alpha": 3.0}
THIN = {"lora_dim": 1, "alpha": 1.0}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "lora": ("locon.LoConModule", {}),
    "lora tucker": ("locon.LoConModule", {"use_tucker": True}),
    "lora dora rows": ("locon.LoConModule", {"weight_decompose": True, "wd_on_out": True}),
    "lora dora columns": ("locon.LoConModule", {"weight_decompose": True, "wd_on_out": False}),
    "loha": ("loha.LohaModule", ONCE),
    "loha tucker": ("loha.LohaModule", {**ONCE, "use_tucker": True}),
    "loha dora": ("loha.LohaModule", {**ONCE, "weight_decompose": True}),
    "lokr": ("lokr.LokrModule", {**ONCE, "factor": 4}),
    "lokr both factored": ("lokr.LokrModule", {**THIN, "factor": 4, "decompose_both": True}),
    "lokr whole": ("lokr.LokrModule", {"factor": 4, "full_matrix": True, "alpha": 3.0}),
    "lokr tucker": ("lokr.LokrModule", {**THIN, "factor": 4, "use_tucker": True}),
    "glora": ("glora.GLoRAModule", {}),
    "ia3 output": ("ia3.IA3Module", {"train_on_input": False}),
    "ia3 input": ("ia3.IA3Module", {"train_on_input": True}),
    "oft": ("diag_oft.DiagOFTModule", {"lora_dim": 4}),
    "oft limited": ("diag_oft.DiagOFTModule", {"lora_dim": 4, "constraint": 0.01}),
    "oft rescaled": ("diag_oft.DiagOFTModule", {"lora_dim": 4, "rescaled": True}),
    "boft": ("boft.ButterflyOFTModule", {"lora_dim": 4}),
    "boft rescaled": ("boft.ButterflyOFTModule", {"lora_dim": 4, "rescaled": True}),
}


@pytest.mark.parametrize("kind", ["linear", "conv"])
@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.filterwarnings("ignore")
def test_weight_is_what_lycoris_merges(case: str, kind: str) -> None:
    import importlib

    torch = pytest.importorskip("torch")
    pytest.importorskip("lycoris")
    place, options = CASES[case]
    file, class_name = place.split(".")
    original = layer(kind)
    chosen = {"lora_dim": 3, "alpha": 2.0, **options}
    adapter = getattr(importlib.import_module(f"lycoris.modules.{file}"), class_name)
    module = filled(adapter("m", original, 1.0, **chosen))
    tensors, alpha, on_input = roles_of(module)
    weight = original.weight.detach()
    # At half strength DoRA and rescaled turns mean something else in LyCORIS.
    strengths = [1.0] if "dora" in case or "rescaled" in case else [1.0, 0.5]
    for strength in strengths:
        with torch.no_grad():
            expected = module.get_merged_weight(strength, shape=weight.shape)[0]
        got = changed_weight(weight, tensors, alpha=alpha, on_input=on_input, strength=strength)
        assert (expected - weight).abs().max() > 0.003
        assert (got - expected).abs().max() < 2e-5
    base = changed_weight(weight, tensors, alpha=alpha, on_input=on_input, strength=0.0)
    assert (base - weight).abs().max() < 1e-6


def test_dora_at_half_strength_is_half_way() -> None:
    torch = pytest.importorskip("torch")
    weight = torch.randn(8, 6)
    tensors = {"down": torch.randn(2, 6), "up": torch.randn(8, 2), "dora_scale": torch.rand(8, 1)}
    full = changed_weight(weight, tensors, alpha=None, on_input=False, strength=1.0)
    half = changed_weight(weight, tensors, alpha=None, on_input=False, strength=0.5)
    assert torch.allclose(half, (weight + full) / 2, atol=1e-6)


def test_a_missing_alpha_means_a_scale_of_one() -> None:
    torch = pytest.importorskip("torch")
    weight, down, up = torch.zeros(4, 4), torch.randn(2, 4), torch.randn(4, 2)
    got = changed_weight(weight, {"down": down, "up": up}, alpha=None, on_input=False, strength=1.0)
    assert torch.allclose(got, up @ down)


@pytest.mark.parametrize("role", ["hada_w1_a", "lokr_w1"])
def test_alpha_over_rank_scales_once(role: str) -> None:
    torch = pytest.importorskip("torch")
    if role == "lokr_w1":
        shapes = {"lokr_w1": (2, 2), "lokr_w2_a": (4, 2), "lokr_w2_b": (2, 3)}
    else:
        shapes = {f"hada_w{n}_{ab}": (8, 2) if ab == "a" else (2, 6) for n in "12" for ab in "ab"}
    tensors = {name: torch.randn(shape) for name, shape in shapes.items()}
    plain, half = (
        changed_weight(torch.zeros(8, 6), tensors, alpha=alpha, on_input=False, strength=1.0)
        for alpha in (2.0, 1.0)
    )
    assert plain.abs().max() > 0.1
    assert torch.allclose(half, plain / 2)


def test_a_full_difference_ignores_alpha() -> None:
    torch = pytest.importorskip("torch")
    weight, change = torch.randn(4, 3, 3, 3), torch.randn(4, 3, 3, 3)
    got = changed_weight(weight, {"diff": change}, alpha=8.0, on_input=False, strength=0.5)
    assert torch.allclose(got, weight + 0.5 * change)


def test_norms_and_biases_add() -> None:
    torch = pytest.importorskip("torch")
    weight, change = torch.randn(5), torch.randn(5)
    got = changed_weight(weight, {"w_norm": change}, alpha=None, on_input=False, strength=0.5)
    assert torch.allclose(got, weight + 0.5 * change)
    for role in ("b_norm", "diff_b"):
        assert torch.allclose(changed_bias(weight, {role: change}, strength=-1.0), weight - change)


@pytest.mark.parametrize("roles", [["rescale"], ["up"], ["weight"]])
def test_tensors_of_no_algorithm_are_refused(roles: list[str]) -> None:
    torch = pytest.importorskip("torch")
    tensors = {role: torch.zeros(4, 4) for role in roles}
    with pytest.raises(LoraMismatch, match="No known algorithm"):
        changed_weight(torch.zeros(4, 4), tensors, alpha=None, on_input=False, strength=1.0)
