"""Ask a hub for many models so that one record that it cannot give does not cost the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from loradex.domain.hub import HubModel
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubNames, HubSource
from loradex.errors import (
    HubBadRequest,
    HubError,
    HubForbidden,
    HubUnavailable,
    HubUnexpectedAnswer,
)

_IN_A_ROW = 3
"""Records that cannot be had, from the first on, after which it is the hub that is in trouble."""


_RECORD = (HubBadRequest, HubUnavailable, HubUnexpectedAnswer)
"""What may be wrong with one record only."""
_NAMED_RECORD = (*_RECORD, HubForbidden)
"""Owners of named models decide on their own who may see them."""


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
    except _RECORD as error:
        _raise_if_down(error)
        first = error
    return _one_by_one(wanted, hub.model, _RECORD, first)


def told_by_name(hub: HubNames, name: str, slugs: Mapping[int, str]) -> ToldModels:
    """Ask the hub `name` for models by their names; they are told under the ids of those.

    Raises from the `HubError` tree when it is the hub that is in trouble.
    """

    def model(id_: int) -> HubModel | None:
        found = hub.look_up(HubReference(name, slug=slugs[id_]))
        return None if found is None else found[0]

    return _one_by_one(slugs, model, _NAMED_RECORD, None)


def _one_by_one(
    wanted: Iterable[int],
    ask: Callable[[int], HubModel | None],
    of_a_record: tuple[type[HubError], ...],
    first: HubError | None,
) -> ToldModels:
    """Ask for each; raise `first`, or else the first error, when none of the first can be had."""
    models: dict[int, HubModel] = {}
    untold: set[int] = set()
    last = first
    for place, id_ in enumerate(wanted):
        try:
            model = ask(id_)
        except of_a_record as error:
            _raise_if_down(error)
            untold.add(id_)
            first = first or error
            last = error
        else:
            if model is not None:
                models[id_] = model
        if first is not None and len(untold) == place + 1 == _IN_A_ROW:
            raise first
    return ToldModels(models, frozenset(untold), last)


def _raise_if_down(error: HubError) -> None:
    """Raise the error of a hub that is left alone for a while: nobody was asked."""
    if isinstance(error, HubUnavailable) and error.status is None:
        raise error
