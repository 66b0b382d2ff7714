"""A model as it goes into a prompt: its words alone, A1111's tag with them, ComfyUI's inputs.

What the tools resolve: A1111 and Forge look a `<lora:NAME:…>` up among
file names without folder and ending and among the `ss_output_name` of headers, and refuse the
latter where two files share it; ComfyUI lists files by their path below the folder of their kind.
So the tag has the file's stem, and ComfyUI gets the path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import ModelKind
from loradex.domain.models import ModelDetails
from loradex.domain.trigger_words import SINGLES, WordGroup, copied_words
from loradex.errors import UsageError
from loradex.operations.word_choices import find_group

DEFAULT_STRENGTH = 1.0


class CopyForm(StrEnum):
    """How a model is written down."""

    WORDS = "words"
    A1111 = "a1111"
    COMFYUI = "comfyui"


@dataclass(frozen=True, slots=True)
class Copied:
    """A model written down, and what it is made of. `strength` is None where none is meant."""

    text: str
    words: tuple[str, ...]
    strength: float | None
    strength_clip: float | None
    notes: tuple[str, ...] = ()
    """Sentences that a person should know before they rely on it."""


def copied(
    catalog: Catalog,
    content_id: int,
    form: CopyForm,
    *,
    groups: Sequence[str] = (),
    every: bool = False,
    strength: float | None = None,
) -> Copied:
    """Return a model in one of the forms.

    Words are those that are switched on: the single ones and one outfit, or the `groups` asked
    for, or with `every` all that nobody switched off. Without a `strength` the preferred one is
    taken, else 1. Raises `UsageError` for a group that is not there, and where a form cannot be.
    """
    details = catalog.details(content_id)
    words = copied_words(_chosen(details.word_groups, groups, every))
    known = details.preferences.effective
    if strength is None:
        strength = known.usual_strength
        clip = known.clip_strength
    else:
        clip = None
    strength = DEFAULT_STRENGTH if strength is None else strength
    notes = _notes(catalog, details, form)
    if form is CopyForm.WORDS:
        text = ", ".join(words) or _name_as_word(details)
        return Copied(text, words, None, None, notes)
    clip = strength if clip is None else clip
    if form is CopyForm.A1111:
        text = _a1111(details, words, strength, clip)
    else:
        text = _comfyui(catalog, details, strength, clip)
    return Copied(text, words, strength, clip, notes)


def _chosen(groups: Sequence[WordGroup], names: Sequence[str], every: bool) -> Sequence[WordGroup]:
    if names:
        keys = [find_group(groups, name).key for name in names]
        return [group for group in groups if group.key in (SINGLES, *keys)]
    return [group for group in groups if (not group.refused if every else group.on)]


def _name_as_word(details: ModelDetails) -> str:
    """Return what calls a model without trigger words: an embedding's own name, else nothing."""
    return stem(details) if details.row.kind == ModelKind.EMBEDDING else ""


def _a1111(details: ModelDetails, words: Sequence[str], strength: float, clip: float) -> str:
    name, kind = stem(details), details.row.kind
    if kind == ModelKind.EMBEDDING:
        return name if strength == DEFAULT_STRENGTH else f"({name}:{strength:g})"
    if kind not in (ModelKind.LORA, ModelKind.HYPERNETWORK):
        raise UsageError(
            f"A {ModelKind(kind).label} is not called from a prompt.",
            hint="Choose it in the tool's menu; `--form comfyui` prints what ComfyUI calls it.",
        )
    if any(sign in name for sign in "<>:"):
        raise UsageError(
            f"No prompt can name {name!r}: it has one of the signs < > : in it.",
            hint="Rename the file.",
        )
    what = "lora" if kind == ModelKind.LORA else "hypernet"
    # Two bare numbers are read in one order by A1111 and in the other by most others.
    both = f"{strength:g}" if clip == strength else f"te={clip:g}:unet={strength:g}"
    return f"<{what}:{name}:{both}> {', '.join(words)}".rstrip()


_COMFYUI_INPUTS = {
    ModelKind.LORA: "lora_name",
    ModelKind.CHECKPOINT: "ckpt_name",
    ModelKind.DIFFUSION_MODEL: "unet_name",
    ModelKind.VAE: "vae_name",
    ModelKind.CONTROLNET: "control_net_name",
    ModelKind.T2I_ADAPTER: "control_net_name",
    ModelKind.TEXT_ENCODER: "clip_name",
    ModelKind.CLIP_VISION: "clip_name",
    ModelKind.UPSCALER: "model_name",
    ModelKind.STYLE_MODEL: "style_model_name",
    ModelKind.HYPERNETWORK: "hypernetwork_name",
}
"""The name of the input of the node that loads each kind."""


def _comfyui(catalog: Catalog, details: ModelDetails, strength: float, clip: float) -> str:
    kind = ModelKind(details.row.kind)
    if kind is ModelKind.EMBEDDING:
        name = f"embedding:{stem(details)}"
        return name if strength == DEFAULT_STRENGTH else f"({name}:{strength:g})"
    if kind not in _COMFYUI_INPUTS:
        raise UsageError(f"ComfyUI has no node of its own that loads a {kind.label}.")
    inputs: dict[str, object] = {_COMFYUI_INPUTS[kind]: listed_path(catalog, details)}
    if kind is ModelKind.LORA:
        inputs |= {"strength_model": strength, "strength_clip": clip}
    return json.dumps(inputs, ensure_ascii=False)


def stem(details: ModelDetails) -> str:
    """Return the file's name without folder and ending."""
    return PurePosixPath(details.row.file_name).stem


def listed_path(catalog: Catalog, details: ModelDetails) -> str:
    """Return a file's path as ComfyUI lists it: below the folder of its kind in its library.

    In a library whose folders say nothing of kinds it is the path below the library's root.
    """
    path, kind = details.row.path, details.row.kind
    for library in catalog.files.libraries():
        if not path.startswith(f"{library.root}/"):
            continue
        below = path.removeprefix(f"{library.root}/")
        folders = [
            folder
            for folder, meant in catalog.libraries.folders(library.id).items()
            if meant == kind and (not folder or below.startswith(f"{folder}/"))
        ]
        # Of folders within each other the outermost: ComfyUI lists what is below, too.
        outermost = min(folders, key=len, default="")
        return below.removeprefix(f"{outermost}/") if outermost else below
    return details.row.file_name


def _notes(catalog: Catalog, details: ModelDetails, form: CopyForm) -> tuple[str, ...]:
    """Return what may make the text mean another file."""
    if form is CopyForm.COMFYUI or details.row.kind not in (
        ModelKind.LORA,
        ModelKind.EMBEDDING,
        ModelKind.HYPERNETWORK,
    ):
        return ()
    if form is CopyForm.WORDS and details.row.kind != ModelKind.EMBEDDING:
        return ()
    name = stem(details)
    others = catalog.words.same_stem(name, details.row.kind, details.row.id)
    if not others:
        return ()
    return (
        f"{others} other {'file has' if others == 1 else 'files have'} the name {name!r}: which of"
        " them a prompt means is up to the tool.",
    )
