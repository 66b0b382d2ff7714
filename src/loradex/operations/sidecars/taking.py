"""Make a person's own what they wrote in another tool: notes and favourites.

Only where the person has none here, and only when they ask: no import writes to what is the
person's by itself. What was taken once, and taken off since, does not come back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.person_store import NOTE_LIMIT
from loradex.operations.sidecars.claims_json import read_claims
from loradex.operations.sidecars.judging import SidecarState

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.catalog.sidecar_store import StoredClaims
    from loradex.plugin_manager import FencedDialect

_REFUSED = (SidecarState.REFUSED.value, SidecarState.OTHER.value)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person wrote about a model in another tool, and has nothing of the kind here."""

    content_id: int
    sidecar_id: int
    note: str
    """Empty where there is none to be taken."""
    favourite: bool
    taken: str
    """What the sidecar's row is to say once it is taken."""


def offers(
    catalog: Catalog, dialects: Sequence[FencedDialect], content_ids: Sequence[int]
) -> list[Offer]:
    """Return what could become the person's own; of several tools' notes the best ranked one's."""
    ranks = {dialect.name: dialect.rank for dialect in dialects}
    people = catalog.sidecars.people(content_ids)
    found = []
    for id_, stored in catalog.sidecars.claims(content_ids).items():
        note, favourite = people.get(id_, ("", False))
        has_note = bool(note)
        for each in sorted(stored, key=lambda s: (ranks.get(s.dialect, 1000), -s.mtime_ns)):
            offer = _offer(id_, each, has_note=has_note, has_favourite=favourite)
            if offer is not None:
                found.append(offer)
                has_note, favourite = has_note or bool(offer.note), favourite or offer.favourite
    return found


def take(catalog: Catalog, some: Sequence[Offer]) -> None:
    """Write these notes and favourites as the person's own."""
    favourites = [offer.content_id for offer in some if offer.favourite]
    if favourites:
        catalog.person.set_favourite(favourites, True)
    for offer in some:
        if offer.note:
            catalog.person.set_note(offer.content_id, offer.note)
    catalog.sidecars.mark_taken({offer.sidecar_id: offer.taken for offer in some})


def _offer(
    content_id: int, stored: StoredClaims, *, has_note: bool, has_favourite: bool
) -> Offer | None:
    """Return what of one sidecar could be taken over, None when it is nothing."""
    if stored.state in _REFUSED:
        return None
    claims, taken = read_claims(stored.claims), json.loads(stored.taken or "{}")
    digest = hashlib.sha256(claims.note.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    note = ""
    if claims.note and not has_note and len(claims.note) <= NOTE_LIMIT:
        note = "" if taken.get("note") == digest else claims.note
    favourite = claims.favourite and not has_favourite and not taken.get("favourite")
    if not note and not favourite:
        return None
    if note:
        taken["note"] = digest
    if favourite:
        taken["favourite"] = True
    return Offer(content_id, stored.sidecar_id, note, favourite, json.dumps(taken))
