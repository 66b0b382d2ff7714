"""Fitting into memory: stage by stage the same picture, and none lost when memory runs out."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loradex.domain.grid import RenderedCell
from loradex.render.device import Placed
from loradex.render.memory import host_of, memory_plan

from .conftest import Listener, Stock, draw_all, spec_for

pytestmark = pytest.mark.render


def bytes_of(cells: Any) -> dict[str, bytes]:
    return {
        key: Path(cell.path).read_bytes()
        for key, cell in cells.items()
        if isinstance(cell, RenderedCell)
    }


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_stage_by_stage_the_pictures_are_the_same(
    shape: str, stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loradex.render import resident as keeping
    from loradex.render.bases.unet import UNetBase

    files = stock[shape]
    spec = spec_for(files.folder, [files.kohya], strengths=(0, 0.7), seeds=(1, 2))
    _, resident = draw_all(spec, tmp_path / "a")
    told: list[str] = []
    real_encode, real_decode, real_predict = UNetBase.encode, UNetBase.decode, UNetBase.predict

    def watched(name: str, real: Any) -> Any:
        def call(*args: Any, **rest: Any) -> Any:
            told.append(name)
            return real(*args, **rest)

        return call

    monkeypatch.setattr(keeping, "memory_plan", lambda *_args, **_rest: "staged")
    monkeypatch.setattr(UNetBase, "encode", watched("encode", real_encode))
    monkeypatch.setattr(UNetBase, "predict", watched("predict", real_predict))
    monkeypatch.setattr(UNetBase, "decode", watched("decode", real_decode))
    sink = Listener()
    _, staged = draw_all(spec, tmp_path / "b", sink=sink)
    assert bytes_of(resident) == bytes_of(staged)
    assert len(staged) == 4
    stages = [name for number, name in enumerate(told) if told[number - 1 : number] != [name]]
    assert stages == ["encode", "predict", "decode"]
    assert "take turns" in sink.problems[0].message


def test_a_picture_too_large_to_decode_is_put_together_from_tiles(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from loradex.render.bases.unet import UNetBase

    real = UNetBase.decode

    def small(base: Any, latents: Any, *, tiled: bool = False) -> Any:
        if not tiled:
            raise torch.OutOfMemoryError("no room")
        return real(base, latents, tiled=True)

    monkeypatch.setattr(UNetBase, "decode", small)
    files, sink = stock["sd1"], Listener()
    spec = spec_for(files.folder, [files.kohya], strengths=(0,))
    _, cells = draw_all(spec, tmp_path, sink=sink)
    assert all(isinstance(cell, RenderedCell) for cell in cells.values())
    assert "put together from tiles" in sink.problems[0].message


def test_a_plan_follows_what_is_free(
    stock: dict[str, Stock], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from loradex.render.engine import engine_of
    from loradex.render.plan import plan_grid

    files = stock["sdxl"]
    spec = spec_for(files.single, [files.kohya], strengths=(1,), width=1024, height=1024)
    recipe = plan_grid(spec, engine=engine_of).cells[0].recipe
    card = Placed("cuda:0", "bfloat16", "cuda sm_90")
    size = files.single.stat().st_size + files.kohya.stat().st_size
    for free, expected in ((80e9, "resident"), (size + 1e9, "staged")):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device, free=free: (free, 8e10))
        plan = memory_plan(recipe, card, at_once=1)
        assert plan == expected
        assert host_of(card, plan).device == ("cuda:0" if expected == "resident" else "cpu")
    assert memory_plan(recipe, Placed("cpu", "float32", "cpu"), at_once=4) == "resident"
