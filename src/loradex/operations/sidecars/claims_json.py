"""`SidecarClaims` as JSON text: what is kept of a sidecar besides its bytes."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from loradex.domain.preferences import Preferences
from loradex.domain.sidecars import SidecarClaims
from loradex.domain.text import storable

_LONGEST = 65_536
"""Characters of one text that are kept: longer ones are in the document."""
_KEPT = tuple(
    field.name
    for field in fields(SidecarClaims)
    if field.name not in ("hub_version", "hub_model", "preview", "preferences")
)


def claims_text(claims: SidecarClaims) -> str:
    """Return claims as JSON, without what is empty."""
    kept: dict[str, object] = {name: _cut(v) for name in _KEPT if (v := getattr(claims, name))}
    if said := claims.preferences.said():
        kept["preferences"] = said
    return storable(json.dumps(kept, ensure_ascii=False), _LONGEST * 64)


def read_claims(text: str) -> SidecarClaims:
    """Return the claims in a text that `claims_text` made."""
    told = json.loads(text)
    values: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value, list) else value
        for field in fields(SidecarClaims)
        if (value := told.get(field.name)) is not None
    }
    values["preferences"] = Preferences(**told.get("preferences", {}))
    return SidecarClaims(**values)


def _cut(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value
