"""Networks larger than the device: block by block the same pictures to the last bit.

The device is the CPU here, with a budget that is made up: what runs is all but the copying ahead.
"""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.grid import RenderedCell

from .bases.conftest import CPU, draw
from .bases.families import make_family
from .conftest import Listener, Stock, draw_all, spec_for

pytestmark = pytest.mark.render


def bytes_of(cells: Any) -> dict[str, bytes]:
    return {
        key: Path(cell.path).read_bytes()
        for key, cell in cells.items()
        if isinstance(cell, RenderedCell)
    }


class Small:
    """A device that shrinks when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch, near: list[int]) -> None:
        self._patch = patch
        self.near = near

    def shrink(self, free: int) -> None:
        from loradex.render import memory

        self._patch.setattr(memory, "free_bytes", lambda _device: free)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, near: list[int]) -> Small:
    return Small(monkeypatch, near)


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The bytes of streamed blocks on the device, noted whenever one has come."""
    from loradex.render import streaming

    seen: list[int] = []
    real = streaming.Streamed._come

    def come(self: Any, block: Any) -> None:
        real(self, block)
        seen.append(sum(one.size for one in self._blocks if one.near is not None))

    monkeypatch.setattr(streaming.Streamed, "_come", come)
    yield seen


@pytest.mark.parametrize(
    ("shape", "approximate"), [("sd1", ()), ("sdxl", ()), ("sd1", ("fp8",)), ("sdxl", ("fp8",))]
)
def test_a_grid_on_a_device_too_small_is_the_same_grid(
    shape: str,
    approximate: tuple[str, ...],
    stock: dict[str, Stock],
    tmp_path: Path,
    small: Small,
) -> None:
    files = stock[shape]
    spec = spec_for(
        files.folder, [files.kohya], strengths=(0, 0.7), seeds=(1, 2), approximate=approximate
    )
    _, resident = draw_all(spec, tmp_path / "a")
    assert small.near == []
    small.shrink(30_000)
    sink = Listener()
    _, streamed = draw_all(spec, tmp_path / "b", sink=sink)
    assert len(bytes_of(streamed)) == 4
    assert bytes_of(resident) == bytes_of(streamed)
    assert small.near
    told = [problem.message for problem in sink.problems]
    assert any("take turns" in message for message in told)
    assert any("for the unet: its blocks are brought" in message for message in told)
    assert any("for the text encoder: its blocks" in message for message in told)


@pytest.mark.parametrize("family", ["sd3", "flux-dev", "chroma", "qwen", "z-image", "klein"])
def test_every_family_streams_and_is_left_as_it_was(
    family: str, tmp_path: Path, near: list[int]
) -> None:
    import torch

    from loradex.render.bases.load import load_base
    from loradex.render.streaming import Streamed, weights_bytes_of

    base = load_base(make_family(tmp_path / family, family), CPU)
    expected = draw(base, ["a red boat"], [3], [4.0])[0]
    before = {
        name: {key: one.clone() for key, one in network.state_dict().items()}
        for name, network in base.modules().items()
    }
    streams = [Streamed(network, "cpu", 0.0) for network in base.modules().values()]
    assert all(one.streamed > 1 for one in streams)
    drawn = draw(base, ["a red boat"], [3], [4.0])[0]
    assert (drawn == expected).all()
    # One block at a time, and each a small part of its network.
    assert max(near) <= max(weights_bytes_of(network) for network in base.modules().values()) / 4
    for stream in streams:
        stream.close()
    for name, network in base.modules().items():
        assert all(torch.equal(before[name][key], one) for key, one in network.state_dict().items())
    assert (draw(base, ["a red boat"], [3], [4.0])[0] == expected).all()


def test_what_there_is_room_for_stays(stock: dict[str, Stock]) -> None:
    from loradex.render.bases.load import load_base
    from loradex.render.streaming import Streamed, weights_bytes_of

    unet = load_base(stock["sd1"].folder, CPU).modules()["unet"]
    size = weights_bytes_of(unet)
    counts = []
    for share in (0.0, 0.4, 0.7, 2.0):
        stream = Streamed(unet, "cpu", size * share)
        counts.append(stream.streamed)
        stream.close()
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1] > counts[2] > counts[3] == 0


def test_merged_weights_are_what_streams_also_after_a_pass_that_broke_off(
    stock: dict[str, Stock],
) -> None:
    import torch

    from loradex.render.bases.load import load_base
    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.modules import modules_from
    from loradex.render.lora.use import LoraAt
    from loradex.render.streaming import Streamed

    files = stock["sd1"]
    base = load_base(files.folder, CPU)
    unet = base.modules()["unet"]
    lora = match_lora(files.kohya, modules_from(base.modules()), name="it", base=None)
    width = unet.config.cross_attention_dim  # type: ignore[union-attr]
    given = (torch.ones(1, 4, 8, 8), torch.tensor(5), torch.ones(1, 7, int(str(width))))

    def asked() -> Any:
        with torch.inference_mode():
            return unet(*given, return_dict=False)[0]

    merger = Merger(frozenset({"unet"}))
    plain = asked()
    merger.apply([LoraAt(lora, 1.0)])
    merged = asked()
    merger.restore()
    stream = Streamed(unet, "cpu", 0.0)
    assert torch.equal(asked(), plain)
    stream._fetch(stream._blocks[-1])  # as if a pass had broken off
    merger.apply([LoraAt(lora, 1.0)])
    assert torch.equal(asked(), merged)
    assert not torch.equal(merged, plain)
    merger.restore()
    assert torch.equal(asked(), plain)
    stream.close()
    assert torch.equal(asked(), plain)
