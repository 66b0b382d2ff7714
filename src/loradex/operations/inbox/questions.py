"""What is in doubt of models: their kind and base where sources differ, and uncertain matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loradex.catalog.catalog import Catalog
from loradex.catalog.inbox_rows import DoubtfulMatch, PossibleVersion, UnknownContent
from loradex.domain.evidence import Evidence, Source, precedence
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.operations.inbox.items import Choice, Question

_SURE_MATCH = {"sha256": 0.7, "autov3": 0.9, "sidecar": 0.5}
"""How sure a match is that may be another: with the whole file's hash there are several versions;
by AutoV3 the tensors are the same, so it is the version, or one that was uploaded again."""
_ASKED_OF_UNKNOWN = (
    ModelKind.LORA, ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL, ModelKind.EMBEDDING,
    ModelKind.VAE, ModelKind.CONTROLNET, ModelKind.TEXT_ENCODER, ModelKind.UPSCALER,
)  # fmt: skip
_BY = {
    "sha256": "The hub has several versions with these very bytes",
    "autov3": "The tensors are the same (AutoV3); the metadata was edited",
    "sidecar": "Only another tool's file beside it says so",
}


def questions(
    catalog: Catalog, content_ids: Sequence[int] | None = None
) -> dict[int, tuple[Question, ...]]:
    """Return what is in doubt of these models (None: of all), those without doubt left out."""
    open_ = catalog.inbox.left_open(content_ids)
    found: dict[int, list[Question]] = {}
    for id_, question in (
        *_matches(catalog, content_ids),
        *_disputed(catalog, content_ids),
        *_unknown(catalog.inbox.unknown(content_ids)),
    ):
        if open_.get((id_, question.subject)) != question.claims or not question.claims:
            found.setdefault(id_, []).append(question)
    return {id_: tuple(some) for id_, some in found.items()}


def _disputed(
    catalog: Catalog, content_ids: Sequence[int] | None
) -> Iterable[tuple[int, Question]]:
    for id_, fields in catalog.inbox.claims(content_ids).items():
        for field, facts in fields.items():
            question = dispute(field, facts)
            if question is not None:
                yield id_, question


def dispute(field: str, facts: Iterable[Evidence]) -> Question | None:
    """Return the question that claims on a field raise, None when there is no doubt.

    Where the tensors prove a value nobody has to decide.
    """
    ranked = sorted(facts, key=precedence)
    if ranked[0].source is Source.TENSORS and ranked[0].confidence >= 1.0:
        return None
    by_value: dict[str, list[Evidence]] = {}
    for fact in ranked:
        by_value.setdefault(fact.value, []).append(fact)
    if len(by_value) < 2:
        return None
    said = sum(fact.confidence for fact in ranked)
    choices = tuple(
        Choice(
            value,
            _label(field, value),
            "; ".join(_said(fact) for fact in some),
            round(sum(fact.confidence for fact in some) / said, 2) if said else 0.0,
            value == ranked[0].value,
        )
        for value, some in by_value.items()
    )
    told = " but ".join(
        f"{some[0].source.value} says {_label(field, value)}" for value, some in by_value.items()
    )
    return Question(field, f"{told[0].upper()}{told[1:]}.", choices, claims=_claims(by_value))


def _unknown(contents: Iterable[UnknownContent]) -> Iterable[tuple[int, Question]]:
    for content in contents:
        if content.kind == ModelKind.UNKNOWN:
            choices = tuple(
                Choice(
                    kind.value, kind.label, "Nothing says so; choose it if you know.", 0.0, False
                )
                for kind in _ASKED_OF_UNKNOWN
            )
            title = "Nothing tells what it is."
            yield content.content_id, Question("kind", title, choices, claims="unknown")
        else:
            share = round(1 / len(content.candidates), 2)
            choices = tuple(
                Choice(base, _label("base", base), "Its tensors fit this base.", share, False)
                for base in content.candidates
            )
            title = "Its tensors fit several bases, and nothing else tells which."
            yield (
                content.content_id,
                Question("base", title, choices, claims=_claims(content.candidates)),
            )


def _matches(catalog: Catalog, content_ids: Sequence[int] | None) -> Iterable[tuple[int, Question]]:
    doubtful = catalog.inbox.doubtful_matches(content_ids)
    versions = catalog.inbox.versions(sorted({each.content_id for each in doubtful}))
    for match in doubtful:
        question = _match(match, versions.get((match.content_id, match.hub), ()))
        if question is not None:
            yield match.content_id, question


def _match(match: DoubtfulMatch, versions: Sequence[PossibleVersion]) -> Question | None:
    """Return the question of a match; None when only one version of these very bytes is left."""
    others = [each for each in versions if each.version_id != match.version_id]
    ours = [each for each in versions if each.version_id == match.version_id]
    if not ours or (match.matched_by == "sha256" and not others):
        return None
    sure = _SURE_MATCH.get(match.matched_by, match.confidence)
    choices = tuple(
        Choice(
            str(each.version_id),
            f"{each.model_name} {each.version_name}".strip(),
            _version_said(each, match.matched_by if each in ours else "sha256"),
            sure if each in ours else round((1 - sure) / len(others), 2),
            each in ours,
        )
        for each in (*ours, *others)
    )
    told = _BY.get(match.matched_by, "It is not certain")
    several = f" {len(choices)} versions are possible." if others else ""
    return Question("match", f"{told}.{several}", choices, hub=match.hub)


def _version_said(version: PossibleVersion, matched_by: str) -> str:
    parts = [
        f"{version.hub} {version.version_id}",
        version.base_model,
        f"by {version.creator}" if version.creator else "",
        version.published_at[:10],
        f"matched by {matched_by}",
    ]
    return ", ".join(part for part in parts if part)


def _said(fact: Evidence) -> str:
    sure = f" ({fact.confidence:.0%} sure)" if fact.confidence < 1.0 else ""
    return f"{fact.source.value}{sure}" + (f": {fact.detail}" if fact.detail else "")


def _claims(values: Iterable[str] | Mapping[str, object]) -> str:
    return " ".join(sorted(values))


def _label(field: str, value: str) -> str:
    if field == "kind" and value in set(ModelKind):
        return ModelKind(value).label
    if field == "base" and value in set(BaseModel):
        return BaseModel(value).label
    return value.capitalize() if field == "derivative" else value
