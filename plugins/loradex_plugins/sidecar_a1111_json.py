"""`STEM.json`: three dialects under one suffix, told apart by their keys.

A1111 and Forge keep what a person writes into their card editor. CivitAI-Browser+ adds the hub's
numbers to that file, or the text "Model not found". SD.Next keeps the hub's whole model there.
CivitAI-Browser+ also keeps such a model in `STEM.api_info.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loradex.domain.preferences import TEXT_LIMIT
from loradex.domain.sidecar_hub import LARGEST_ID, model_claims
from loradex.domain.sidecar_values import digest, number, phrases, table, text, whole
from loradex.domain.text import trained_words
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

_OWN = ("activation text", "sd version", "preferred weight", "negative text", "notes")
_BROWSER = ("modelId", "modelVersionId", "modelPageURL", "sha256")
_NOT_FOUND = "model not found"

_BASES = {"SD1": "SD 1.5", "SD2": "SD 2.1", "SDXL": "SDXL 1.0", "SD3": "SD 3"}
_VERSIONS = {"sd1": "SD1", "sd2": "SD2", "sdxl": "SDXL", "sd3": "SD3"}
_HEAVIEST = 10.0


class A1111:
    """The dialect of A1111 and Forge."""

    name = "a1111"
    label = "A1111 and Forge"
    suffix = ".json"
    after_full_name = False
    rank = 80
    tools: tuple[str, ...] = ("a1111", "forge")
    indent = 4
    adds_to: tuple[str, ...] = ("civitai-browser",)

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what a person wrote into the card's editor."""
        value = table(document.value)
        if "modelVersions" in value or any(key in value for key in _BROWSER):
            return None
        known = (*_OWN, "description")
        return _card(value) if any(key in value for key in known) else None

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the fields of the card's editor; a LoRA's has more of them."""
        person = KeyRule.PERSON
        found = [SidecarKey("description", model.description, KeyRule.ONCE)]
        if model.kind == "lora":
            strength = model.preferences.usual_strength or 0
            negative = model.preferences.negative_prompt or ""
            found += [
                SidecarKey("sd version", _VERSIONS.get(model.base, "Unknown"), person),
                SidecarKey("activation text", _activation(model, existing), person, own="words"),
                SidecarKey("preferred weight", strength, person, own="preferences"),
                SidecarKey("negative text", negative, person, own="preferences"),
            ]
        return [*found, SidecarKey("notes", model.note, person, own="note")]


class CivitaiBrowser(A1111):
    """The dialect of CivitAI-Browser+."""

    name = "civitai-browser"
    label = "CivitAI-Browser+"
    rank = 50
    tools = ("civitai-browser",)
    adds_to = ("a1111",)

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return the card, and which page of the hub it is."""
        value = table(document.value)
        if "modelVersions" in value or not any(key in value for key in _BROWSER):
            return None
        sha256 = digest(value.get("sha256"), 64)
        missing = (text(value.get(key)).lower() for key in ("modelId", "modelVersionId"))
        return replace(
            _card(value),
            miss=_NOT_FOUND in missing,
            sha256=(sha256,) if sha256 else (),
            model_id=whole(value.get("modelId"), 1, LARGEST_ID),
            version_id=whole(value.get("modelVersionId"), 1, LARGEST_ID),
        )

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the card with the hub's numbers."""
        found = super().keys(model, existing)
        if model.hub is not None:
            page = f"https://civitai.com/models/{model.hub.model_id}"
            found += [
                SidecarKey("modelId", model.hub.model_id),
                SidecarKey("modelVersionId", model.hub.version_id),
                SidecarKey("modelPageURL", f"{page}?modelVersionId={model.hub.version_id}"),
            ]
        if model.sha256:
            found.append(SidecarKey("sha256", model.sha256.upper(), KeyRule.FILE))
        return found


class SdNext:
    """The dialect of SD.Next: the hub's whole record of the model."""

    name = "sdnext"
    label = "SD.Next"
    suffix = ".json"
    after_full_name = False
    rank = 60
    tools = ("sdnext",)
    indent = 4
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the hub told the tool."""
        if "modelVersions" not in table(document.value):
            return None
        return model_claims(document.value)

    def keys(self, model: SidecarModel, _existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the hub's record; nothing for a model whose record is not known."""
        if model.hub is None or not model.hub.model:
            return []
        return [SidecarKey(key, value) for key, value in model.hub.model.items()]


class ApiInfo:
    """The hub's whole record of the model, as CivitAI-Browser+ keeps it beside its own file."""

    name = "civitai-browser-info"
    label = "CivitAI-Browser+, the hub's record"
    suffix = ".api_info.json"
    after_full_name = False
    rank = 55

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the hub told the tool."""
        return model_claims(document.value)


@hookimpl
def sidecar_dialect() -> list[A1111 | SdNext | ApiInfo]:
    """Return all four."""
    return [A1111(), CivitaiBrowser(), SdNext(), ApiInfo()]


def _activation(model: SidecarModel, existing: Mapping[str, object]) -> str:
    """Return the trigger words as one text; the one that is there, where it means the same."""
    there = text(existing.get("activation text"))
    if there and trained_words(phrases(there)) == model.words:
        return there
    return ", ".join(model.words)


def _card(value: Mapping[str, object]) -> SidecarClaims:
    """Return what the card's editor holds. A weight of 0 means that none was chosen."""
    strength = number(value.get("preferred weight"), -_HEAVIEST, _HEAVIEST)
    return SidecarClaims(
        base_model=_BASES.get(text(value.get("sd version")), ""),
        description=text(value.get("description")),
        words=phrases(value.get("activation text")),
        note=text(value.get("notes")),
        preferences=Preferences(
            strength=strength or None,
            negative_prompt=text(value.get("negative text"), TEXT_LIMIT) or None,
        ),
    )
