"""Open a LoRA file and find, for each of its modules, the weight it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.adapter import AdapterConfig, read_adapter
from loradex.render.lora.algorithms import Settings
from loradex.render.lora.family import seems_made_for
from loradex.render.lora.fits import fits
from loradex.render.lora.keys import locate, refused_algorithm, split_key
from loradex.render.lora.modules import Modules, Piece
from loradex.render.lora.patch import Group, Patch
from loradex.render.safefile import SafeFile, open_safe

if TYPE_CHECKING:
    from torch import Tensor

_EMBEDDING = "bundle_emb."
"""OneTrainer and kohya pack trained words beside the weights under this name."""


class LoraMisfit(LoraMismatch):
    """A LoRA whose modules are not those of the checkpoint, as far as one can tell."""


@dataclass(frozen=True, slots=True, eq=False)
class LoraFile:
    """A LoRA file every tensor of which fits the checkpoint."""

    path: Path
    name: str
    patches: tuple[Patch, ...]
    packed_words: tuple[str, ...] = ()
    """Trained words packed in the file."""
    stamp: tuple[int, int] = (0, 0)
    """Size and time of the file when it was matched."""
    rank: int = 0
    """The highest rank of its plain LoRA modules; 0 when it has none."""

    @property
    def touches_text(self) -> bool:
        """True when it changes a text encoder, so that prompts must be encoded anew."""
        return any(patch.in_text for patch in self.patches)

    @property
    def notes(self) -> tuple[str, ...]:
        """What it holds besides weights, a sentence each."""
        return tuple(
            f"The embedding {word} inside {self.name} is not used." for word in self.packed_words
        )

    def tensors(self, device: str | None = None) -> dict[str, Tensor]:
        """Read the tensors of all patches, by name, as stored.

        Raises `LoraMismatch` when the file is no longer the one that was matched.
        """
        names = {key for patch in self.patches for key in patch.group.tensors.values()}
        if _stamp(self.path) != self.stamp:
            raise LoraMismatch(f"{self.name} was changed on disk while it was in use.")
        with open_safe(self.path) as file:
            if device is None or device == "cpu":
                return {name: file.tensor(name) for name in names}
            return {name: file.tensor(name).to(device) for name in names}


def match_lora(path: Path, modules: Modules, *, name: str, base: str | None) -> LoraFile:
    """Return the LoRA in `path`, matched against a checkpoint's `modules`.

    `name` and `base` (what it was identified as, if known) are for messages. Only the header and
    single numbers are read. Raises `LoraMismatch` when any tensor has no place, has the wrong
    shape, or belongs to an algorithm that cannot be merged: a LoRA that acts only in part would
    give a picture of something else.
    """
    stamp = _stamp(path)
    with open_safe(path) as file:
        refused = refused_algorithm(file.names)
        if refused:
            raise LoraMismatch(f"{name} is {refused}, which cannot be merged into a checkpoint.")
        embeddings = {key for key in file.names if key.startswith(_EMBEDDING)}
        named, strangers = _named_tensors(file.names - embeddings)
        _refuse_halves(named, name)
        config = read_adapter(path, file.metadata)
        downs = (roles["down"] for roles in named.values() if "down" in roles)
        rank = max((file.shape(key)[0] for key in downs if file.shape(key)), default=0)
        patches: list[Patch] = []
        groups = 0
        for module_name, tensors in named.items():
            found = modules.find(*locate(module_name))
            group = found and _group(file, config, found[1], module_name, tensors)
            if found is None or group is None or not fits(file, group):
                strangers.append(module_name)
                continue
            groups += 1
            patches.extend(Patch(found[0], group, piece) for piece in group.pieces)
        if strangers or not (patches or embeddings):
            raise _mismatch(file, name, base, fitting=groups, strangers=strangers)
    _refuse_twice(patches, name)
    packed = tuple(dict.fromkeys(_word(key) for key in sorted(embeddings)))
    return LoraFile(path, name, tuple(patches), packed, stamp, rank)


def _named_tensors(names: Iterable[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return module name to role to tensor name, and the names that no dialect has."""
    groups: dict[str, dict[str, str]] = {}
    strangers: list[str] = []
    for key in sorted(names):
        split = split_key(key)
        if split is None:
            strangers.append(key)
        else:
            groups.setdefault(split[0], {})[split[1]] = key
    return groups, strangers


def _group(
    file: SafeFile,
    config: AdapterConfig,
    pieces: tuple[Piece, ...],
    name: str,
    tensors: dict[str, str],
) -> Group | None:
    """Return the group of one LoRA module, None when its numbers are no numbers."""
    alpha: float | None = None
    on_input = False
    if "alpha" in tensors:
        value = file.tensor(tensors["alpha"])
        if value.numel() != 1:
            return None
        alpha = float(value)
    elif "down" in tensors:
        rank = file.shape(tensors["down"])[:1]
        alpha = config.alpha(name, rank=rank[0]) if rank else None
    if "on_input" in tensors:
        on_input = bool(file.tensor(tensors["on_input"]).any())
    settings = Settings(alpha, on_input, "oft_r" in tensors and config.exact_turns(name))
    kept = {role: key for role, key in tensors.items() if role != "alpha"}
    return Group(name, kept, settings, pieces)


def _refuse_halves(named: Mapping[str, Mapping[str, str]], name: str) -> None:
    """Raise `LoraMismatch` when modules have one of two factors: the file was cut off."""
    halves = sum(("down" in roles) != ("up" in roles) for roles in named.values())
    if halves:
        raise LoraMismatch(
            f"{name} is broken: {halves} of its {len(named)} modules lack half their tensors.",
            hint="Get the file again; the copy was probably cut off.",
        )


def _refuse_twice(patches: Iterable[Patch], name: str) -> None:
    """Raise `LoraMismatch` when the same rows are named in two dialects: which one counts?"""
    seen: dict[tuple[int, int, bool], str] = {}
    for patch in patches:
        for touched, bias in ((patch.touches_weight, False), (patch.touches_bias, True)):
            place = (id(patch.module), patch.piece.target, bias)
            if touched and seen.setdefault(place, patch.group.name) != patch.group.name:
                raise LoraMismatch(
                    f"{name} changes {patch.path} twice, as {seen[place][:120]} "
                    f"and as {patch.group.name[:120]}."
                )


def _word(key: str) -> str:
    """Return the trained word in `bundle_emb.<word>.<encoder>`; the word may hold dots."""
    inner = key.removeprefix(_EMBEDDING).removesuffix(".string_to_param.*")
    return inner if inner + ".string_to_param.*" in key else inner.rpartition(".")[0] or inner


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_size, status.st_mtime_ns


def _mismatch(
    file: SafeFile, name: str, base: str | None, *, fitting: int, strangers: list[str]
) -> LoraMismatch:
    total = fitting + len(strangers)
    made_for = base or seems_made_for(file)
    share = (
        f"{fitting} of its {total} modules fit" if fitting else f"none of its {total} modules fit"
    )
    if not total:
        return LoraMismatch(f"{name} holds nothing that could change a checkpoint.")
    example = min(strangers, key=len)
    return LoraMisfit(
        f"{name} does not fit this checkpoint: {share} (for example {example[:120]} does not).",
        hint=f"It seems to be made for {made_for}; choose a checkpoint of that family."
        if made_for
        else "Choose the checkpoint family it was trained on.",
    )
