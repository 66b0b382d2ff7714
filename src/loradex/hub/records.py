"""Models and versions by their ids, and what a reference to them means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.errors import HubBadRequest
from loradex.hub.naming import LARGEST_ID
from loradex.hub.source import MODELS_PER_CALL
from loradex.hub.translate import Translator
from loradex.hub.transport import HubTransport, expect_list

KEEP_SECONDS = 600.0
"""How long the same record is given again without asking."""


class RecordLookups:
    """The records of the hub behind `transport`."""

    def __init__(self, transport: HubTransport, translate: Translator) -> None:
        self._transport = transport
        self._translate = translate

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models the hub has; ids it does not have are missing from the list."""
        found: dict[int, HubModel] = {}
        wanted = list(dict.fromkeys(id_ for id_ in ids if 0 < id_ <= LARGEST_ID))
        for start in range(0, len(wanted), MODELS_PER_CALL):
            chunk = wanted[start : start + MODELS_PER_CALL]
            for model in self._list("ids", chunk):
                if model.id in chunk:
                    found.setdefault(model.id, model)
            for left_out in [id_ for id_ in chunk if id_ not in found]:
                single = self.model(left_out)
                if single is not None:
                    found[left_out] = single
        return [found[id_] for id_ in wanted if id_ in found]

    def models_of_versions(self, ids: Iterable[int]) -> list[HubModel]:
        """Return the models that lists show for these versions, maybe without their others."""
        wanted = list(dict.fromkeys(id_ for id_ in ids if 0 < id_ <= LARGEST_ID))
        return [
            model
            for start in range(0, len(wanted), MODELS_PER_CALL)
            for model in self._list("modelVersionIds", wanted[start : start + MODELS_PER_CALL])
        ]

    def model(self, model_id: int) -> HubModel | None:
        """Return one model with all its versions; None if the hub has no such model."""
        if not 0 < model_id <= LARGEST_ID:
            return None
        document = self._transport.find(f"api/v1/models/{model_id}", keep=KEEP_SECONDS)
        return None if document is None else self._translate.model(document)

    def version(self, version_id: int) -> HubVersion | None:
        """Return one version; None if the hub does not show it."""
        if not 0 < version_id <= LARGEST_ID:
            return None
        path = f"api/v1/model-versions/{version_id}"
        document = self._transport.find(path, keep=KEEP_SECONDS)
        return None if document is None else self._translate.version(document)

    def look_up(self, reference: HubReference) -> tuple[HubModel, HubVersion | None] | None:
        """Return the model, and the version if the reference names one; None if there is none.

        A version whose model the hub does not show stands alone in a model made of what it says.
        """
        if reference.version_id is not None:
            return self._look_up_version(reference.version_id, reference.model_id)
        model = None if reference.model_id is None else self.model(reference.model_id)
        return None if model is None else (model, version_with_file(model, reference.file_id))

    def _look_up_version(
        self, version_id: int, model_id: int | None
    ) -> tuple[HubModel, HubVersion] | None:
        # Its own record says who may use it, the one inside its model says what its files are.
        own = self.version(version_id)
        if own is not None and model_id is not None and own.model_id != model_id:
            return None
        parent = own.model_id if own is not None else model_id
        if parent is None:
            parent = self._owner(version_id)
        model = None if parent is None else self.model(parent)
        inside = next((v for v in model.versions if v.id == version_id), None) if model else None
        version = joined(own, inside) if own and inside else own or inside
        return None if version is None else (model or _model_of(version), version)

    def _owner(self, version_id: int) -> int | None:
        """Return the model of a version that has no record of its own: unrated, or archived."""
        try:
            models = self.models_of_versions([version_id])
        except HubBadRequest:  # a hub that cannot be asked so
            return None
        owners = (m.id for m in models if any(v.id == version_id for v in m.versions))
        return next(owners, None)

    def _list(self, parameter: str, ids: Sequence[int]) -> list[HubModel]:
        answer = self._transport.get(
            "api/v1/models",
            # Without these two the list drops archived and mature models that were asked for.
            {
                parameter: ",".join(map(str, ids)),
                "nsfw": "true",
                "archived": "true",
                "limit": MODELS_PER_CALL,
            },
            keep=KEEP_SECONDS,
        )
        items = answer.get("items") if isinstance(answer, dict) else None
        return self._translate.each(
            expect_list(items, self._transport.label), self._translate.model
        )


def version_with_file(model: HubModel, file_id: int | None) -> HubVersion | None:
    """Return the version that has a file; None when none is asked for or has it."""
    if file_id is None:
        return None
    holders = (v for v in model.versions if any(file.id == file_id for file in v.files))
    return next(holders, None)


def joined(own: HubVersion, inside: HubVersion) -> HubVersion:
    """Return a version's own record with what only the one inside its model tells."""
    quantised = {file.id: file.quantisation for file in inside.files}

    def told(file: HubFile) -> HubFile:
        return replace(file, quantisation=file.quantisation or quantised.get(file.id))

    return replace(own, position=inside.position, files=tuple(told(file) for file in own.files))


def _model_of(version: HubVersion) -> HubModel:
    """Return what a version tells of its model."""
    return HubModel(
        id=version.model_id,
        name=version.model_name or "",
        type=version.model_type or "",
        description=None,
        tags=(),
        creator=None,
        content_level=version.content_level,
        mode=None,
        licence={},
        versions=(version,),
        raw="{}",
    )
