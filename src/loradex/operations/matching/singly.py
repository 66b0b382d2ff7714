"""Look-ups that take a request each: by the hash of the tensors, or at an archive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from loradex.catalog.hub_store import Unmatched
from loradex.operations.matching.facts import found, model_of
from loradex.operations.matching.work import Work

SINGLE_LOOKUPS = 200
"""Most digests that one run asks for in this way."""


def match_singly(
    work: Work, items: Sequence[Unmatched], matched_by: Literal["sha256", "autov3"]
) -> None:
    """Look up some of these, and leave the others for the next run. Contents share an answer."""
    by_digest: dict[str, list[Unmatched]] = {}
    for item in items:
        by_digest.setdefault(getattr(item, matched_by) or "", []).append(item)
    digests = list(by_digest)
    tried = digests[:SINGLE_LOOKUPS]
    work.report.left += sum(len(by_digest[digest]) for digest in digests[SINGLE_LOOKUPS:])
    misses: list[str] = []
    try:
        for place, digest in enumerate(tried):
            work.step("Asking for one after the other", place, len(tried))
            if not _match_one(work, digest, by_digest[digest], matched_by):
                misses += [item.sha256 for item in by_digest[digest]]
    finally:
        # What was asked is not asked again soon, even if the hub ended it; the rest stays due.
        work.miss(misses)


def _match_one(work: Work, digest: str, items: Sequence[Unmatched], matched_by: str) -> bool:
    version = work.hub.version_by_hash(digest)
    if version is None:
        return False
    model = work.hub.model(version.model_id) or model_of(version)
    work.keep([found(item.content_id, version, model, matched_by) for item in items], [model])
    if matched_by == "autov3":
        work.report.by_tensors += len(items)
    return True
