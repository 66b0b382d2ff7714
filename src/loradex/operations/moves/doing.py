"""How steps are done, and how one fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loradex.domain.progress import CancelToken


class StepFailed(Exception):
    """A step was not done, and everything is as it was before it; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Doing:
    """How steps are done. `recovering` is true for steps that may have been begun before."""

    cancel: CancelToken
    on_bytes: Callable[[int], None]
    recovering: bool = False
