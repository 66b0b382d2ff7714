"""Whether a sidecar speaks of the file that it lies beside."""

from __future__ import annotations

from enum import StrEnum

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.sidecars import SidecarClaims
from loradex.operations.sidecars.bounded import SidecarRefused
from loradex.operations.sidecars.finding import FoundSidecar, name_of


class SidecarState(StrEnum):
    """What is thought of a sidecar."""

    KNOWN = "known"
    """It names a digest of the very file."""
    UNPROVEN = "unproven"
    """It names none that can be compared."""
    MISS = "miss"
    """The tool asked the hub, which did not have the file."""
    STALE = "stale"
    """It speaks of other bytes: only what a person wrote there is believed."""
    REFUSED = "refused"
    """It could not be read, or nobody can tell which model it means."""
    OTHER = "other"
    """It is of no dialect that is known; nobody is bothered with it."""


def judged(claims: SidecarClaims, place: ModelPlace) -> SidecarState:
    """Return what to think of a sidecar beside this file.

    One digest that agrees is proof: tools that rewrite headers change the file's digest, but not
    that of its tensors. The size counts only where no digest can be compared.
    """
    agrees = _agrees(claims, place)
    if agrees:
        return SidecarState.MISS if claims.miss else SidecarState.KNOWN
    if agrees is False or (agrees is None and claims.size not in (None, place.size)):
        return SidecarState.STALE
    return SidecarState.MISS if claims.miss else SidecarState.UNPROVEN


def owner(found: FoundSidecar, claims: SidecarClaims) -> ModelPlace:
    """Return whose sidecar it is; raise `SidecarRefused` where models share it and it does not say.

    A digest decides, then the file name in it, then the size.
    """
    owners = found.owners
    contents = {place.content_id for place in owners}
    if not found.rivals and len(contents) == 1:
        return owners[0]
    proven = [place for place in owners if _agrees(claims, place)]
    if len({place.content_id for place in proven}) == 1:
        return proven[0]
    if claims.file_name:
        named = [place for place in owners if name_of(place) == claims.file_name]
        if named:
            return named[0]
    names = sorted((*map(name_of, owners), *found.rivals))
    raise SidecarRefused(
        f"It lies beside {' and '.join(names)}, and does not say which of them it means.",
        hint="Give one of them another name.",
    )


def believed(claims: SidecarClaims, state: SidecarState) -> SidecarClaims:
    """Return what of a sidecar is believed: of one about other bytes only what a person wrote."""
    if state is not SidecarState.STALE:
        return claims
    return SidecarClaims(note=claims.note, favourite=claims.favourite, refused=claims.refused)


def _agrees(claims: SidecarClaims, place: ModelPlace) -> bool | None:
    """Tell whether digests agree; None when there are none to compare."""
    pairs = (
        (claims.sha256, place.sha256),
        (claims.blake3, place.blake3),
        (claims.tensor_hash, place.autov3),
    )
    compared = [own in told for told, own in pairs if told and own]
    return any(compared) if compared else None
