"""Previews: pictures of a hub's models, fetched once, sized down and kept for a while."""

from __future__ import annotations

from loradex.operations.previews.finding import (
    PREVIEW_WIDTH,
    first_shown,
    for_content,
    open_fetcher,
    prefetch,
    preview_path,
)

__all__ = [
    "PREVIEW_WIDTH",
    "first_shown",
    "for_content",
    "open_fetcher",
    "prefetch",
    "preview_path",
]
