"""Several LoRAs at once, strengths by part and block, and only what changes is merged anew."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loradex.errors import LoraMismatch, NotRenderable

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]

UNET = "lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn2_to_k"
LATER = "lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
TEXT = "lora_te_text_model_encoder_layers_1_mlp_fc1"
SHAPES = {UNET: (8, 12), LATER: (16, 16), TEXT: (24, 12)}


def lora(path: Path, *names: str, seed: int = 0, kind: str = "lora") -> Any:
    """Write and match a LoRA over some modules of the tiny SD 1.x checkpoint."""
    import torch
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from render.lora.nets import known_modules

    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name in names:
        rows, columns = SHAPES[name]
        down = torch.randn(2, columns, generator=generator)
        up = torch.randn(rows, 2, generator=generator)
        if kind == "lora":
            tensors |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
        else:
            tensors[f"{name}.diff"] = up @ down
    path.write_bytes(save(tensors))
    return match_lora(path, known_modules("sd1"), name=path.stem, base=None)


def weights() -> dict[str, Any]:
    """Return the weights that the LoRAs of this file change."""
    from loradex.render.lora.keys import locate
    from render.lora.nets import known_modules

    found = {name: known_modules("sd1").find(*locate(name)) for name in SHAPES}
    return {name: one[1][0].module.weight for name, one in found.items() if one is not None}


def change(file: Any, name: str) -> Any:
    """Return what `file` adds to the module `name` at strength 1."""
    from safetensors.torch import load_file

    stored = load_file(file.path)
    if f"{name}.diff" in stored:
        return stored[f"{name}.diff"]
    return stored[f"{name}.lora_up.weight"] @ stored[f"{name}.lora_down.weight"]


def test_several_add_up_with_strengths_of_their_own(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt

    before = {name: weight.clone() for name, weight in weights().items()}
    first = lora(tmp_path / "a.safetensors", UNET, TEXT)
    second = lora(tmp_path / "b.safetensors", UNET, LATER, seed=1, kind="full")
    merger = Merger()
    merger.apply([LoraAt(first, 0.5, strength_clip=2.0), LoraAt(second, -1.0)])
    now = weights()
    assert torch.allclose(
        now[UNET], before[UNET] + 0.5 * change(first, UNET) - change(second, UNET), atol=1e-5
    )
    assert torch.allclose(now[TEXT], before[TEXT] + 2 * change(first, TEXT), atol=1e-5)
    assert torch.allclose(now[LATER], before[LATER] - change(second, LATER), atol=1e-5)
    merger.apply([LoraAt(second, 1.0)])
    assert torch.equal(now[TEXT], before[TEXT])
    merger.restore()
    assert all(torch.equal(weights()[name], before[name]) for name in SHAPES)


def test_only_what_changes_is_merged_anew(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt

    first = lora(tmp_path / "a.safetensors", UNET, TEXT)
    second = lora(tmp_path / "b.safetensors", LATER, seed=1)
    merger = Merger()
    merger.apply([LoraAt(first, 1.0), LoraAt(second, 1.0)])
    versions = {name: weight._version for name, weight in weights().items()}
    merger.apply([LoraAt(first, 1.0), LoraAt(second, 0.5)])
    changed = {name for name, weight in weights().items() if weight._version != versions[name]}
    assert changed == {LATER}
    versions = {name: weight._version for name, weight in weights().items()}
    merger.apply([LoraAt(first, 1.0, strength_clip=0.0)])
    changed = {name for name, weight in weights().items() if weight._version != versions[name]}
    assert changed == {LATER, TEXT}
    merger.restore()
    assert torch.isfinite(weights()[UNET]).all()


def test_a_part_can_be_left_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt

    before = {name: weight.clone() for name, weight in weights().items()}
    merger = Merger(frozenset({"text_encoder"}))
    merger.apply([LoraAt(lora(tmp_path / "a.safetensors", UNET, TEXT), 1.0)])
    assert torch.equal(weights()[UNET], before[UNET])
    assert not torch.equal(weights()[TEXT], before[TEXT])
    merger.restore()


def test_blocks_scale_their_modules(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.blocks import block_strengths
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt
    from render.lora.nets import networks

    file = lora(tmp_path / "a.safetensors", UNET, LATER, TEXT)
    # IN02 holds the first, OUT03 the second.
    text = "0.5,0,0.25,0,0,0,0,0,3,0,0,0,0,0,0,0,0"
    blocks = block_strengths(text, networks("sd1")["unet"])
    before = {name: weight.clone() for name, weight in weights().items()}
    merger = Merger()
    merger.apply([LoraAt(file, 2.0, blocks=blocks)])
    for name, factor in {UNET: 0.5, LATER: 6.0, TEXT: 1.0}.items():
        wanted = before[name] + factor * change(file, name)
        assert torch.allclose(weights()[name], wanted, atol=1e-5)
    merger.restore()


def test_sixteen_bits_are_rounded_once(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.modules import modules_from
    from loradex.render.lora.use import LoraAt

    net = torch.nn.Sequential(torch.nn.Linear(700, 900)).bfloat16().requires_grad_(False)
    tensors = {
        "unet.0.lora_A.weight": torch.randn(4, 700) / 9,
        "unet.0.lora_B.weight": torch.randn(900, 4) / 9,
    }
    path = tmp_path / "it.safetensors"
    path.write_bytes(save(tensors))
    before = net[0].weight.clone()
    file = match_lora(path, modules_from({"unet": net}), name="it", base=None)
    merger = Merger()
    for _ in range(2):
        for strength in (0.3, 1.2, 0.7):
            merger.apply([LoraAt(file, strength)])
    stored = load_file(path)
    exact = before.double() + 0.7 * (
        stored["unet.0.lora_B.weight"].double() @ stored["unet.0.lora_A.weight"].double()
    )
    wrong = (net[0].weight != exact.bfloat16()).float().mean()
    assert wrong < 1e-4
    merger.restore()
    assert torch.equal(net[0].weight, before)


def test_a_file_that_changed_on_disk_is_noticed(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt

    file = lora(tmp_path / "a.safetensors", UNET)
    lora(tmp_path / "a.safetensors", UNET, LATER)
    with pytest.raises(LoraMismatch, match="changed on disk"):
        Merger().apply([LoraAt(file, 1.0)])


def rewritten(path: Path, tensors: dict[str, Any]) -> Path:
    from safetensors.torch import save

    path.write_bytes(save({name: tensor.clone() for name, tensor in tensors.items()}))
    return path


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("one stranger", "1 of its 2 modules fit.*nowhere"),
        ("wrong width", "none of its 1 modules fit"),
        ("wrong rank", "none of its 1 modules fit"),
        ("half", "lack half their tensors"),
        ("twice", "twice"),
        ("t-lora", "T-LoRA"),
        ("control", "control LoRA"),
        ("no number", "none of its 1 modules fit"),
        ("empty", "holds nothing"),
        ("a checkpoint", "does not fit"),
        ("no bias there", "none of its 1 modules fit"),
    ],
)
def test_what_does_not_fit_is_said_before_drawing(case: str, message: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.file import match_lora
    from render.lora.nets import known_modules

    down, up = torch.randn(2, 12), torch.randn(8, 2)
    good = {f"{UNET}.lora_down.weight": down, f"{UNET}.lora_up.weight": up}
    dotted = "unet.down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k"
    tensors = {
        "one stranger": good
        | {"lora_unet_nowhere.lora_down.weight": down, "lora_unet_nowhere.lora_up.weight": up},
        "wrong width": {**good, f"{UNET}.lora_down.weight": torch.randn(2, 13)},
        "wrong rank": {**good, f"{UNET}.lora_up.weight": torch.randn(8, 3)},
        "half": {f"{UNET}.lora_down.weight": down},
        "twice": good | {f"{dotted}.lora_A.weight": down, f"{dotted}.lora_B.weight": up},
        "t-lora": {f"{UNET}.q_layer.weight": down, f"{UNET}.lambda_layer": up},
        "control": {f"{UNET}.set_weight": torch.randn(8, 12)},
        "no number": good | {f"{UNET}.alpha": torch.tensor(float("nan"))},
        "empty": {},
        "a checkpoint": {"model.diffusion_model.time_embed.0.weight": torch.randn(32, 8)},
        "no bias there": {f"{UNET}.diff_b": torch.randn(8)},
    }[case]
    path = rewritten(tmp_path / "it.safetensors", tensors)
    with pytest.raises(LoraMismatch, match=message):
        match_lora(path, known_modules("sd1"), name="it", base=None)


def test_a_broken_file_is_no_lora(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from loradex.render.lora.file import match_lora
    from render.lora.nets import known_modules

    path = tmp_path / "it.safetensors"
    path.write_bytes(b"<html>")
    with pytest.raises(NotRenderable):
        match_lora(path, known_modules("sd1"), name="it", base=None)


def test_words_packed_in_the_file_are_found(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.lora.file import match_lora
    from render.lora.nets import known_modules

    tensors = {
        f"{UNET}.lora_down.weight": torch.randn(2, 12),
        f"{UNET}.lora_up.weight": torch.randn(8, 2),
        "bundle_emb.my.word.clip_l": torch.randn(3, 12),
        "bundle_emb.other.string_to_param.*": torch.randn(1, 12),
    }
    path = rewritten(tmp_path / "it.safetensors", tensors)
    file = match_lora(path, known_modules("sd1"), name="it", base=None)
    assert set(file.packed_words) == {"my.word", "other"}
