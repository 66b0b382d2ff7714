"""Every sampler draws right, and draws each picture alone."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from loradex.errors import UsageError
from loradex.render.sampler_table import FLOW_SAMPLERS, SAMPLERS
from loradex.render.samplers import (
    build_flow_scheduler,
    build_scheduler,
    read_sampler,
)
from loradex.render.schedules import AUTOMATIC, SCHEDULES

pytestmark = pytest.mark.render


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    from loradex.render.quiet import offline_and_quiet

    with offline_and_quiet():
        yield


def _fitting(name: str, *, flow: bool = False) -> list[str]:
    found = []
    for schedule in SCHEDULES:
        try:
            read_sampler(name, schedule, flow=flow)
        except UsageError:
            continue
        found.append(schedule)
    return found


RANDOM = frozenset(
    name
    for name in SAMPLERS
    if name.endswith(" a") or "SDE" in name or name in ("DDPM", "LCM", "TCD")
)
"""Those that draw noise on the way."""
PAIRS = [(name, schedule) for name in SAMPLERS for schedule in _fitting(name)]
FLOW_PAIRS = [(name, sched) for name in FLOW_SAMPLERS for sched in _fitting(name, flow=True)]
DISTILLED = ("LCM", "TCD")
"""These jump to the data at each step, which only their own checkpoints can."""


@pytest.mark.parametrize(("name", "schedule"), PAIRS)
def test_pure_noise_is_drawn_from_pure_noise(name: str, schedule: str) -> None:
    from .gaussian import CONFIG, draw

    scheduler = build_scheduler(name, CONFIG, schedule=schedule)
    steps = 40
    drawn = draw(scheduler, steps, side=32)
    assert len(scheduler.timesteps) == SAMPLERS[name].asks(steps)
    if name in DISTILLED:
        assert drawn.std() > 0.5
        return
    # The first order ones lose some of it, those with noise more, and "Beta" has a huge last step.
    least, most = (0.78, 1.25) if schedule == "Beta" else (0.9, 1.12)
    assert least < drawn.std() < most + 0.1 * (name == "DPM++ 2M SDE Heun")
    assert abs(drawn.mean()) < 0.05


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in ("PLMS", *DISTILLED)])
def test_v_prediction_is_the_same_picture(name: str) -> None:
    from .gaussian import CONFIG, draw

    schedule = "Uniform" if SAMPLERS[name].takes == "spacing" else "SGM Uniform"
    other = {**CONFIG, "prediction_type": "v_prediction"}
    one = draw(build_scheduler(name, CONFIG, schedule=schedule), 8, side=8)
    two = draw(build_scheduler(name, other, schedule=schedule), 8, side=8, prediction="v")
    assert (one - two).abs().max() < 1e-4


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name in RANDOM])
def test_a_picture_does_not_depend_on_its_neighbours(name: str) -> None:
    import torch

    from .gaussian import CONFIG, draw

    def row(seeds: tuple[int, ...], place: int) -> Any:
        return draw(build_scheduler(name, CONFIG), 6, seeds=seeds, side=8, scale=0.9)[place]

    first = row((5, 1, 2, 3), 0)
    assert torch.equal(first, row((5, 8, 8, 9), 0))
    assert torch.equal(first, row((7, 6, 9, 5), 3))
    assert not torch.equal(first, row((5, 5, 4, 1), 2))


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in RANDOM])
def test_samplers_that_are_not_random_draw_no_noise(name: str) -> None:
    """The noise of the last picture is the same as that of the first, so they come out alike."""
    import inspect

    from .gaussian import CONFIG

    scheduler = build_scheduler(name, CONFIG)
    scheduler.set_timesteps(4, device="cpu")
    if "generator" not in inspect.signature(scheduler.step).parameters:
        return
    import torch

    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    latents = torch.ones(1, 4, 8, 8)
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)
        latents = scheduler.step(
            scaled, timestep, latents, generator=[generator], return_dict=False
        )[0]
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize(("name", "schedule"), FLOW_PAIRS)
@pytest.mark.parametrize("shift", [None, 1.0, 3.16])
def test_flow_matching_draws_right_too(name: str, schedule: str, shift: float | None) -> None:
    from .gaussian import draw_flow

    config = {"num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": False}
    scheduler = build_flow_scheduler(name, config, schedule=schedule, shift=shift)
    drawn = draw_flow(scheduler, 40, side=24)
    calls = FLOW_SAMPLERS[name].asks(40)
    assert len(scheduler.timesteps) == calls
    assert (0.6 if name == "LCM" else 0.88) < drawn.std() < 1.12


def test_a_shift_by_size_is_a_plain_shift() -> None:
    import math

    from diffusers import FlowMatchEulerDiscreteScheduler

    dynamic = {"use_dynamic_shifting": True, "shift": 3.0}
    own = FlowMatchEulerDiscreteScheduler.from_config(dynamic)
    own.set_timesteps(9, device="cpu", mu=0.8)
    ours = build_flow_scheduler("Euler", dynamic, shift=math.exp(0.8))
    ours.set_timesteps(9, device="cpu")
    # The lowest trained level, where both end, is shifted in one and not in the other.
    assert ours.timesteps[:5].numpy() == pytest.approx(own.timesteps[:5].numpy(), rel=5e-3)


@pytest.mark.parametrize("schedule", ["Karras", "Exponential"])
def test_our_formulas_are_those_of_diffusers(schedule: str) -> None:
    import numpy as np

    from loradex.render.schedules import noise_levels
    from loradex.render.trained_levels import trained_levels

    from .gaussian import CONFIG

    scheduler: Any = build_scheduler("DPM++ 2M", CONFIG, schedule=schedule)
    scheduler.set_timesteps(9, device="cpu")
    levels = noise_levels(schedule, 9, trained_levels(scheduler), sdxl=False)
    assert np.abs(scheduler.sigmas.numpy()[:-1] / levels - 1).max() < 1e-5


def test_lms_integrates_exactly() -> None:
    import numpy as np

    from .gaussian import CONFIG

    scheduler: Any = build_scheduler("LMS", CONFIG)
    scheduler.set_timesteps(12, device="cpu")
    levels = scheduler.sigmas.double().numpy()
    for at, order in ((0, 1), (1, 2), (2, 3), (7, 4), (11, 4)):
        nodes = [levels[at - back] for back in range(order)]
        for which in range(order):
            others = [node for node in nodes if node != nodes[which]]
            basis = (
                np.polynomial.Polynomial.fromroots(others)
                if others
                else np.polynomial.Polynomial([1])
            )
            whole = (basis / basis(nodes[which])).integ()
            expected = whole(levels[at + 1]) - whole(levels[at])
            got = scheduler.get_lms_coefficient(order, at, which)
            assert got == pytest.approx(expected, rel=1e-9)


def test_dpm_sde_is_that_of_diffusers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Diffusers' own needs torchsde for its noise only, so it is given the same noise as ours."""
    import torch

    from .gaussian import CONFIG, predict

    monkeypatch.setitem(sys.modules, "torchsde", ModuleType("torchsde"))
    from diffusers.schedulers.scheduling_dpmsolver_sde import DPMSolverSDEScheduler

    theirs = DPMSolverSDEScheduler.from_config(CONFIG, use_karras_sigmas=True)
    ours: Any = build_scheduler("DPM++ SDE", CONFIG)
    steps = 7
    draws = torch.Generator().manual_seed(3)
    start = torch.randn(1, 4, 8, 8, generator=draws)
    noises = [torch.randn(1, 4, 8, 8, generator=draws) for _ in range(2 * steps)]
    queue = list(noises)
    monkeypatch.setattr(
        "loradex.render.two_stage_solvers.randn_tensor", lambda *_, **__: queue.pop(0)
    )
    walk = [torch.zeros(1, 4, 8, 8)]
    ends: list[float] = []

    def their_noise(high: Any, low: Any) -> Any:
        """Return what a Brownian path gives: the second noise of a step goes on from the first."""
        high, low = float(high), float(low)
        if not ends or ends[0] != high:
            ends[:] = [high, low]
            walk.append(noises[2 * (len(walk) - 1)])
            return walk[-1]
        middle = ends[1]
        fresh = noises[2 * (len(walk) - 2) + 1]
        both = walk[-1] * (high - middle) ** 0.5 + fresh * (middle - low) ** 0.5
        return both / (high - low) ** 0.5

    results = []
    for scheduler in (theirs, ours):
        scheduler.set_timesteps(steps, device="cpu")
        theirs.noise_sampler = their_noise
        latents = start * scheduler.init_noise_sigma
        for timestep in scheduler.timesteps:
            scaled = scheduler.scale_model_input(latents, timestep)
            said = predict(scaled, timestep, "epsilon") * 0.9
            latents = scheduler.step(said, timestep, latents, return_dict=False)[0]
        results.append(latents)
    assert not queue[2:]
    assert (results[0] - results[1]).abs().max() < 1e-4


