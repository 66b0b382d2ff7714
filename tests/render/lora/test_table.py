"""Every algorithm on every base in every naming changes exactly what its oracle says."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from render.lora.names import FACTORS, KOHYA_FACTORS, NAMINGS, Target, pairs
from render.lora.nets import known_modules, networks, untouched
from render.lora.oracle import ALGORITHMS, LORA_ONLY, module_tensors

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]


def cells() -> Iterator[Any]:
    for base, naming in pairs():
        for algorithm in ALGORITHMS:
            if algorithm == "lora" or _is_stored(base, naming, algorithm):
                yield pytest.param(base, naming, algorithm, id=f"{base}-{naming}-{algorithm}")


def _is_stored(base: str, naming: str, algorithm: str) -> bool:
    """Tell whether to test an algorithm in a naming: all in the first of each base, then some."""
    if naming in LORA_ONLY:
        return False
    return naming == next(iter(NAMINGS[base])) or algorithm in {"dora rows", "lokr", "oft"}


def module_at(base: str, target: Target, path: str) -> Any:
    names = dict(networks(base)[target.part].named_modules())
    return names.get(path) or names[f"text_model.{path}"]


def fused_weight(base: str, target: Target) -> Any:
    """Return the matrix as the trainer saw it."""
    import torch

    weight = torch.cat([module_at(base, target, path).weight for path in target.paths])
    return swapped(weight) if target.halves else weight


def swapped(tensor: Any) -> Any:
    import torch

    first, second = tensor.chunk(2)
    return torch.cat([second, first])


def write(path: Path, base: str, naming: str, algorithm: str) -> list[tuple[Any, Any]]:
    """Write a LoRA file; return each module with the weight that it must get."""
    from safetensors.torch import save

    down, up = FACTORS.get(naming, KOHYA_FACTORS)
    tensors: dict[str, Any] = {}
    expected = []
    for seed, target in enumerate(NAMINGS[base][naming]):
        weight = fused_weight(base, target)
        if algorithm == "boft" and len(weight) & (len(weight) - 1):
            continue  # its butterflies exist only for powers of two
        made, change = module_tensors(algorithm, weight, seed)
        if naming in LORA_ONLY:
            # No alpha there, so nothing scales the product.
            change = change * (3 / float(made.pop("alpha")))
        for suffix, tensor in made.items():
            ending = {"lora_down.weight": down, "lora_up.weight": up}.get(suffix, f".{suffix}")
            tensors[f"{target.name}{ending}"] = tensor
        after = weight + change
        assert change.abs().max() > 1e-3
        rows = swapped(after) if target.halves else after
        for place in target.paths:
            module = module_at(base, target, place)
            expected.append((module, rows[: len(module.weight)]))
            rows = rows[len(module.weight) :]
        assert len(rows) == 0
    path.write_bytes(save(tensors))
    return expected


@pytest.mark.parametrize(("base", "naming", "algorithm"), list(cells()))
def test_a_file_does_what_its_oracle_says(
    base: str, naming: str, algorithm: str, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("lycoris")
    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.use import LoraAt

    before = untouched(base)
    path = tmp_path / "it.safetensors"
    expected = write(path, base, naming, algorithm)
    lora = match_lora(path, known_modules(base), name="it", base=None)
    assert len({id(patch.module) for patch in lora.patches}) == len(expected)
    merger = Merger()
    merger.apply([LoraAt(lora, 1.0)])
    try:
        for module, weight in expected:
            assert torch.allclose(module.weight, weight, atol=3e-5, rtol=1e-4)
        changed = {id(module.weight) for module, _ in expected}
        for parameter, tensor in before:
            assert id(parameter) in changed or torch.equal(parameter, tensor)
    finally:
        merger.restore()
    for parameter, tensor in before:
        assert torch.equal(parameter, tensor)
