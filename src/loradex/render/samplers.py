"""Samplers by the names A1111 gives them, and the diffusers scheduler that does the same.

A sampler is the way down, a schedule the noise levels it goes through; A1111 writes them apart
("DPM++ 2M", "Karras") and wrote them joined before ("DPM++ 2M Karras"): both are read.
Everything a checkpoint says about its own noise (prediction type, zero terminal SNR, betas,
spacing) is kept; only what the names themselves mean is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.sampler_table import FLOW_SAMPLERS, SAMPLERS, Option, Sampler
from loradex.render.schedules import ALIASES, AUTOMATIC, SCHEDULES

if TYPE_CHECKING:
    from loradex.render.parts import Scheduler

_BY_SPACING: Mapping[str, str] = {
    "Uniform": "linspace",
    "Normal": "linspace",
    "SGM Uniform": "trailing",
    "DDIM": "leading",
}
_BY_OPTION: Mapping[str, str] = {
    "Karras": "use_karras_sigmas",
    "Exponential": "use_exponential_sigmas",
    "Polyexponential": "use_exponential_sigmas",
}
_ABSENT = frozenset(
    {"DPM fast", "DPM adaptive", "Restart", "DDIM CFG++", "Heun++", "IPNDM", "DEIS"}
)
_OWN_STEPS = frozenset({"LCM", "TCD", "PLMS"})
"""Those whose steps are their own: another spacing would not be this sampler."""
_FLOW_LEVELS = frozenset({"Karras", "Exponential", "Polyexponential", "Beta"})
_FLOW_PLAIN = frozenset({AUTOMATIC, "Simple", "Normal", "Uniform", "SGM Uniform"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A sampler with a schedule, both by their canonical names."""

    name: str
    schedule: str = AUTOMATIC
    flow: bool = False

    @property
    def sampler(self) -> Sampler:
        """The sampler of that name."""
        return (FLOW_SAMPLERS if self.flow else SAMPLERS)[self.name]

    @property
    def followed(self) -> str:
        """The schedule that "Automatic" comes to; "Automatic" is the checkpoint's own."""
        automatic = self.schedule == AUTOMATIC and self.sampler.automatic
        return automatic or self.schedule

    @property
    def scheduler(self) -> str:
        """The class of the scheduler underneath."""
        return self.sampler.scheduler

    @property
    def options(self) -> Mapping[str, Option]:
        """What to set over the checkpoint's own configuration."""
        options = dict(self.sampler.options)
        if self.sampler.takes == "spacing" and self.followed in _BY_SPACING:
            options["timestep_spacing"] = _BY_SPACING[self.followed]
        elif self.levels_are_ours and self.name != "Euler a":
            # Diffusers' own formula is then replaced by the schedule's.
            options["use_exponential_sigmas"] = True
        elif self.followed in _BY_OPTION and self.name != "Euler a":
            options[_BY_OPTION[self.followed]] = True
        return options

    @property
    def levels_are_ours(self) -> bool:
        """Tell whether diffusers has no option for this schedule's noise levels."""
        if self.sampler.takes == "flow":
            return self.followed == "Beta"
        if self.sampler.takes == "spacing" or self.followed == AUTOMATIC:
            return False
        return self.name == "Euler a" or self.followed not in _BY_OPTION


def read_sampler(name: str, schedule: str = AUTOMATIC, *, flow: bool = False) -> Choice:
    """Return what `name`, which may hold the schedule too, and `schedule` ask for.

    Case and doubled spaces do not count. Raises `UsageError` that proposes the nearest name, and
    for a pair that does not go together.
    """
    table = FLOW_SAMPLERS if flow else SAMPLERS
    asked = read_schedule(schedule)
    found = _canonical(name, table)
    if found is None:
        for known in (*SCHEDULES, *ALIASES):
            rest = _folded(name).removesuffix(f" {known.casefold()}")
            found = _canonical(rest, table) if rest != _folded(name) else None
            if found is not None:
                inner = read_schedule(known)
                if asked not in (AUTOMATIC, inner):
                    raise UsageError(f"{name} and the schedule {asked} contradict each other.")
                asked = inner
                break
    if found is None:
        raise _unknown_sampler(name, table, flow=flow)
    choice = Choice(found, asked, flow)
    _check(choice)
    return choice


