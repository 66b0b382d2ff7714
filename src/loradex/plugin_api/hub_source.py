"""Other hubs than the built-in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from loradex.domain.hub import HubVersion


@runtime_checkable
class HubSource(Protocol):
    """A place that knows models by the digest of their bytes."""

    @property
    def name(self) -> str:
        """A short word for the hub, such as `huggingface`; it is stored with every match."""
        ...

    def find(self, sha256s: Sequence[str]) -> Mapping[str, HubVersion]:
        """Return what the hub knows of these files, by digest; those it lacks are left out.

        Digests are 64 lower-case hex digits. Raise `loradex.errors.HubError` when the hub does
        not answer.
        """
        ...
