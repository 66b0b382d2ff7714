"""Whose word counts more where several hubs know the same bytes."""

from __future__ import annotations

HUBS_BY_RANK = ("civitai", "huggingface")
"""Before all others, the best first."""

ARCHIVES = {"civarchive": "civitai"}
"""Hubs that keep what another one had, and count last: asked only for what that one lacks."""


def hub_rank(name: str) -> int:
    """Return 0 for the hub that counts most; hubs that nobody ranked share a place."""
    if name in HUBS_BY_RANK:
        return HUBS_BY_RANK.index(name)
    return len(HUBS_BY_RANK) + (name in ARCHIVES)
