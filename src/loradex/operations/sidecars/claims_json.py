"""`SidecarClaims` as JSON text: what is kept of a sidecar besides its bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from loradex.domain.preferences import Preferences
from loradex.domain.sidecars import SidecarClaims
from loradex.domain.text import storable
from loradex.operations.sidecars.judging import without_records

_LONGEST = 65_536
"""Characters of one text that are kept: longer ones are in the document."""
_DEFAULTS = asdict(SidecarClaims())


def claims_text(claims: SidecarClaims) -> str:
    """Return claims as JSON, without what is empty."""
    told = asdict(without_records(claims))
    told["preferences"] = claims.preferences.said()
    kept = {name: _cut(value) for name, value in told.items() if value != _DEFAULTS[name] and value}
    return storable(json.dumps(kept, ensure_ascii=False), _LONGEST * 64)


def read_claims(text: str) -> SidecarClaims:
    """Return the claims in a text that `claims_text` made."""
    told = json.loads(text)
    values = {
        field.name: tuple(value) if isinstance(value, list) else value
        for field in fields(SidecarClaims)
        if (value := told.get(field.name)) is not None
    }
    values["preferences"] = Preferences(**told.get("preferences", {}))
    return SidecarClaims(**values)


def _cut(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value
