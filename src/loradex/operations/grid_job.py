"""Draw a grid in a process of its own."""

from __future__ import annotations

from loradex.operations.child_job import ChildJob, JobStatus
from loradex.operations.grids import GridRequest
from loradex.paths import Home

GridJob = ChildJob

__all__ = ["GridJob", "JobStatus", "start_grid_job"]


def start_grid_job(home: Home, request: GridRequest) -> GridJob:
    """Start drawing; `poll().grid_id` is set as soon as the grid is in the catalog."""
    return ChildJob(home, grid_arguments(request))


def grid_arguments(request: GridRequest) -> list[str]:
    """Return the command line that asks for the same grid: what a person could type."""
    settings = request.settings
    arguments = ["grid", *(str(id_) for id_ in request.loras)]
    arguments += ["--checkpoint", str(request.checkpoint)]
    arguments += ["--strengths=" + ",".join(format(value, "g") for value in request.strengths)]
    arguments += ["--seeds", ",".join(str(seed) for seed in request.seeds)]
    for prompt in request.prompts:
        arguments += [f"--prompt={prompt}"]
    if request.negative_prompt:
        arguments += [f"--negative={request.negative_prompt}"]
    if request.title:
        arguments += [f"--title={request.title}"]
    arguments += ["--size", f"{settings.width}x{settings.height}"]
    arguments += ["--steps", str(settings.num_inference_steps)]
    arguments += ["--guidance", format(settings.guidance_scale, "g")]
    arguments += ["--sampler", settings.sampler, "--clip-skip", str(settings.clip_skip)]
    return [*arguments, "--dtype", settings.dtype, "--device", settings.device]
