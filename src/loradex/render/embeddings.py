"""Read textual inversion embeddings: trained words as a few vectors for each text encoder.

Three layouts are in use: one tensor `emb_params` (A1111's safetensors) or under any single name
(diffusers), two tensors `clip_l` and `clip_g` (SDXL), and A1111's pickled
`{"string_to_param": {"*": tensor}}`. Pickles are read only by torch's reader of bare tensors,
which runs no code.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch, NotRenderable
from loradex.render.safefile import open_safe

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 64 << 20
_MOST_VECTORS = 1024
_ENCODERS = ("clip_l", "clip_g", "t5")
_WIDTHS = {768: "SD 1.x (or SDXL's first encoder)", 1024: "SD 2.x", 1280: "SDXL's second encoder"}


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The vectors of one trained word, float32 (count, width) for each text encoder it has.

    Encoders are `clip_l`, `clip_g` and `t5`; a file that names none has the key `""` for the
    checkpoint's only encoder.
    """

    name: str
    vectors: Mapping[str, Tensor]

    @property
    def count(self) -> int:
        """How many tokens the word takes: the most that an encoder has."""
        return max(len(rows) for rows in self.vectors.values())

    def for_encoders(self, widths: Mapping[str, int]) -> dict[str, Tensor]:
        """Return the vectors for each of a checkpoint's encoders, all with `count` rows.

        `widths` maps the checkpoint's encoders, in order, to the width of their token vectors.
        Raises `LoraMismatch` when an encoder has no vectors or its width is another one: a word
        that only half the encoders know is another word.
        """
        named = dict(self.vectors)
        if "" in named and len(widths) == 1:
            named = {next(iter(widths)): named[""]}
        got = {name: rows.shape[1] for name, rows in named.items()}
        if got != dict(widths):
            made_for = _family(got)
            raise LoraMismatch(
                f"The embedding {self.name} does not fit this checkpoint: its vectors are "
                f"{_sizes(got)} wide, the checkpoint's are {_sizes(widths)}.",
                hint=f"It seems to be made for {made_for}." if made_for else None,
            )
        return {name: _padded(rows, self.count) for name, rows in named.items()}


def read_embedding(path: Path) -> Embedding:
    """Return the embedding in a `.safetensors`, `.pt` or `.bin` file, named after the file.

    Raises `NotRenderable` for what cannot be read or is no embedding.
    """
    if path.suffix.lower() == ".safetensors":
        with open_safe(path) as file:
            _check_size(path)
            tensors: object = {name: file.tensor(name) for name in sorted(file.names)}
    else:
        tensors = _unpickled(path)
    return _embedding(path.stem, tensors, path.name)


def _embedding(name: str, stored: object, file: str) -> Embedding:
    import torch  # noqa: PLC0415 - heavy

    if isinstance(stored, dict) and isinstance(stored.get("string_to_param"), dict):
        stored = stored["string_to_param"]
    if not isinstance(stored, dict):
        raise NotRenderable(f"{file} is not a textual inversion embedding.")
    tensors = {str(key): one for key, one in stored.items() if isinstance(one, torch.Tensor)}
    named = {key: tensors[key] for key in _ENCODERS if key in tensors}
    if not named and len(tensors) == 1:
        named = {"": next(iter(tensors.values()))}
    if not named:
        raise NotRenderable(f"{file} is not a textual inversion embedding.")
    vectors = {}
    for key, tensor in named.items():
        rows = tensor.unsqueeze(0) if tensor.dim() == 1 else tensor
        if rows.dim() != 2 or not 0 < len(rows) <= _MOST_VECTORS or not rows.is_floating_point():
            raise NotRenderable(f"{file} is not a textual inversion embedding.")
        vectors[key] = rows.detach().float().clone()
    return Embedding(name, vectors)


def _unpickled(path: Path) -> object:
    """Return what a pickle of bare tensors holds; anything else in it is refused."""
    import torch  # noqa: PLC0415 - heavy

    _check_size(path)
    try:
        with warnings.catch_warnings():
            # It warns of unusual pickles, and then refuses them.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise NotRenderable(f"{path.name} cannot be read: {error}.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise NotRenderable(
            f"{path.name} is not a file of bare tensors, and nothing else is opened.",
            hint="Pickle files can run code; get the embedding as .safetensors.",
        ) from error


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotRenderable(f"{path.name} cannot be read: {error}.") from error
    if size > _LARGEST:
        raise NotRenderable(f"{path.name} is too large to be an embedding.")


def _padded(rows: Tensor, count: int) -> Tensor:
    """Return `count` rows, zeros behind what is there: encoders read the same tokens."""
    import torch  # noqa: PLC0415 - heavy

    missing = count - len(rows)
    return torch.cat([rows, rows.new_zeros(missing, rows.shape[1])]) if missing else rows


def _sizes(widths: Mapping[str, int]) -> str:
    return " and ".join(str(width) for width in widths.values())


def _family(widths: Mapping[str, int]) -> str | None:
    if set(widths) == {"clip_l", "clip_g"}:
        return "SDXL"
    return _WIDTHS.get(next(iter(widths.values()))) if len(widths) == 1 else None
