"""What all parts of a match share: who is asked, what was found, and where it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_evidence import MatchFound
from loradex.domain.hub import HubModel
from loradex.domain.hub_source import HubSource
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.errors import HubError
from loradex.operations.matching.facts import keep


@dataclass(slots=True)
class MatchReport:
    """What a match found, in contents."""

    asked: int = 0
    matched: int = 0
    unknown: int = 0
    by_tensors: int = 0
    """Found by AutoV3 only: their metadata was edited."""
    gone: int = 0
    """Known to the hub by hash, but it no longer shows the version."""
    seconds: float = 0.0
    words: int = 0
    left: int = 0
    """Each would take a request of its own, and there were too many: left for the next run."""
    problem: HubError | None = None
    """What ended it before its time. What was found until then is kept."""


@dataclass(frozen=True, slots=True)
class Work:
    """One match with one hub."""

    catalog: Catalog
    hub: HubSource
    report: MatchReport
    sink: ProgressSink
    cancel: CancelToken

    def keep(self, matches: Sequence[MatchFound], models: Iterable[HubModel]) -> None:
        """Keep what was found, and count it."""
        keep(self.catalog, self.hub.name, matches, models)
        self.report.matched += len(matches)
        self.report.words += sum(len(match.trigger_words) for match in matches)

    def miss(self, digests: Sequence[str]) -> None:
        """Note digests that the hub does not know, and when to ask again."""
        self.catalog.hub.record_misses(self.hub.name, digests)
        self.report.unknown += len(digests)

    def step(self, stage: str, done: int, total: int) -> None:
        """Tell where it is; raise `Cancelled` once the person stopped it."""
        self.cancel.check()
        self.sink.progress(Progress(stage, done, total, "models", self.hub.name))
