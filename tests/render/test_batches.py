"""Which cells share a batch, and that the text is multiplied once for all its steps."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from dataclasses import replace

import pytest

from loradex.domain.grid import Cell
from loradex.domain.recipe import GridModel, LoraUse, Recipe
from loradex.render.batches import Company, in_batches

MODEL = GridModel(1, "it", "it.safetensors", "d" * 64, None)
SIZE = 4


def cells(base: int, strong: int, *, steps: int = 20) -> list[Cell]:
    """Return so many cells without a LoRA, named b0, b1…, and with one, named s0, s1…"""
    plain = Recipe(MODEL, "fog", "", 1)
    plain = replace(plain, settings=replace(plain.settings, num_inference_steps=steps))
    with_lora = replace(plain, loras=(LoraUse(MODEL, 1.0, 1.0),))
    found = [Cell(plain, f"b{number}") for number in range(base)]
    return found + [Cell(with_lora, f"s{number}") for number in range(strong)]


def batched(some: list[Cell], *, merged: bool = False) -> list[str]:
    def company(recipe: Recipe) -> Company:
        return Company(len(recipe.loras), (77,), welcomes=not (merged and recipe.loras))

    found = in_batches(some, company, lambda _: SIZE)
    assert all(batch.size == SIZE for batch in found)
    return [" ".join(cell.key for cell in batch.cells) for batch in found]


@pytest.mark.parametrize(
    ("base", "strong", "expected"),
    [
        (0, 2, ["s0 s1"]),
        (2, 0, ["b0 b1"]),
        (1, 3, ["s0 s1 s2 b0"]),
        (2, 6, ["s0 s1 s2 s3", "s4 s5 b0 b1"]),
        (5, 3, ["b0 b1 b2 b3", "s0 s1 s2 b4"]),
        (2, 3, ["b0 b1", "s0 s1 s2"]),
        (4, 2, ["b0 b1 b2 b3", "s0 s1"]),
    ],
)
def test_base_cells_take_free_places(base: int, strong: int, expected: list[str]) -> None:
    assert batched(cells(base, strong)) == expected


def test_base_cells_spread_over_free_places() -> None:
    some = cells(3, 2) + [
        replace(cell, key=f"n{cell.key}", recipe=replace(cell.recipe, loras=cell.recipe.loras * 2))
        for cell in cells(0, 3)
    ]
    assert batched(some) == ["s0 s1 b0 b1", "ns0 ns1 ns2 b2"]


def test_base_cells_never_join_merged_ones_or_other_steps() -> None:
    assert batched(cells(1, 3), merged=True) == ["b0", "s0 s1 s2"]
    assert batched([*cells(1, 0), *cells(0, 3, steps=8)]) == ["b0", "s0 s1 s2"]


@pytest.mark.render
def test_text_is_multiplied_once_and_layers_come_back() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    from loradex.render.text_products import text_products_kept

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.to_k, self.to_v, self.to_q = (nn.Linear(4, 4) for _ in range(3))

    net = nn.Module()
    net.attn1, net.attn2 = Attention(), Attention()
    calls = []
    for path, module in net.named_modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda *_, path=path: calls.append(path))
    before = dict(net.named_modules())
    text, other = torch.randn(1, 3, 4), torch.randn(1, 3, 4)
    wanted = net.attn2.to_k(text)
    calls.clear()
    with pytest.raises(KeyError), text_products_kept(net):
        made = [net.attn2.to_k(text) for _ in range(3)]
        for layer in (net.attn2.to_q, net.attn1.to_k):
            layer(text)
            layer(text)
        net.attn2.to_k(other)
        raise KeyError
    assert all(torch.equal(one, wanted) for one in made)
    assert calls == ["attn2.to_k", *["attn2.to_q"] * 2, *["attn1.to_k"] * 2, "attn2.to_k"]
    assert dict(net.named_modules()) == before