def test_the_third_order_is_as_good_as_the_second() -> None:
    """With diffusers' own weights the error is four times as large, and halves no faster."""
    from diffusers import DPMSolverMultistepScheduler

    from .gaussian import CONFIG, draw

    options = {"algorithm_type": "sde-dpmsolver++", "solver_order": 3}
    plain = DPMSolverMultistepScheduler.from_config(CONFIG, **options, use_exponential_sigmas=True)
    ours = build_scheduler("DPM++ 3M SDE", CONFIG)
    off, right = (float(draw(one, 20, side=96).std()) - 1 for one in (plain, ours))
    assert abs(right) < 0.03
    assert off > 0.06


@pytest.mark.parametrize("name", ["Euler a", "DPM++ 2M", "UniPC"])
def test_the_network_is_told_the_exact_level(name: str) -> None:
    import numpy as np

    from .gaussian import CONFIG, level_at

    scheduler: Any = build_scheduler(name, CONFIG, schedule="KL Optimal")
    scheduler.set_timesteps(10, device="cpu")
    told = [level_at(timestep) for timestep in scheduler.timesteps]
    assert np.abs(np.array(told) / scheduler.sigmas.numpy()[:-1] - 1).max() < 1e-4


def test_sdxl_has_its_own_table_of_steps() -> None:
    from .gaussian import CONFIG

    levels = []
    for sdxl in (False, True):
        scheduler: Any = build_scheduler("Euler", CONFIG, schedule="Align Your Steps", sdxl=sdxl)
        scheduler.set_timesteps(11, device="cpu")
        levels.append(float(scheduler.sigmas[1]))
    assert levels == pytest.approx([6.475, 6.315])


