"""Load a checkpoint of any architecture."""

from __future__ import annotations

from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.bases.base import Base
from loradex.render.bases.companions import Companions
from loradex.render.bases.flow_file import load_flow_file
from loradex.render.bases.flow_folder import LAYOUTS, load_flow_folder
from loradex.render.bases.transformer_file import find_transformer
from loradex.render.bases.unet import UNetBase
from loradex.render.bases.weights import open_weights
from loradex.render.checkpoints import load_checkpoint
from loradex.render.device import Placed
from loradex.render.quiet import offline_and_quiet
from loradex.render.safefile import read_json

_NOTHING = Companions()


def load_base(path: Path, placed: Placed, companions: Companions = _NOTHING) -> Base:
    """Return the checkpoint in the file or diffusers folder `path` on `placed`.

    Nothing is downloaded and no code of the checkpoint runs. Raises `NotRenderable`, which names
    what is missing, and `ExtraMissing` for a GGUF file without the package that reads it.
    """
    if not path.exists():
        raise NotRenderable(
            f"The checkpoint {path} is not there.", hint="Scan the library again, then retry."
        )
    with offline_and_quiet():
        if path.is_dir():
            index = read_json(path / "model_index.json")
            layout = LAYOUTS.get(str(index.get("_class_name")))
            if layout is not None:
                return load_flow_folder(path, index, layout, placed)
        else:
            with open_weights(path) as file:
                found = find_transformer(file)
                if found is not None:
                    return load_flow_file(found, path, placed, companions)
    return UNetBase(load_checkpoint(path, placed))
