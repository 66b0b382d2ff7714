"""Read tensors out of safetensors files, with our own errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loradex.errors import NotRenderable

if TYPE_CHECKING:
    from torch import Tensor

    class _Slice(Protocol):
        def get_shape(self) -> list[int]: ...

    class _Handle(Protocol):
        """What `safetensors.safe_open` gives; the library itself has no types."""

        def keys(self) -> list[str]: ...

        def metadata(self) -> dict[str, str] | None: ...

        def get_slice(self, name: str) -> _Slice: ...

        def get_tensor(self, name: str) -> Tensor: ...


_LARGEST_INDEX = 64 << 20


class SafeFile:
    """An open safetensors file: names, shapes, and tensors one at a time."""

    def __init__(self, handle: _Handle, path: Path) -> None:
        self._handle = handle
        self.path = path
        self.names = frozenset(handle.keys())
        self.metadata: Mapping[str, str] = handle.metadata() or {}

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the outermost-first shape of the tensor `name`, which must exist."""
        return tuple(self._handle.get_slice(name).get_shape())

    def tensor(self, name: str) -> Tensor:
        """Return the tensor `name` as stored. It may share memory with the file: copy it."""
        return self._handle.get_tensor(name)


@contextmanager
def open_safe(path: Path) -> Iterator[SafeFile]:
    """Open a safetensors file; raise `NotRenderable` when it is none, or is broken."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - heavy with torch

    if path.suffix.lower() != ".safetensors":
        raise NotRenderable(
            f"{path.name} is not a .safetensors file, and only those are drawn from.",
            hint="Pickle files can run code; convert it to safetensors first.",
        )
    try:
        with safe_open(path, framework="pt") as handle:
            yield SafeFile(handle, path)
    except SafetensorError as error:
        raise NotRenderable(f"{path.name} is not a sound safetensors file: {error}.") from error
    except OSError as error:
        raise NotRenderable(f"{path.name} cannot be read: {error}.") from error


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the safetensors files that hold one part of a diffusers folder.

    A whole file is preferred to a sharded one, and full precision to the `fp16` variant. Raises
    `NotRenderable` when there is none.
    """
    for stem in ("diffusion_pytorch_model", "model"):
        for variant in ("", ".fp16"):
            whole = folder / f"{stem}{variant}.safetensors"
            if whole.is_file():
                return (whole,)
            index = folder / f"{stem}.safetensors.index{variant}.json"
            if index.is_file():
                return _shards(index)
    raise NotRenderable(
        f"There is no .safetensors file in {folder.parent.name}/{folder.name}.",
        hint="Folders with only .bin weights are not drawn from: pickle files can run code.",
    )


def _shards(index: Path) -> tuple[Path, ...]:
    table = read_json(index).get("weight_map")
    if not isinstance(table, dict):
        raise NotRenderable(f"{index.name} does not say which file holds which weight.")
    names = sorted({str(name) for name in table.values()})
    if any(Path(name).name != name for name in names):
        raise NotRenderable(f"{index.name} names files outside its folder.")
    return tuple(index.parent / name for name in names)


def read_json(path: Path) -> dict[str, object]:
    """Return the object in a small JSON file; raise `NotRenderable` when it is not one."""
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            raise NotRenderable(f"{path.name} is too large to be a configuration.")
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise NotRenderable(
            f"{path.parent.name}/{path.name} is missing, so this is not a whole diffusers folder."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise NotRenderable(f"{path.parent.name}/{path.name} cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise NotRenderable(f"{path.parent.name}/{path.name} does not hold a JSON object.")
    return value
