"""Why a hub keeps us waiting, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubWait:
    """A wait of more than a moment. `reason` reads on: "civitai.com asked for a pause"."""

    host: str
    reason: str
    seconds: float


TellWait = Callable[[HubWait], None]


def nobody_told(_wait: HubWait) -> None:
    """Tell nobody."""
