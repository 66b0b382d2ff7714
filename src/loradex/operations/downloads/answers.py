"""What hubs say of many references, asked in as few requests as each hub allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubManyNames, HubSource
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.errors import BadReference, HubError, HubOffline, HubUnreachable
from loradex.operations.downloads.references import looked_up, recognised, there

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

STAGE = "Asking the hub"
_AT_ONCE = 100

Found = tuple[HubModel, HubVersion | None]


class Answers:
    """Answers to references. A hub that could not be reached is not asked for the rest."""

    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs
        self._batched: dict[HubReference, Found | None] = {}
        self._unreachable: dict[str, HubError] = {}

    def fetch(self, texts: Sequence[str], sink: ProgressSink, cancel: CancelToken) -> None:
        """Ask those hubs in batches that can be; what is wrong is for `of` to tell."""
        wanted: dict[str, dict[HubReference, None]] = {}
        able: dict[str, HubManyNames] = {}
        for text in texts:
            try:
                hub, reference = recognised(self._hubs, text)
            except BadReference:
                continue
            if isinstance(hub, HubManyNames):
                able[hub.name] = hub
                wanted.setdefault(hub.name, {})[reference] = None
        for name, references in wanted.items():
            self._ask(name, able[name], list(references), sink, cancel)

    def of(self, text: str) -> tuple[HubSource, HubReference, Found]:
        """Return the hub a reference belongs to, what it names there, and what that is.

        Raises `BadReference` when it names nothing, and from the `HubError` tree.
        """
        hub, reference = recognised(self._hubs, text)
        if hub.name in self._unreachable:
            raise self._unreachable[hub.name]
        if reference in self._batched:
            return hub, reference, there(hub, reference, self._batched[reference])
        try:
            return hub, reference, looked_up(hub, reference)
        except (HubUnreachable, HubOffline) as error:
            self._unreachable[hub.name] = error
            raise

    def _ask(
        self,
        name: str,
        hub: HubManyNames,
        references: list[HubReference],
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        if len(references) == 1:
            return
        for start in range(0, len(references), _AT_ONCE):
            cancel.check()
            sink.progress(Progress(STAGE, start, len(references), "references", name))
            some = references[start : start + _AT_ONCE]
            try:
                self._batched |= zip(some, hub.look_up_all(some), strict=True)
            except (HubUnreachable, HubOffline) as error:
                self._unreachable[name] = error
                return
            except HubError:
                # Each is asked for by itself then, so that what is wrong with one costs only it.
                continue
