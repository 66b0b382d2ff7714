"""LoRAs beside the weights: the same outputs as merged and as PEFT, and gone without a trace."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from loradex.errors import LoraMismatch

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]

BATCH = 3


def small_net(dtype: Any = None) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1, stride=2),
        nn.Conv2d(8, 8, 1),
        nn.Flatten(2),
        nn.Linear(16, 12),
        nn.Linear(12, 10),
    )
    return net.to(dtype or torch.float32).requires_grad_(False)


def inputs(dtype: Any = None) -> Any:
    import torch

    generator = torch.Generator().manual_seed(5)
    return torch.randn(BATCH, 4, 8, 8, generator=generator).to(dtype or torch.float32)


def write_lora(path: Path, ranks: Mapping[str, int], *, alpha: float = 2.0, seed: int = 0) -> Path:
    """Write a LoRA over layers of `small_net`, by their number and rank."""
    import torch
    from safetensors.torch import save

    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, rank in ranks.items():
        weight = small_net().get_submodule(name).weight
        down = torch.randn((rank, *weight.shape[1:]), generator=generator) / 4
        up = torch.randn((weight.shape[0], rank, *(1,) * (weight.dim() - 2)), generator=generator)
        tensors |= {
            f"unet.{name}.lora_down.weight": down,
            f"unet.{name}.lora_up.weight": up / 2,
            f"unet.{name}.alpha": torch.tensor(alpha),
        }
    path.write_bytes(save(tensors))
    return path


def matched(net: Any, path: Path) -> Any:
    from loradex.render.lora.file import match_lora
    from loradex.render.lora.modules import modules_from

    return match_lora(path, modules_from({"unet": net}), name=path.stem, base=None)


def merged_output(net: Any, uses: Sequence[Any], x: Any) -> Any:
    from loradex.render.lora.merge import Merger

    merger = Merger()
    merger.apply(uses)
    try:
        return net(x)
    finally:
        merger.restore()


@pytest.fixture
def three(tmp_path: Path) -> tuple[Any, list[Any]]:
    """A network and three LoRAs of different ranks, scales and layers."""
    pytest.importorskip("torch")
    net = small_net()
    ranks: list[dict[str, int]] = [
        {"0": 2, "1": 2, "3": 3, "4": 2},
        {"0": 4, "3": 1, "4": 5},
        {"1": 3, "4": 2},
    ]
    files = [
        matched(net, write_lora(tmp_path / f"l{n}.safetensors", one, alpha=1.0 + n, seed=n))
        for n, one in enumerate(ranks)
    ]
    return net, files


def samples_of(case: str, files: Sequence[Any]) -> list[list[Any]]:
    from loradex.render.lora.use import LoraAt

    a, b, c = files
    return {
        "one at three strengths": [[LoraAt(a, s)] for s in (0.0, 0.7, -1.2)],
        "one beside none": [[LoraAt(a, 1.0)], [], []],
        "another for each": [[LoraAt(a, 0.8)], [LoraAt(b, 1.1)], [LoraAt(c, 0.5)]],
        "several at once": [
            [LoraAt(a, 0.8), LoraAt(b, 0.4)],
            [LoraAt(c, 0.3), LoraAt(a, 1.0), LoraAt(b, -0.5)],
            [LoraAt(b, 1.0)],
        ],
    }[case]


@pytest.mark.parametrize(
    "case",
    ["one at three strengths", "one beside none", "another for each", "several at once"],
)
def test_each_sample_is_what_its_own_merge_gives(case: str, three: tuple[Any, list[Any]]) -> None:
    import torch

    from loradex.render.lora.per_sample import PerSample

    net, files = three
    x = inputs()
    samples = samples_of(case, files)
    wanted = torch.cat([merged_output(net, s, x[n : n + 1]) for n, s in enumerate(samples)])
    plain = net(x)
    beside = PerSample(files)
    assert torch.equal(net(x), plain)
    beside.set(samples)
    got = net(x)
    beside.remove()
    assert (wanted - plain).abs().max() > 0.05
    assert torch.allclose(got, wanted, atol=2e-5)
    assert torch.equal(net(x), plain)
    assert all(not module._forward_hooks for module in net.modules())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_one_strength_is_what_peft_computes(dtype: str, tmp_path: Path) -> None:
    """Bit for bit where both round to 16 bits; in float32 ours multiplies sample by sample."""
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    from safetensors.torch import load_file

    from loradex.render.lora.per_sample import PerSample
    from loradex.render.lora.use import LoraAt

    kind = getattr(torch, dtype)
    net, x = small_net(kind), inputs(kind)
    path = write_lora(tmp_path / "it.safetensors", {"0": 2, "3": 4, "4": 4}, alpha=3.0)
    lora = matched(net, path)
    beside = PerSample([lora])
    beside.set([[LoraAt(lora, 0.7)]] * BATCH)
    got = net(x)
    beside.remove()
    config = peft.LoraConfig(
        r=4, lora_alpha=3, target_modules=["0", "3", "4"], rank_pattern={"0": 2}
    )
    theirs = peft.inject_adapter_in_model(config, net)
    stored = load_file(path)
    with torch.no_grad():
        for name in ("0", "3", "4"):
            layer = theirs.get_submodule(name)
            layer.lora_A["default"].weight.copy_(stored[f"unet.{name}.lora_down.weight"])
            layer.lora_B["default"].weight.copy_(stored[f"unet.{name}.lora_up.weight"])
            layer.to(kind).set_scale("default", 0.7)
        wanted = theirs(x)
    if dtype == "bfloat16":
        assert torch.equal(got, wanted)
    assert torch.allclose(got, wanted, rtol=0, atol=1e-6)


def test_neighbours_change_no_bit(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    from loradex.render.lora.per_sample import PerSample
    from loradex.render.lora.use import LoraAt

    net, x = small_net(torch.float32), inputs(torch.float32)
    one = matched(net, write_lora(tmp_path / "one.safetensors", {"0": 2, "3": 4, "4": 4}))
    other = matched(net, write_lora(tmp_path / "other.safetensors", {"0": 4, "3": 3}, seed=5))

    def first(files: list[Any], neighbour: list[Any]) -> Any:
        beside = PerSample(files)
        beside.set([[LoraAt(one, 0.7)], *[neighbour] * (BATCH - 1)])
        got = net(x)[0].clone()
        beside.remove()
        return got

    alone = first([one], [LoraAt(one, 0.7)])
    assert torch.equal(alone, first([one], []))
    assert torch.equal(alone, first([one, other], [LoraAt(other, 1.3)]))
    assert torch.equal(alone, first([other, one], [LoraAt(one, -2.0)]))


def test_plain_numbers_and_a_tensor_of_factors_give_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two ways to scale 16 bits on a CPU, chosen by size alone."""
    torch = pytest.importorskip("torch")
    from torch import nn

    from loradex.render.lora import beside as module
    from loradex.render.lora.per_sample import PerSample
    from loradex.render.lora.use import LoraAt

    net = small_net(torch.bfloat16)
    lora = matched(net, write_lora(tmp_path / "it.safetensors", {"3": 4, "4": 4}))
    x = torch.randn(6, 2000, 16, generator=torch.Generator().manual_seed(2)).bfloat16()
    strengths = (0.7, 0.7, 0.0, -1.3, 0.1, 0.1)
    layers: list[nn.Module] = [net[3], net[4]]
    outputs = []
    for least in (1, 1 << 40):
        monkeypatch.setattr(module, "_WORTH_A_CALL", least)
        beside = PerSample([lora])
        beside.set([[LoraAt(lora, strength)] for strength in strengths])
        inner = layers[0](x)
        outputs.append((inner, layers[1](inner)))
        beside.remove()
    assert all(torch.equal(one, other) for one, other in zip(*outputs, strict=True))
    assert torch.equal(outputs[0][0][2], layers[0](x)[2])
    assert not torch.equal(outputs[0][0][3], layers[0](x)[3])


