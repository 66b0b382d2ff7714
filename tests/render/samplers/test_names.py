"""Names of samplers and schedules."""

from __future__ import annotations

import pytest

from loradex.errors import UsageError
from loradex.render.sampler_table import FLOW_SAMPLERS, SAMPLERS
from loradex.render.samplers import (
    read_sampler,
    read_schedule,
)
from loradex.render.schedules import AUTOMATIC, SCHEDULES


@pytest.mark.parametrize(
    ("name", "schedule", "sampler", "followed"),
    [
        ("DPM++ 2M", "Karras", "DPM++ 2M", "Karras"),
        ("DPM++ 2M Karras", "Automatic", "DPM++ 2M", "Karras"),
        ("dpm++ 2m  karras", "Karras", "DPM++ 2M", "Karras"),
        ("DPM++ 2M", "Automatic", "DPM++ 2M", "Karras"),
        ("DPM++ 2M SDE", "Automatic", "DPM++ 2M SDE", "Exponential"),
        ("DPM++ 2M SDE Heun Exponential", "Automatic", "DPM++ 2M SDE Heun", "Exponential"),
        ("Euler", "Automatic", "Euler", "Automatic"),
        ("Euler a SGM Uniform", "Automatic", "Euler a", "SGM Uniform"),
        ("Euler a", "ddim_uniform".replace("_", " "), "Euler a", "DDIM"),
        ("LMS Align Your Steps", "Automatic", "LMS", "Align Your Steps"),
        ("DDIM", "Automatic", "DDIM", "Automatic"),
        ("DDIM", "SGM Uniform", "DDIM", "SGM Uniform"),
    ],
)
def test_joined_and_apart_are_both_read(
    name: str, schedule: str, sampler: str, followed: str
) -> None:
    choice = read_sampler(name, schedule)
    assert (choice.name, choice.followed) == (sampler, followed)


def test_every_name_is_read_back_from_infotext() -> None:
    pairs = 0
    for name in SAMPLERS:
        for schedule in SCHEDULES:
            try:
                choice = read_sampler(name, schedule)
            except UsageError:
                continue
            pairs += 1
            assert (choice.name, choice.schedule) == (name, schedule)
            joined = name if schedule == AUTOMATIC else f"{name} {schedule}"
            assert read_sampler(joined) == choice
    assert pairs > 140


@pytest.mark.parametrize(
    ("name", "schedule", "words"),
    [
        ("Eulr", "Automatic", "no sampler called 'Eulr'. Did you mean Euler?"),
        ("DPM 2M Karras", "Automatic", "Did you mean DPM\\+\\+ 2M"),
        ("zzz", "Automatic", "One of: Euler,"),
        ("DPM adaptive", "Automatic", "is not built in"),
        ("Euler", "Karas", "no schedule called 'Karas'. Did you mean Karras"),
        ("Euler Karras", "Exponential", "contradict"),
        ("DDIM", "Karras", "DDIM cannot follow the schedule Karras. Use one of: Automatic, Uni"),
        ("PLMS", "DDIM", "PLMS cannot follow"),
    ],
)
def test_a_wrong_name_proposes_the_nearest(name: str, schedule: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_sampler(name, schedule)


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("Euler", "Automatic"), ("Euler", "Simple"), ("Euler", "Beta"), ("LCM", "Karras")],
)
def test_flow_models_take_these(name: str, schedule: str) -> None:
    assert read_sampler(name, schedule, flow=True).flow


@pytest.mark.parametrize(
    ("name", "schedule", "words"),
    [
        ("DPM++ 2M", "Karras", "for this kind of model"),
        ("Euler a", "Automatic", "trained by flow matching"),
        ("Heun", "Align Your Steps", "cannot follow"),
        ("Euler", "DDIM", "cannot follow"),
    ],
)
def test_flow_models_refuse_these(name: str, schedule: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_sampler(name, schedule, flow=True)
    assert set(FLOW_SAMPLERS) <= set(SAMPLERS)


def test_calls_of_the_network_are_told_honestly() -> None:
    assert [SAMPLERS[name].asks(10) for name in ("Euler", "Heun", "PLMS")] == [10, 19, 11]
    assert FLOW_SAMPLERS["Heun"].asks(10) == 19
    assert read_schedule(" karras ") == "Karras"
