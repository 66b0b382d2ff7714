"""`STEM.metadata.json` of ComfyUI-Lora-Manager: what it knows, and what a person set there.

Its digest comes from the hub and is never computed again, so that it may be another file's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from loradex.domain.sidecar_hub import version_claims
from loradex.domain.sidecar_values import digest, line, lines, more_tags, number, table, text, whole
from loradex.plugin_api import (
    KeyRule,
    Preferences,
    SidecarClaims,
    SidecarDocument,
    SidecarKey,
    SidecarModel,
    hookimpl,
)

LORADEX_API = "1.2"

_TYPES = {
    "lora": "LORA",
    "locon": "LoCon",
    "dora": "DoRA",
    "checkpoint": "Checkpoint",
    "diffusion_model": "Checkpoint",
    "embedding": "TextualInversion",
}
"""Its word for a kind to the hub's."""
_KINDS = ("lora", "checkpoint", "diffusion_model", "embedding")
"""The kinds that it lists at all."""
_LOCON = ("locon", "lokr", "loha", "lycoris")
_HEAVIEST = 10.0
_LONGEST_TIPS = 8_192
_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|~|to|\.\.)\s*(-?\d+(?:\.\d+)?)\s*")


class LoraManager:
    """The dialect of ComfyUI-Lora-Manager."""

    name = "lora-manager"
    label = "ComfyUI-Lora-Manager"
    suffix = ".metadata.json"
    after_full_name = False
    rank = 20
    tools = ("lora-manager",)
    indent = 2
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the tool knows, the hub's record in it first."""
        value = table(document.value)
        version = table(value.get("civitai"))
        hub = version_claims(version) if version.get("id") is not None else SidecarClaims()
        # Its own digest is of this file; the record's are of all files of the version.
        sha256 = digest(value.get("sha256"), 64)
        autov3 = digest(value.get("autov3"), 12)
        return replace(
            hub,
            sha256=(sha256,) if sha256 else hub.sha256,
            blake3=() if sha256 else hub.blake3,
            tensor_hash=(autov3,) if autov3 else hub.tensor_hash,
            size=whole(value.get("size"), 1),
            file_name=text(value.get("file_path"), 4096).replace("\\", "/").rpartition("/")[2],
            gone=value.get("civitai_deleted") is True,
            link=line(value.get("hf_url")),
            title=line(value.get("model_name")),
            model_type=_TYPES.get(line(value.get("sub_type")).lower(), "") or hub.model_type,
            base_model=_base(line(value.get("base_model"))) or hub.base_model,
            description=text(value.get("modelDescription")) or hub.description,
            tags=lines(value.get("tags")) or hub.tags,
            note=text(value.get("notes")),
            favourite=value.get("favorite") is True,
            preferences=_preferences(_tips(value.get("usage_tips"))),
        )

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return all keys that the tool asks for; nothing for kinds that it does not list."""
        if model.kind not in _KINDS:
            return []
        file, once, person = KeyRule.FILE, KeyRule.ONCE, KeyRule.PERSON
        hub = model.hub
        tags = more_tags(existing.get("tags"), model.tags, model.removed_tags)
        found = [
            SidecarKey("file_name", model.file_name.rpartition(".")[0], file),
            SidecarKey("model_name", _name(model), person),
            SidecarKey("file_path", model.path, file),
            SidecarKey("size", model.size, file),
            SidecarKey("modified", model.added, once),
            SidecarKey("sha256", model.sha256, file),
            SidecarKey("base_model", model.base_model or "Unknown", person),
            SidecarKey("preview_url", _preview(model, existing)),
            SidecarKey("preview_nsfw_level", _highest_bit(model.content_level), once),
            SidecarKey("notes", model.note, person, own="note"),
            SidecarKey("from_civitai", hub is not None),
            SidecarKey("civitai", _record(model)),
            SidecarKey("tags", tags, person),
            SidecarKey("modelDescription", hub.model_description)
            if hub
            else SidecarKey("modelDescription", model.description, once),
            SidecarKey("civitai_deleted", hub is not None and hub.gone),
            SidecarKey("favorite", model.favourite, person, own="favourite"),
            SidecarKey("exclude", value=False, rule=once),
            SidecarKey("db_checked", value=False, rule=once),
            SidecarKey("skip_metadata_refresh", value=False, rule=once),
            SidecarKey("metadata_source", "civitai_api" if hub else None, once),
            SidecarKey("last_checked_at", 0, once),
            SidecarKey("hash_status", "completed" if model.sha256 else "pending", once),
            SidecarKey("sub_type", _sub_type(model)),
        ]
        if model.autov3:
            found.append(SidecarKey("autov3", model.autov3, file))
        if model.kind == "lora":
            tips = _written_tips(model.preferences, existing.get("usage_tips"))
            found.append(SidecarKey("usage_tips", tips, person, own="preferences"))
        return found


@hookimpl
def sidecar_dialect() -> list[LoraManager]:
    """Return the dialect."""
    return [LoraManager()]


def _preview(model: SidecarModel, existing: Mapping[str, object]) -> str:
    """Return where the picture is: the one that the tool chose, if it lies beside the model."""
    there = text(existing.get("preview_url"), 4096)
    beside = there.rpartition("/")[0] == model.path.rpartition("/")[0]
    return there if there and beside else model.preview


def _name(model: SidecarModel) -> str:
    """Return the hub's name of the model, unless it is called otherwise here."""
    hub = model.hub
    if hub is None or not hub.model_name:
        return model.name
    usual = " ".join(f"{hub.model_name} {hub.version_name}".split())
    return hub.model_name if model.name == usual else model.name


