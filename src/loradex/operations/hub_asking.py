"""One hub, asked for models in batches; what it has no longer is marked if that is believable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.catalog.known_models import KnownModel
from loradex.catalog.update_store import OwnedVersion
from loradex.domain.hub import HubModel
from loradex.domain.hub_source import HubNames, HubPlaces, HubSource
from loradex.domain.progress import Problem
from loradex.errors import HubError, HubOffline, HubUnreachable, UsageError
from loradex.operations.hub_batches import ToldModels, told_by_name, told_models
from loradex.operations.hub_browse import keep
from loradex.operations.hub_refresh import UNBELIEVABLE, has_only_some

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs


class AskedHub:
    """A hub and what is owned of its models. It is asked no more once it did not answer."""

    def __init__(
        self,
        catalog: Catalog,
        hubs: Hubs,
        name: str,
        owned: Mapping[int, Sequence[OwnedVersion]],
    ) -> None:
        self.name = name
        self.owned = owned
        """Versions that are owned, by their models."""
        self.kept = 0
        """Models it was not asked for."""
        self.problems: list[Problem] = []
        self._catalog = catalog
        self._silent = False
        self._hub: HubSource | None = None
        try:
            self._hub = hubs.named(name)
        except HubOffline:
            pass
        except UsageError as error:
            self.problems.append(Problem(name, error.message, error.hint))

    def page_url(self, model_id: int) -> str:
        """Return the page of a model, empty when there is no hub that knows it."""
        return "" if self._hub is None else self._hub.page_url(model_id)

    def refresh(self, ids: Sequence[int]) -> dict[int, HubModel]:
        """Return what the hub tells of these models now, and keep it; nothing if it is silent."""
        hub = self._hub
        if hub is None or self._silent:
            self.kept += len(ids)
            return {}
        try:
            told = self._told(hub, ids)
            models = dict(told.models)
            absent = [id_ for id_ in ids if id_ not in models and id_ not in told.untold]
            # A hub that has none of so many is another one than the hub we know.
            if absent and (models or len(ids) < UNBELIEVABLE) and not has_only_some(hub):
                still = self._known_by_bytes(hub, absent)
                gone = [
                    id_
                    for id_ in absent
                    if still.isdisjoint(each.version_id for each in self.owned[id_])
                ]
                self._catalog.updates.record_gone(self.name, gone)
        except HubError as error:
            self.kept += len(ids)
            self._silent = isinstance(error, HubOffline | HubUnreachable)
            if not isinstance(error, HubOffline):
                self.problems.append(Problem(self.name, error.message, error.hint))
            return {}
        if told.untold and told.error is not None:
            self.kept += len(told.untold)
            self.problems.append(Problem(self.name, told.error.message, told.error.hint))
        keep(self._catalog, self.name, list(models.values()))
        return models

    def note_left(self, fresh: Mapping[int, HubModel], known: Mapping[int, KnownModel]) -> None:
        """Mark versions that the hub shows no longer, by what it tells now and told before.

        A model without versions is a hiccup (docs/civitai.md), and a hub of places shows the
        latest state only.
        """
        if isinstance(self._hub, HubPlaces):
            return
        left = {}
        for id_, model in fresh.items():
            shown = {version.id for version in model.versions}
            before = {version.id for version in known[id_].model.versions}
            if shown and before - shown - known[id_].gone_versions:
                left[id_] = shown
        if left and not self._may_lack():
            for id_, shown in left.items():
                self._catalog.updates.record_versions_left(self.name, id_, shown)

    def _may_lack(self) -> bool:
        """Tell whether the hub may have only some; True as well when it does not say."""
        try:
            return self._hub is None or has_only_some(self._hub)
        except HubError:
            return True

    def _told(self, hub: HubSource, ids: Sequence[int]) -> ToldModels:
        """Ask the hub: in one go, but one by one where its models have names in place of ids."""
        names = self._catalog.known.slugs(self.name, ids)
        told = told_models(hub, (id_ for id_ in ids if id_ not in names))
        if not isinstance(hub, HubNames):
            return told
        named = told_by_name(hub, self.name, names)
        return ToldModels(
            {**told.models, **{model.id: model for model in named.models.values()}},
            told.untold | named.untold,
            named.error or told.error,
        )

    def _known_by_bytes(self, hub: HubSource, ids: Iterable[int]) -> set[int]:
        """Return the owned versions that the hub knows by their bytes, though it hides the model.

        A model that was just published, or that its storage stumbled over, is 404 for a while.
        """
        digests = [each.sha256 for id_ in ids for each in self.owned[id_] if each.sha256]
        return {hit.version_id for hit in hub.ids_by_hash(digests)} if digests else set()
