"""Where a file of some kind belongs in a library. Pure: nothing is looked at."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.names import COMFYUI, TABLES

_OWN_ORDER = (Layout.INVOKEAI, Layout.HUGGING_FACE)
"""These tools name and list every file themselves; what is put beside them is not seen."""

_WITH = {
    ModelKind.DIFFUSION_MODEL: ModelKind.CHECKPOINT,
    ModelKind.T2I_ADAPTER: ModelKind.CONTROLNET,
    ModelKind.IP_ADAPTER: ModelKind.CONTROLNET,
}
"""Kinds that a tool without a folder for them keeps with others."""


def folder_for(layout: Layout, kind: ModelKind, folders: Mapping[str, ModelKind]) -> str | None:
    """Return the relative folder where a new file of this kind belongs, "" for the root itself.

    `folders` are the library's own, the preferred one of a kind first. None when the tool would
    not find it anywhere: the kind is unknown, has no folder there, or the tool keeps an order of
    its own.
    """
    if kind is ModelKind.UNKNOWN or layout in _OWN_ORDER:
        return None
    own = _first(folders, kind)
    if own is not None:
        return own
    below = "models/" if any(name.startswith("models/") for name in folders) else ""
    if layout is Layout.A1111 and kind is ModelKind.EMBEDDING:
        return "embeddings" if below else None
    standard = _first(TABLES.get(layout, COMFYUI), kind)
    if standard is not None:
        return below + standard
    stand_in = _WITH.get(kind)
    return folder_for(layout, stand_in, folders) if stand_in else None


def _first(folders: Mapping[str, ModelKind], kind: ModelKind) -> str | None:
    return next((name for name, held in folders.items() if held is kind), None)