def _base(word: str) -> str:
    return "" if word.lower() == "unknown" else word


def _tips(value: object) -> Mapping[str, object]:
    """Return the usage tips, which are JSON inside a JSON text."""
    if isinstance(value, dict):
        return value
    try:
        return table(json.loads(text(value, _LONGEST_TIPS) or "{}"))
    except (ValueError, RecursionError):
        return {}


def _preferences(tips: Mapping[str, object]) -> Preferences:
    def strength(key: str) -> float | None:
        return number(tips.get(key), -_HEAVIEST, _HEAVIEST)

    span = _RANGE.fullmatch(line(tips.get("strength_range")))
    least, most = (float(span[1]), float(span[2])) if span else (None, None)
    skip = whole(tips.get("clip_skip"), -24, 24)
    return Preferences(
        strength=strength("strength"),
        strength_min=strength("strength_min") if least is None else least,
        strength_max=strength("strength_max") if most is None else most,
        clip_strength=strength("clip_strength"),
        clip_skip=abs(skip) if skip else None,  # ComfyUI counts from -1
    )


def _written_tips(own: Preferences, existing: object) -> str:
    """Return the tips with what is known; text that says the same already stays as it is."""
    before = dict(_tips(existing))
    known: dict[str, object] = {
        "strength": own.strength,
        "strength_min": own.strength_min,
        "strength_max": own.strength_max,
        "clip_strength": own.clip_strength,
        "clip_skip": own.clip_skip,
    }
    told = _preferences(before)
    said = (
        told.strength,
        told.strength_min,
        told.strength_max,
        told.clip_strength,
        told.clip_skip,
    )
    after = before | {
        key: value
        for (key, value), there in zip(known.items(), said, strict=True)
        if value is not None and value != there
    }
    if after == before and isinstance(existing, str):
        return existing
    if "strength_range" in after and (own.strength_min, own.strength_max) != said[1:3]:
        del after["strength_range"]  # it would say otherwise
    return json.dumps(after)


def _record(model: SidecarModel) -> dict[str, object] | None:
    """Return the hub's record of the version with its model and creator."""
    if model.hub is None:
        return None
    record = dict(model.hub.version)
    if model.hub.creator:
        record["creator"] = {"username": model.hub.creator}
    return record


def _sub_type(model: SidecarModel) -> str:
    if model.kind != "lora":
        return model.kind
    if "dora" in model.algorithm:
        return "dora"
    return "locon" if model.algorithm in _LOCON else "lora"


def _highest_bit(level: int | None) -> int:
    return 1 << (level.bit_length() - 1) if level else 0
