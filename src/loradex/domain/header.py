"""What a model file says about itself without its weights: names, dtypes, shapes, metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FileFormat(StrEnum):
    """The container, told from the first bytes and never from the name."""

    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    PICKLE = "pickle"
    DIFFUSERS = "diffusers"
    """A folder with a `model_index.json`."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor's description.

    `dtype` is the safetensors word (`F16`, `BF16`, `F8_E4M3` …) or, in a GGUF, the ggml type
    (`Q4_K` …). `shape` is outermost first whatever the container stores; `()` is a scalar.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of elements."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of a model in several files this is.

    `number` counts from 1; 0 stands for a folder of all of them. `name` is the name that the
    model would have in one file. `missing` are the numbers of shards that could not be read.
    """

    number: int
    of: int
    name: str
    missing: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()
    """Those of `missing` that are there: files that are no healthy model."""


@dataclass(frozen=True, slots=True)
class Header:
    """A file's own description of itself.

    `metadata` holds text only, already cut to a bounded size and sanitised; `nbytes` is the
    header's size in the file, `tensor_offset` where the tensor bytes begin (0 when unknown).
    `config` is the parsed class name table of a diffusers folder: part name to class name.
    """

    format: FileFormat
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)
    nbytes: int = 0
    tensor_offset: int = 0
    config: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was odd but not fatal, one sentence each."""
    shard: Shard | None = None
    """Set where the tensors are those of a model in several files."""
