"""Tell which dialects a picture's texts are in, and read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from loradex.domain.generation import Generation
from loradex.formats.generation.comfy import read_comfy
from loradex.formats.generation.fooocus import read_fooocus
from loradex.formats.generation.gathering import merged
from loradex.formats.generation.hub_meta import hub_metas, read_hub_meta
from loradex.formats.generation.infotext import looks_like_infotext, read_infotext
from loradex.formats.generation.invokeai import read_dream, read_invokeai, read_sd_metadata
from loradex.formats.generation.swarmui import read_swarmui
from loradex.formats.generation.values import mapping, parsed

if TYPE_CHECKING:
    from loradex.formats.pictures.texts import PictureTexts

_PLAIN = (
    "parameters", "usercomment", "comment", "json", "text", "imagedescription", "description",
    "xpcomment", "model", "make",
)  # fmt: skip
"""Texts that may hold any dialect; the likeliest first."""
_DATES = ("datetimeoriginal", "datetime", "creation time")
_EXIF_DATE = re.compile(r"^(\d{4}):(\d\d):(\d\d)")
_OLDEST, _LATEST = 946_684_800.0, 4_102_444_800.0
"""2000 and 2100: nothing was generated before; a clock that was never set says so."""


def generations_of(picture: PictureTexts) -> list[Generation]:
    """Return what a picture tells: one generation, or none; a hub's list as JSON gives several.

    Where two dialects are there (a graph of ComfyUI beside a parameter text), both are joined: the
    text says which digests, the graph which strengths. Nothing in the texts raises.
    """
    texts = dict(picture.texts)
    if "xmp" in texts:
        from loradex.formats.pictures.xmp import xmp_texts  # noqa: PLC0415 - few have any

        for number, text in enumerate(xmp_texts(texts["xmp"])):
            texts.setdefault("comment" if number == 0 else "description", text)
    if picture.kind == "json":
        listed = [
            told
            for meta in hub_metas(parsed(texts.get("json", "")))
            if (told := read_hub_meta(meta))
        ]
        if len(listed) > 1:
            return listed
    told = _one(texts)
    if told is None:
        return []
    if told.made_at is None:
        told = replace(told, made_at=_date([told.settings.get("Created Date", ""), *_dates(texts)]))
    if picture.width and not {"width", "height"} & told.settings.keys():
        size = {"width": str(picture.width), "height": str(picture.height)}
        told = replace(told, settings={**told.settings, **size})
    return [told]


def _one(texts: dict[str, str]) -> Generation | None:
    """Return what all texts tell together; what is told first counts where they differ."""
    told: Generation | None = None
    for each in _all(texts):
        if each is not None:
            told = each if told is None else _joined(told, each)
    return told


def _joined(first: Generation, second: Generation) -> Generation:
    """Join two dialects. A parameter text beside a graph was written by a node of ComfyUI's."""
    both = merged(first, second)
    graph = second.tool == "comfyui" and first.tool in ("a1111", "civitai")
    return replace(both, tool="comfyui") if graph else both


def _all(texts: dict[str, str]) -> Iterator[Generation | None]:
    yield read_invokeai(mapping(texts.get("invokeai_metadata", "")))
    yield read_sd_metadata(mapping(texts.get("sd-metadata", "")))
    if "sd-metadata" not in texts and "dream" in texts:
        yield read_dream(texts["dream"])
    graphs = [texts[name] for name in ("prompt", "workflow") if name in texts]
    for name in _PLAIN:
        text = texts.get(name, "")
        for mark in ("prompt:", "workflow:"):
            if text[: len(mark) + 1].lower().startswith((mark + "{", mark + " ")):
                graphs.append(text[len(mark) :])
                text = ""
        if text.lstrip()[:1] in ("{", "["):
            yield from _json(parsed(text))
        elif looks_like_infotext(text[:4_000_000]):
            yield read_infotext(text, own=_is_own(texts))
    for graph in graphs:
        told = read_comfy(mapping(graph))
        if told is not None:
            yield told
            return


def _json(value: object) -> Iterator[Generation | None]:
    """Read an object in any of the dialects that are JSON."""
    data = mapping(value)
    if "sui_image_params" in data:
        yield read_swarmui(data)
        return
    told = read_fooocus(data) or (read_invokeai(data) if "positive_prompt" in data else None)
    if told is None:
        told = read_comfy(data)
    for meta in hub_metas(value) if told is None else ():
        told = read_hub_meta(meta)
        break
    yield told
    for name in ("prompt", "workflow"):
        inner = mapping(data.get(name))
        if inner:
            yield read_comfy(inner)
            return


def _dates(texts: dict[str, str]) -> list[str]:
    return [texts[name] for name in _DATES if name in texts]


def _date(told: Iterable[str]) -> float | None:
    """Return the first date of EXIF's form or ISO 8601; None where there is none.

    One without a zone is in local time, as cameras have it.
    """
    for text in told:
        iso = _EXIF_DATE.sub(r"\1-\2-\3", text.strip()[:40])
        try:
            moment = datetime.fromisoformat(iso).timestamp()
        except (ValueError, OverflowError, OSError):
            continue
        if _OLDEST <= moment <= _LATEST:
            return moment
    return None


def _is_own(texts: dict[str, str]) -> bool:
    """Say whether loradex drew it: its cells have a text of their own beside the infotext."""
    return "key" in mapping(texts.get("loradex", ""))
