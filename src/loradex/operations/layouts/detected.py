"""What a detector tells: which tool a folder belongs to, and where its models lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout


@dataclass(frozen=True, slots=True)
class Root:
    """A folder with models, fit to be a library. `path` exists and is no link."""

    path: Path
    folders: Mapping[str, ModelKind] = field(default_factory=dict)
    """Relative folder ("" is the root itself) to the kind the tool looks for there, the folder
    where new files of a kind belong first. `unknown` is a kind that has no word here."""
    ignore: tuple[str, ...] = ()
    """Globs, relative, of what is beside the models: environments, outputs, caches."""
    layout: Layout = Layout.PLAIN
    why: str = ""
    """What names this folder, when it is not the tool's own: `extra_model_paths.yaml`."""


@dataclass(frozen=True, slots=True)
class Detected:
    """A tool's folder. The first root is the tool's own, the others lie elsewhere."""

    layout: Layout
    title: str
    """The tool's name as a person knows it."""
    roots: tuple[Root, ...]
    notes: tuple[str, ...] = ()
    """What could not be read or followed, one sentence each, safe to print."""


Detector = Callable[[Path], Detected | None]
"""Tells what a folder is, None when it is not this tool's. Never raises for what it reads."""
