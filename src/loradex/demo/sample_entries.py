"""What an entry of the sample library is: a file to write, and what a hub would know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loradex.demo.sample_files import write_safetensors
from loradex.demo.sample_tensors import Tensors


@dataclass(frozen=True, slots=True)
class HubFacts:
    """What the demo's hub knows of a file. Everything is made up; ids are the hub's."""

    model_id: int
    version_id: int
    model_name: str
    version_name: str
    type: str
    """The hub's word: `Checkpoint`, `LORA`, `LoCon`, `DoRA`, `TextualInversion` …"""
    base_model: str
    """The hub's word: `SD 1.5`, `Pony`, `Flux.1 D` …"""
    trained_words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    creator: str = "mossgate"
    content_level: int = 1
    """1 PG, 2 PG-13, 4 R."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One file below the models folder; `write` makes it."""

    path: str
    write: Callable[[Path], None]
    hub: HubFacts | None = None
    sidecars: tuple[str, ...] = ()
    """Suffixes: `.civitai.info`, `.json`, `.txt`, `.preview.png`."""


def weights(
    path: str,
    tensors: Callable[[], Tensors],
    dtype: str = "F16",
    *,
    metadata: Mapping[str, str] | None = None,
    alpha: float = 1.0,
    seed: str | None = None,
    hub: HubFacts | None = None,
    sidecars: Iterable[str] = (),
) -> Sample:
    """Return a safetensors sample. Equal seeds and tensors make equal bodies."""

    def write(target: Path) -> None:
        write_safetensors(target, tensors(), dtype, seed or path, metadata=metadata, alpha=alpha)

    return Sample(path, write, hub, tuple(sidecars))


def text(path: str, content: bytes) -> Sample:
    """Return a sample of the given bytes."""
    return Sample(path, partial(_write_bytes, content))


def _write_bytes(content: bytes, target: Path) -> None:
    target.write_bytes(content)