def read_schedule(name: str) -> str:
    """Return the canonical name of a schedule; raise `UsageError` that proposes the nearest."""
    folded = _folded(name)
    for known in SCHEDULES:
        if known.casefold() == folded:
            return known
    if folded in ALIASES:
        return ALIASES[folded]
    raise UsageError(
        f"There is no schedule called {name!r}.",
        hint=_nearest(folded, SCHEDULES) or f"One of: {', '.join(SCHEDULES)}.",
    )


def build_scheduler(
    name: str,
    config: Mapping[str, object],
    *,
    schedule: str = AUTOMATIC,
    sdxl: bool = False,
) -> Scheduler:
    """Return a fresh scheduler for a sampler over the checkpoint's own `config`.

    `sdxl` chooses between the two tables of "Align Your Steps".
    """
    from loradex.render.solvers import build  # noqa: PLC0415 - heavy

    return build(read_sampler(name, schedule), config, sdxl=sdxl)


def build_flow_scheduler(
    name: str,
    config: Mapping[str, object],
    *,
    schedule: str = AUTOMATIC,
    shift: float | None = None,
) -> Scheduler:
    """Return a fresh scheduler for a model trained by flow matching.

    `config` is that of its `FlowMatchEulerDiscreteScheduler`. `shift`, where given, takes the
    place of the configured one; for a shift that follows the picture's size it is exp(mu).
    """
    from loradex.render.solvers import build_flow  # noqa: PLC0415 - heavy

    return build_flow(read_sampler(name, schedule, flow=True), config, shift=shift)


def _check(choice: Choice) -> None:
    """Raise `UsageError` where a sampler cannot follow a schedule."""
    schedule, takes = choice.schedule, choice.sampler.takes
    if takes == "levels" or schedule == AUTOMATIC:
        return
    if takes == "spacing":
        fitting = () if choice.name in _OWN_STEPS else tuple(_BY_SPACING)
    else:
        by_levels = choice.scheduler in ("FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler")
        fitting = tuple(
            known
            for known in SCHEDULES
            if known in _FLOW_PLAIN or (by_levels and known in _FLOW_LEVELS)
        )
    if schedule not in fitting:
        where = " for this kind of model" if choice.flow else ""
        raise UsageError(
            f"{choice.name} cannot follow the schedule {schedule}{where}.",
            hint=f"Use one of: {', '.join(dict.fromkeys((AUTOMATIC, *fitting)))}.",
        )


def _unknown_sampler(name: str, table: Mapping[str, Sampler], *, flow: bool) -> UsageError:
    absent = _canonical(name, _ABSENT)
    if absent:
        return UsageError(
            f"The sampler {absent} is not built in.", hint=f"One of: {', '.join(table)}."
        )
    if flow and _canonical(name.casefold().removesuffix(" karras"), SAMPLERS):
        return UsageError(
            f"The sampler {name} cannot draw with a model trained by flow matching.",
            hint=f"One of: {', '.join(table)}.",
        )
    return UsageError(
        f"There is no sampler called {name!r}.",
        hint=_nearest(_folded(name), table) or f"One of: {', '.join(table)}.",
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _canonical(name: str, known: Mapping[str, Sampler] | frozenset[str]) -> str | None:
    folded = _folded(name)
    return next((one for one in known if one.casefold() == folded), None)


def _nearest(folded: str, known: Mapping[str, Sampler] | tuple[str, ...]) -> str | None:
    names = {one.casefold(): one for one in known}
    found = get_close_matches(folded, names, n=1, cutoff=0.5)
    return f"Did you mean {names[found[0]]}?" if found else None
