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
from loradex.render.bases.vae_choice import load_vae
from loradex.render.bases.weights import open_weights
from loradex.render.device import Placed
from loradex.render.folder import load_folder
from loradex.render.noise import UNKNOWN, NoiseHints
from loradex.render.quiet import offline_and_quiet
from loradex.render.safefile import read_json
from loradex.render.single_file import load_single_file

_NOTHING = Companions()


def load_base(
    path: Path,
    placed: Placed,
    companions: Companions = _NOTHING,
    *,
    hints: NoiseHints = UNKNOWN,
) -> Base:
    """Return the checkpoint in the file or diffusers folder `path` on `placed`.

    `companions` complete a file that is not whole; `hints` say how an SD checkpoint predicts.
    Nothing is downloaded and no code of the checkpoint runs. Raises `NotRenderable`, which names
    what is missing, and `ExtraMissing` for a GGUF file without the package that reads it.
    """
    if not path.exists():
        raise NotRenderable(
            f"The checkpoint {path} is not there.", hint="Scan the library again, then retry."
        )
    with offline_and_quiet():
        return (_from_folder if path.is_dir() else _from_file)(path, placed, companions, hints)


def _from_folder(path: Path, placed: Placed, companions: Companions, hints: NoiseHints) -> Base:
    index = read_json(path / "model_index.json")
    layout = LAYOUTS.get(str(index.get("_class_name")))
    base: Base
    if layout is not None:
        base = load_flow_folder(path, layout, placed)
    else:
        base = UNetBase(load_folder(path, placed, hints=hints, inpainting=True))
    if companions.vae is not None:
        base.use_vae(load_vae(companions.vae, base.family, placed))
    return base


def _from_file(path: Path, placed: Placed, companions: Companions, hints: NoiseHints) -> Base:
    with open_weights(path) as file:
        found = find_transformer(file)
        if found is not None:
            return load_flow_file(found, path, placed, companions)
    return UNetBase(
        load_single_file(path, placed, companions=companions, hints=hints, inpainting=True)
    )
