"""Load a checkpoint, whatever it is stored as."""

from __future__ import annotations

from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.device import Placed
from loradex.render.folder import load_folder
from loradex.render.parts import Parts
from loradex.render.quiet import offline_and_quiet
from loradex.render.single_file import load_single_file


def load_checkpoint(path: Path, placed: Placed) -> Parts:
    """Return the parts of a diffusers folder or a single .safetensors file on `placed`.

    Nothing is downloaded and no code of the checkpoint runs. Raises `NotRenderable`.
    """
    if not path.exists():
        raise NotRenderable(
            f"The checkpoint {path} is not there.", hint="Scan the library again, then retry."
        )
    with offline_and_quiet():
        return load_folder(path, placed) if path.is_dir() else load_single_file(path, placed)
