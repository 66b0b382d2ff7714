"""Ask a hub for many models so that one record that it cannot give does not cost the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from loradex.domain.hub import HubModel
from loradex.domain.hub_source import HubSource
from loradex.errors import HubBadRequest, HubError, HubUnavailable, HubUnexpectedAnswer

_IN_A_ROW = 3
"""Records that cannot be had, from the first on, after which it is the hub that is in trouble."""


@dataclass(frozen=True, slots=True)
class ToldModels:
    """The models that a hub has of those that it was asked for.

    What is in neither it does not have. `untold` are those for which its answer was of no use,
    with the last such `error`.
    """

    models: Mapping[int, HubModel]
    untold: frozenset[int] = frozenset()
    error: HubError | None = None


def told_models(hub: HubSource, ids: Iterable[int]) -> ToldModels:
    """Ask for all at once, and one by one where that fails for the sake of some record.

    Raises from the `HubError` tree when it is the hub that is in trouble.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return ToldModels({})
    try:
        return ToldModels({model.id: model for model in hub.models(wanted)})
    except (HubBadRequest, HubUnavailable, HubUnexpectedAnswer) as error:
        _raise_if_down(error)
        first = error
    models: dict[int, HubModel] = {}
    untold: set[int] = set()
    last: HubError = first
    for place, id_ in enumerate(wanted):
        try:
            model = hub.model(id_)
        except (HubBadRequest, HubUnavailable, HubUnexpectedAnswer) as error:
            _raise_if_down(error)
            untold.add(id_)
            last = error
        else:
            if model is not None:
                models[id_] = model
        if len(untold) == place + 1 == _IN_A_ROW:
            raise first
    return ToldModels(models, frozenset(untold), last)


def _raise_if_down(error: HubError) -> None:
    """Raise the error of a hub that is left alone for a while: nobody was asked."""
    if isinstance(error, HubUnavailable) and error.status is None:
        raise error
