"""Settings that suit a checkpoint."""

from __future__ import annotations

import pytest

from loradex.domain.kinds import BaseModel
from loradex.render import defaults
from loradex.render.defaults import Suits, defaults_for
from loradex.render.samplers import read_sampler

FLOW = {"sd3", "flux1", "flux2", "chroma", "qwen-image", "z-image"}


@pytest.mark.parametrize(
    ("base", "facts", "expected"),
    [
        ("sd1", {}, (512, 20, 7.0, "DPM++ 2M", 1)),
        ("sd2", {}, (512, 20, 7.0, "DPM++ 2M", 1)),
        ("sd2", {"prediction": "v_prediction"}, (768, 20, 7.0, "DPM++ 2M", 1)),
        ("sd2", {"name": "sd_turbo"}, (512, 4, 1.0, "Euler a", 1)),
        ("sdxl", {}, (1024, 25, 5.0, "DPM++ 2M", 1)),
        ("sdxl", {"derivative": "pony"}, (1024, 25, 7.0, "Euler a", 2)),
        ("sdxl", {"derivative": "noobai"}, (1024, 28, 5.5, "Euler a", 1)),
        (
            "sdxl",
            {"derivative": "noobai", "prediction": "v_prediction"},
            (1024, 30, 4.5, "Euler", 1),
        ),
        ("sdxl", {"derivative": "something"}, (1024, 25, 5.0, "DPM++ 2M", 1)),
        ("sdxl", {"name": "sd_xl_turbo_1.0_fp16"}, (512, 4, 1.0, "Euler a", 1)),
        ("sdxl", {"variant": "turbo"}, (512, 4, 1.0, "Euler a", 1)),
        ("sdxl", {"name": "dreamshaperXL_v21TurboDPMSDE"}, (1024, 7, 2.0, "DPM++ SDE", 1)),
        ("sdxl", {"name": "sdxl_lightning_8step"}, (1024, 8, 1.0, "Euler", 1)),
        ("sdxl", {"variant": "lightning"}, (1024, 4, 1.0, "Euler", 1)),
        ("sdxl", {"name": "ponyLightning", "derivative": "pony"}, (1024, 4, 1.0, "Euler", 1)),
        ("sdxl", {"name": "Hyper-SDXL-1step"}, (1024, 1, 1.0, "DDIM", 1)),
        ("sdxl", {"name": "hyperrealism_v3"}, (1024, 25, 5.0, "DPM++ 2M", 1)),
        ("sdxl", {"name": "x_dmd2"}, (1024, 4, 1.0, "LCM", 1)),
        ("sd1", {"name": "dream-lcm"}, (512, 8, 1.5, "LCM", 1)),
        ("sd1", {"name": "turbocharged"}, (512, 20, 7.0, "DPM++ 2M", 1)),
        ("sd3", {}, (1024, 28, 7.0, "Euler", 1)),
        ("sd3", {"variant": "3.5-large"}, (1024, 28, 3.5, "Euler", 1)),
        ("sd3", {"name": "sd3.5_medium"}, (1024, 40, 4.5, "Euler", 1)),
        ("sd3", {"name": "sd3.5_large_turbo"}, (1024, 4, 1.0, "Euler", 1)),
        ("flux1", {"variant": "dev"}, (1024, 28, 3.5, "Euler", 1)),
        ("flux1", {"variant": "schnell"}, (1024, 4, 1.0, "Euler", 1)),
        ("flux2", {"name": "flux-2-klein-4b"}, (1024, 4, 1.0, "Euler", 1)),
        ("flux2", {"name": "flux-2-klein-base-4b"}, (1024, 50, 4.0, "Euler", 1)),
        ("flux2", {"variant": "klein-9b"}, (1024, 4, 1.0, "Euler", 1)),
        ("flux2", {"variant": "dev"}, (1024, 50, 4.0, "Euler", 1)),
        ("sd3", {"name": "x-turbo", "variant": "3.5-large"}, (1024, 4, 1.0, "Euler", 1)),
        ("chroma", {}, (1024, 40, 3.0, "Euler", 1)),
        ("qwen-image", {}, (1328, 50, 4.0, "Euler", 1)),
        ("z-image", {"name": "z_image_turbo_bf16"}, (1024, 9, 1.0, "Euler", 1)),
        ("z-image", {"name": "z-image-base"}, (1024, 50, 5.0, "Euler", 1)),
        (None, {}, (512, 20, 7.0, "DPM++ 2M", 1)),
        ("wan", {}, (512, 20, 7.0, "DPM++ 2M", 1)),
        ("nonsense", {}, (512, 20, 7.0, "DPM++ 2M", 1)),
    ],
)
def test_what_suits(
    base: str | None, facts: dict[str, str], expected: tuple[int, int, float, str, int]
) -> None:
    suits = defaults_for(base, **facts)
    got = (suits.width, suits.steps, suits.guidance, suits.sampler, suits.clip_skip)
    assert got == expected
    assert suits.height == suits.width


def test_every_default_can_be_drawn_with() -> None:
    tables: list[tuple[BaseModel, Suits]] = [
        *defaults._BASES.items(),
        *((base, suits) for (base, _), suits in defaults._VARIANTS.items()),
        *((BaseModel.SDXL, suits) for suits in defaults._DERIVATIVES.values()),
    ]
    for base, suits in tables:
        choice = read_sampler(suits.sampler, suits.schedule, flow=base.value in FLOW)
        assert (choice.name, choice.schedule) == (suits.sampler, suits.schedule)
        assert suits.width % 16 == suits.height % 16 == 0