def test_a_fused_projection_runs_unmerged(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.per_sample import PerSample, can_run_unmerged
    from loradex.render.lora.use import LoraAt
    from render.lora.nets import known_modules, networks

    net = networks("flux1")["transformer"]
    names = {"single_blocks.1.linear1": 112, "final_layer.adaLN_modulation.1": 32}
    tensors = {}
    for name, rows in names.items():
        tensors[f"diffusion_model.{name}.lora_A.weight"] = torch.randn(2, 16) / 4
        tensors[f"diffusion_model.{name}.lora_B.weight"] = torch.randn(rows, 2)
    path = tmp_path / "it.safetensors"
    path.write_bytes(save(tensors))
    lora = match_lora(path, known_modules("flux1"), name="it", base=None)
    assert can_run_unmerged(lora)
    x = torch.randn(2, 16)
    layers = [patch.module for patch in lora.patches]
    merger, beside = Merger(), PerSample([lora])
    merger.apply([LoraAt(lora, 0.5)])
    wanted = [layer(x)[0] for layer in layers]
    merger.restore()
    beside.set([[LoraAt(lora, 0.5)], []])
    got = [layer(x) for layer in layers]
    beside.remove()
    for layer, one, other in zip(layers, got, wanted, strict=True):
        assert torch.allclose(one[0], other, atol=1e-5)
        assert torch.allclose(one[1], layer(x)[1], atol=1e-6)
    assert net is networks("flux1")["transformer"]


def test_text_encoders_can_be_left_to_the_merger(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.per_sample import PerSample, can_run_unmerged
    from render.lora.nets import known_modules

    unet = "lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn2_to_k"
    text = "lora_te_text_model_encoder_layers_1_mlp_fc1"
    tensors = {
        f"{unet}.lora_down.weight": torch.randn(2, 12),
        f"{unet}.lora_up.weight": torch.randn(8, 2),
        f"{text}.diff": torch.randn(24, 12),
    }
    path = tmp_path / "it.safetensors"
    path.write_bytes(save(tensors))
    lora = match_lora(path, known_modules("sd1"), name="it", base=None)
    assert not can_run_unmerged(lora)
    assert can_run_unmerged(lora, frozenset({"unet"}))
    with pytest.raises(LoraMismatch, match="only be merged"):
        PerSample([lora])
    PerSample([lora], frozenset({"unet"})).remove()


def test_a_batch_of_another_size_is_an_error(three: tuple[Any, list[Any]]) -> None:
    from loradex.render.lora.per_sample import PerSample
    from loradex.render.lora.use import LoraAt

    net, files = three
    beside = PerSample(files[:1])
    try:
        beside.set([[LoraAt(files[0], 1.0)]] * (BATCH + 1))
        with pytest.raises(LoraMismatch, match="3 samples"):
            net(inputs())
        with pytest.raises(LoraMismatch, match="not loaded"):
            beside.set([[LoraAt(files[1], 1.0)]])
    finally:
        beside.remove()


def inputs_of(base: str, batch: int) -> dict[str, Any]:
    """Return what a network of `base` is called with, random for each sample."""
    import torch

    generator = torch.Generator().manual_seed(2)

    def noise(*shape: int) -> Any:
        return torch.randn(batch, *shape, generator=generator)

    times = torch.full((batch,), 0.5)
    return {
        "sd1": lambda: {
            "sample": noise(4, 8, 8),
            "timestep": times,
            "encoder_hidden_states": noise(5, 12),
        },
        "sd3": lambda: {
            "hidden_states": noise(16, 8, 8),
            "timestep": times,
            "encoder_hidden_states": noise(5, 24),
            "pooled_projections": noise(20),
        },
        "flux1": lambda: {
            "hidden_states": noise(6, 8),
            "timestep": times,
            "guidance": times,
            "encoder_hidden_states": noise(5, 24),
            "pooled_projections": noise(20),
            "img_ids": torch.zeros(6, 3),
            "txt_ids": torch.zeros(5, 3),
        },
        "flux2": lambda: {
            "hidden_states": noise(6, 8),
            "timestep": times,
            "guidance": times,
            "encoder_hidden_states": noise(5, 24),
            "img_ids": torch.zeros(6, 4),
            "txt_ids": torch.zeros(5, 4),
        },
        "qwen-image": lambda: {
            "hidden_states": noise(6, 8),
            "timestep": times,
            "encoder_hidden_states": noise(5, 24),
            "encoder_hidden_states_mask": torch.ones(batch, 5, dtype=torch.bool),
            "img_shapes": [[(1, 2, 3)]] * batch,
        },
        "z-image": lambda: {
            "x": list(noise(16, 1, 8, 8)),
            "t": times,
            "cap_feats": list(noise(5, 24)),
        },
    }[base]()


def rows_of(inputs: dict[str, Any], rows: slice, batch: int) -> dict[str, Any]:
    return {
        name: one[rows] if len(one) == batch and not name.endswith("_ids") else one
        for name, one in inputs.items()
    }


@pytest.mark.parametrize("base", ["sd1", "sd3", "flux1", "flux2", "qwen-image", "z-image"])
def test_a_whole_network_draws_the_same_merged_and_beside(base: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.per_sample import PerSample
    from loradex.render.lora.use import LoraAt
    from render.lora.nets import known_modules, networks

    part, network = next(iter(networks(base).items()))
    generator = torch.Generator().manual_seed(2)

    def random_lora(path: Path, rank: int) -> Any:
        tensors = {}
        for name, module in network.named_modules():
            is_layer = isinstance(module, torch.nn.Linear | torch.nn.Conv2d)
            if is_layer and not name.startswith(("all_x_embedder.", "cap_embedder.")):
                rows, *inner = module.weight.shape
                down = torch.randn(rank, *inner, generator=generator)
                up = torch.randn(rows, rank, *(1,) * (len(inner) - 1), generator=generator)
                tensors[f"{part}.{name}.lora_A.weight"] = down / 9
                tensors[f"{part}.{name}.lora_B.weight"] = up / 9
        path.write_bytes(save(tensors))
        return match_lora(path, known_modules(base), name=path.stem, base=None)

    files = [random_lora(tmp_path / f"{rank}.safetensors", rank) for rank in (2, 3)]
    first, second = files
    samples = [
        [LoraAt(first, 0.8)],
        [],
        [LoraAt(second, 1.0)],
        [LoraAt(first, 0.5), LoraAt(second, 0.5)],
    ]
    given = inputs_of(base, len(samples))

    def draw(rows: slice) -> Any:
        with torch.inference_mode():
            drawn = network(**rows_of(given, rows, len(samples)), return_dict=False)[0]
        return torch.stack(drawn) if isinstance(drawn, list) else drawn

    plain = draw(slice(None))
    beside = PerSample(files, frozenset({part}))
    beside.set(samples)
    got = draw(slice(None))
    beside.remove()
    merger = Merger()
    for number, sample in enumerate(samples):
        merger.apply(sample)
        wanted = draw(slice(number, number + 1))
        spread = (wanted - plain[number]).abs().max()
        assert (spread > 0.01 * plain.abs().max()) == bool(sample)
        assert (got[number] - wanted[0]).abs().max() < 1e-3 * plain.abs().max()
    merger.restore()
    assert torch.equal(draw(slice(None)), plain)


def test_layers_that_get_all_samples_in_one_row_are_only_merged(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.per_sample import can_run_unmerged
    from render.lora.nets import known_modules

    tensors = {
        "diffusion_model.cap_embedder.1.lora_A.weight": torch.randn(2, 24),
        "diffusion_model.cap_embedder.1.lora_B.weight": torch.randn(16, 2),
    }
    path = tmp_path / "it.safetensors"
    path.write_bytes(save(tensors))
    lora = match_lora(path, known_modules("z-image"), name="it", base=None)
    assert not can_run_unmerged(lora)
