"""How many items one request to the hub may carry, and the protocol its callers rely on."""

from __future__ import annotations

from loradex.domain.hub_source import HubSource

__all__ = ["IDS_PER_CALL", "MODELS_PER_CALL", "VERSIONS_PER_CALL", "HubSource"]

IDS_PER_CALL = 10_000
"""Hashes sent in one `ids_by_hash` request, the most that the hub takes (docs/civitai.md)."""
VERSIONS_PER_CALL = 100
"""Hashes sent in one `versions_by_hash` request (docs/civitai.md)."""
MODELS_PER_CALL = 100
"""Ids sent in one `models` request (docs/civitai.md)."""