@pytest.mark.parametrize("name", ["DPM++ SDE", "DPM++ 2S a", "LMS", "DPM++ 3M SDE"])
def test_ours_start_on_the_way(name: str) -> None:
    """Half way in, as from an init picture: the data comes out, not noise."""
    import torch

    from .gaussian import CONFIG, predict

    scheduler: Any = build_scheduler(name, CONFIG, schedule=AUTOMATIC)
    scheduler.set_timesteps(20, device="cpu")
    begin = 13 * scheduler.order
    scheduler.set_begin_index(begin)
    generator = torch.Generator().manual_seed(0)
    extra = {} if name == "LMS" else {"generator": generator}
    clean, noise = (torch.randn(1, 4, 32, 32, generator=generator) for _ in range(2))
    latents = scheduler.add_noise(clean, noise, scheduler.timesteps[begin : begin + 1])
    for timestep in scheduler.timesteps[begin:]:
        said = predict(scheduler.scale_model_input(latents, timestep), timestep, "epsilon")
        latents = scheduler.step(said, timestep, latents, return_dict=False, **extra)[0]
    assert 0.9 < latents.std() < 1.1
    assert torch.corrcoef(torch.stack([latents.flatten(), clean.flatten()]))[0, 1] > 0.5


@pytest.mark.parametrize("name", SAMPLERS)
def test_zero_terminal_snr_is_kept_by_every_sampler(name: str) -> None:
    """Heun, DPM2, DPM2 a, LMS and PLMS of diffusers drop it."""
    import numpy as np
    import torch

    from .gaussian import CONFIG

    config = {
        **CONFIG,
        "rescale_betas_zero_snr": True,
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
    }
    reference: Any = build_scheduler("Euler", config)
    scheduler: Any = build_scheduler(name, config)
    kept, expected = (one.alphas_cumprod.double().numpy() for one in (scheduler, reference))
    assert np.abs(kept[:-1] / expected[:-1] - 1).max() < 2e-3
    assert kept[-1] < 1e-7
    scheduler.set_timesteps(6, device="cpu")
    generator = [torch.Generator().manual_seed(0)]
    noise = torch.randn(1, 4, 8, 8, generator=generator[0])
    latents = noise * scheduler.init_noise_sigma
    extra = {"generator": generator} if name in RANDOM else {}
    for timestep in scheduler.timesteps:
        said = scheduler.scale_model_input(latents, timestep) * 0.1
        latents = scheduler.step(said, timestep, latents, return_dict=False, **extra)[0]
    assert torch.isfinite(latents).all()


@pytest.mark.parametrize(
    "betas",
    [
        {"beta_schedule": "linear"},
        {"trained_betas": [0.001 * (1 + number / 100) for number in range(1000)]},
    ],
)
def test_zero_terminal_snr_from_other_betas(betas: dict[str, object]) -> None:
    import numpy as np

    from .gaussian import CONFIG

    config = {**CONFIG, **betas, "rescale_betas_zero_snr": True}
    kept = []
    for name in ("Euler", "Heun"):
        scheduler: Any = build_scheduler(name, config)
        kept.append(scheduler.alphas_cumprod.double().numpy()[:990])
    assert np.abs(kept[0] / kept[1] - 1).max() < 2e-3
