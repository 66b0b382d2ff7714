"""Match: ask hubs what they know of every hashed content, in few requests."""

from loradex.operations.matching.facts import found, keep
from loradex.operations.matching.run import MatchReport, match, match_hubs

__all__ = ["MatchReport", "found", "keep", "match", "match_hubs"]
