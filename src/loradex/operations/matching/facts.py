"""What follows from a match: names, kinds, bases and levels with their source, words and tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loradex.catalog.catalog import Catalog
from loradex.catalog.hub_evidence import MatchFound
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_names import DERIVATIVES, base_from_hub, kind_from_hub
from loradex.domain.tags import TAG_LIMIT, clean_tag, fold_tag
from loradex.domain.text import trained_words

TAGS_KEPT = 40


def keep(
    catalog: Catalog, hub: str, matches: Sequence[MatchFound], models: Iterable[HubModel]
) -> None:
    """Keep matches with the models and versions that they speak of.

    What an answer lacks does not wipe what was known, and what a better hub told stays.
    """
    catalog.hub.record_models(hub, list(models))
    catalog.hub.record_versions(hub, {m.version.id: m.version for m in matches}.values())
    catalog.hub.record_matches(hub, matches)


def found(
    content_id: int, version: HubVersion, model: HubModel | None, matched_by: str
) -> MatchFound:
    """Return a match with the facts, trigger words and tags that follow from it."""
    return MatchFound(
        content_id=content_id,
        version=version,
        matched_by=matched_by,
        facts=tuple(_facts(version, model)),
        trigger_words=trained_words(version.trained_words),
        tags=tuple(_clean_tags(model.tags)) if model else (),
    )


def model_of(version: HubVersion) -> HubModel:
    """Return what a version tells of its model, for one that the hub does not show."""
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
        slug=None if version.slug is None else version.slug.rpartition("@")[0],
    )


def _clean_tags(tags: Iterable[str]) -> list[str]:
    """Return a hub's tags as ours: no commas, no novels."""
    parts = (clean_tag(part) for tag in tags for part in tag.split(",") if len(part) <= TAG_LIMIT)
    folded: dict[str, str] = {}
    for part in parts:
        folded.setdefault(fold_tag(part), part)
    return [part for key, part in folded.items() if key][:TAGS_KEPT]


def _facts(version: HubVersion, model: HubModel | None) -> Iterable[Evidence]:
    def fact(field: str, value: str | None, detail: str = "") -> Evidence:
        return Evidence(field, value or "", Source.HUB, detail=detail)

    model_name = (model.name if model else version.model_name) or ""
    yield fact("name", " ".join(f"{model_name} {version.name}".split()))
    kind = kind_from_hub((model.type if model else version.model_type) or "")
    if kind is not None:
        yield fact("kind", kind.value)
    base = base_from_hub(version.base_model)
    said = f"the hub says {version.base_model}"
    if base is not None:
        yield fact("base", base[0].value, said)
        if base[1] in DERIVATIVES:
            yield fact("derivative", base[1], said)
    level = version.content_level or (model.content_level if model else 0)
    if level:
        yield fact("content_level", str(level))
    if model is not None and model.creator:
        yield fact("creator", model.creator)
