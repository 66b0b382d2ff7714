"""How a dialect of sidecars is read and written: files that a tool keeps beside models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from loradex.domain.sidecars import SidecarClaims, SidecarDocument, SidecarKey, SidecarModel


@runtime_checkable
class SidecarDialect(Protocol):
    """One tool's way to write a file beside a model. Reading and writing files is loradex's."""

    name: str
    """Short, in lower case with hyphens, as it is typed after `--from`: `lora-manager`."""
    label: str
    """The tool's name for people."""
    suffix: str
    """What follows the model's stem: `.metadata.json`. Files that end in `.json` or `.info` are
    JSON, others plain text."""
    after_full_name: bool
    """The suffix follows the model's full name, not its stem."""
    rank: int
    """Of dialects that disagree the one of the lowest rank counts."""

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what a file says; None when it is of another dialect with the same suffix."""


@runtime_checkable
class SidecarWriter(SidecarDialect, Protocol):
    """A dialect that loradex can also write."""

    tools: tuple[str, ...]
    """What is typed after `--for`."""
    indent: int | None
    """Blanks by which the tool indents its JSON; None for all on one line."""

    adds_to: tuple[str, ...]
    """Names of other dialects with the same suffix whose files it may add its keys to."""

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> Sequence[SidecarKey]:
        """Return the keys that loradex would have in the file.

        `existing` is the file as it is, or as it last was; empty when there is none. No keys at
        all: the dialect has nothing to say of such a model.
        """
