"""Grids as TOML files of a person's own: written whole or not at all, read within bounds."""

from __future__ import annotations

from pathlib import Path

from loradex.errors import UsageError
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_toml import LARGEST_TOML, read_toml, write_toml
from loradex.paths import expanded
from loradex.render.whole_file import whole_file


def save_spec(request: GridRequest, path: Path) -> Path:
    """Write a request as a file for `loradex grid --spec`; return where it lies.

    A file of that name is replaced. Raises `UsageError` where it cannot be written.
    """
    path = expanded(path).absolute()
    try:
        with whole_file(path) as file:
            file.write(write_toml(request).encode("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"The grid cannot be written to {path}: {_reason(error)}.") from error
    return path


def load_spec(path: Path) -> GridRequest:
    """Return the request in a TOML file; raise `UsageError` for what is none."""
    path = expanded(path).absolute()
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TOML * 4 + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {_reason(error)}.") from error
    try:
        return read_toml(data.decode("utf-8-sig"), name=path.name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is no text in UTF-8.") from error


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
