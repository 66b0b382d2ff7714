"""Decide which model of the library a recipe means: by digest, by hub version, then by name.

A digest proves, a name suggests. A file of the right name whose bytes have another digest is
another file: it is told, not taken. Where several models bear the same name, none is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from loradex.catalog.recipe_names import (
    FILE_NAME,
    FORMER,
    HUB_FILE,
    TOLD,
    TRAINER,
    Bearer,
    Register,
)
from loradex.domain.generation import ModelRole

AMBIGUOUS, OTHER_BYTES, NONE = "ambiguous", "other bytes", "none"
_KINDS = {
    ModelRole.CHECKPOINT: ("checkpoint", "diffusion_model"),
    ModelRole.LORA: ("lora",),
    ModelRole.EMBEDDING: ("embedding",),
    ModelRole.VAE: ("vae",),
    ModelRole.TEXT_ENCODER: ("text_encoder", "clip_vision"),
    ModelRole.CONTROLNET: ("controlnet", "t2i_adapter"),
    ModelRole.IP_ADAPTER: ("ip_adapter", "style_model"),
    ModelRole.UPSCALER: ("upscaler",),
    ModelRole.HYPERNETWORK: ("hypernetwork",),
}
_NAMED_BY = {
    FILE_NAME: ("file name", 0.8),
    FORMER: ("former name", 0.7),
    HUB_FILE: ("hub file", 0.7),
    TRAINER: ("trainer's name", 0.65),
    TOLD: ("hub name", 0.6),
}
_SHORT = 8
"""Digits of AutoV1 and CRC32, which different files share now and then."""
_UNPROVEN = 0.2
"""How much less sure a name is when the file was never hashed, and so not proven another one."""


class Wanted(NamedTuple):
    """A row of `recipe_model`, as far as it says which model is meant."""

    id: int
    role: str
    name: str
    name_key: str
    hash: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Which content it is and how that is known; None with the reason and the candidates."""

    content_id: int | None
    matched_by: str
    confidence: float = 0.0
    candidates: tuple[int, ...] = ()


def decide(wanted: Wanted, known: Register) -> Decision:
    """Return which content a recipe means."""
    by_hash = _by_hash(wanted, known)
    if by_hash is not None:
        return by_hash
    versions = [known.bearers[id_] for id_ in known.versions.get(wanted.version_id, ())]
    fitting = [bearer for bearer in versions if _fits(bearer, wanted)]
    if fitting:
        return _one(fitting, wanted, known, "version", 0.9)
    return _by_name(wanted, known)


def _by_hash(wanted: Wanted, known: Register) -> Decision | None:
    bearers = [known.bearers[id_] for id_ in known.digests.get(wanted.hash, ())]
    if not bearers:
        return None
    named: dict[str, list[Bearer]] = {}
    for bearer in bearers:
        named.setdefault(_digest(bearer, wanted.hash), []).append(bearer)
    for name, sure in _DIGESTS.items():
        if name not in named:
            continue
        if len(wanted.hash) > _SHORT:
            return _one(named[name], wanted, known, name, sure)
        called = _called(named[name], wanted, known)
        fitting = called or [bearer for bearer in named[name] if _fits(bearer, wanted)]
        if fitting:
            return _one(fitting, wanted, known, name, 0.95 if called else 0.7)
    return None


_DIGESTS = {"sha256": 1.0, "autov3": 1.0, "blake3": 1.0, "header's hash": 0.9, "autov1": 0.95,
            "crc32": 0.95}  # fmt: skip


def _digest(bearer: Bearer, digest: str) -> str:
    """Return which of a content's digests this is."""
    for name, value in (
        ("sha256", bearer.sha256),
        ("autov3", bearer.autov3),
        ("blake3", bearer.blake3),
        ("autov1", bearer.autov1),
        ("crc32", bearer.crc32),
    ):
        if value and (value.startswith(digest) or digest.startswith(value)):
            return name
    return "header's hash"


def _by_name(wanted: Wanted, known: Register) -> Decision:
    named = known.names.get(wanted.name_key, {}) if wanted.name_key else {}
    fitting = {id_: source for id_, source in named.items() if _fits(known.bearers[id_], wanted)}
    others = [id_ for id_ in fitting if _disproved(known.bearers[id_], wanted.hash)]
    for source, (name, sure) in _NAMED_BY.items():
        here = [
            known.bearers[id_]
            for id_, where in fitting.items()
            if where == source and id_ not in others
        ]
        if here:
            less = _UNPROVEN if wanted.hash else 0.0
            return _one(here, wanted, known, name, round(sure - less, 2))
    if others:
        return Decision(None, OTHER_BYTES, candidates=tuple(sorted(others)))
    return Decision(None, NONE)


def _disproved(bearer: Bearer, digest: str) -> bool:
    """Say whether a digest shows that a content is another file.

    One of eight digits proves nothing where the content has no AutoV1, as small files have none.
    """
    if not digest or bearer.sha256 is None:
        return False
    return len(digest) > _SHORT or bearer.autov1 is not None


def _fits(bearer: Bearer, wanted: Wanted) -> bool:
    return bearer.kind == "unknown" or bearer.kind in _KINDS[ModelRole(wanted.role)]


def _one(
    bearers: list[Bearer], wanted: Wanted, known: Register, matched_by: str, sure: float
) -> Decision:
    """Return the one that is meant: alone, the one so called, in that folder, or a twin of all."""
    for some in (
        bearers,
        [bearer for bearer in bearers if bearer.present],
        _called(bearers, wanted, known),
        _in_folder(bearers, wanted.name),
    ):
        if len(some) == 1:
            return Decision(some[0].id, matched_by, sure)
    if len({bearer.autov3 or bearer.id for bearer in bearers}) == 1:
        first = min(bearers, key=lambda bearer: (not bearer.present, bearer.id))
        return Decision(first.id, matched_by, sure)
    ids = tuple(sorted(bearer.id for bearer in bearers))
    return Decision(None, AMBIGUOUS, candidates=ids)


def _called(bearers: Iterable[Bearer], wanted: Wanted, known: Register) -> list[Bearer]:
    named = known.names.get(wanted.name_key, {}) if wanted.name_key else {}
    return [bearer for bearer in bearers if bearer.id in named]


def _in_folder(bearers: list[Bearer], name: str) -> list[Bearer]:
    """Return those that lie in the folders that a name begins with, if it does."""
    folders = re.split(r"[/\\]", name.casefold())[:-1]
    if not folders:
        return []
    return [
        bearer
        for bearer in bearers
        if any(_folders(path)[-len(folders) :] == folders for path in bearer.paths)
    ]


def _folders(path: str) -> list[str]:
    return re.split(r"[/\\]", path.casefold())[:-1]
