"""A model as JSON: the stable shape of `list --json` and `show --json`."""

from __future__ import annotations

from loradex.cli.verdict_json import verdict_json
from loradex.domain.models import ModelDetails, ModelRow, Tag
from loradex.domain.preferences import KnownPreferences
from loradex.domain.trigger_words import WordGroup
from loradex.domain.verdict_words import headline


def row_json(row: ModelRow) -> dict[str, object]:
    """Return a list row. Sizes are bytes, times Unix seconds; unknown is null."""
    return {
        "id": row.id,
        "name": row.name,
        "file_name": row.file_name,
        "kind": row.kind,
        "base": row.base,
        "derivative": row.derivative,
        "size": row.size,
        "state": row.state,
        "copies": row.copies,
        "rating": row.rating,
        "favourite": row.favourite,
        "tags": list(row.tags),
        "trigger_words": list(row.trigger_words),
        "matched": row.matched,
        "content_level": row.content_level,
        "added_at": row.added_at,
        "path": row.path,
        "sha256": row.sha256,
        "safety": row.safety,
    }


def tag_json(tag: Tag) -> dict[str, object]:
    """Return a tag with where it comes from; `rule` is null unless rules gave it."""
    return {
        "name": tag.name,
        "source": tag.source,
        "rule": tag.rule or None,
        "reason": tag.reason or None,
        "confidence": tag.confidence,
    }


def group_json(group: WordGroup) -> dict[str, object]:
    """Return a group of trigger words; single words are the group with the key ""."""
    return {
        "key": group.key,
        "name": group.name or None,
        "note": group.note or None,
        "source": group.source,
        "on": group.on,
        "words": [
            {"text": word.text, "source": word.source, "on": word.on} for word in group.words
        ],
    }


def preferences_json(known: KnownPreferences) -> dict[str, object]:
    """Return what counts of each preference, with who says it; what nobody said is left out."""
    sources = known.sources
    return {
        name: {"value": value, "source": sources[name]}
        for name, value in known.effective.said().items()
    }


def details_json(details: ModelDetails) -> dict[str, object]:
    """Return everything that is known of a model."""
    hashes, match = details.hashes, details.match
    return {
        **row_json(details.row),
        "format": details.format,
        "variant": details.variant,
        "algorithm": details.algorithm,
        "rank": details.rank,
        "dtype": details.dtype,
        "quantisation": details.quantisation,
        "prediction": details.prediction,
        "candidates": list(details.candidates),
        "note": details.note,
        "tags": [tag_json(tag) for tag in details.tags],
        "trigger_words": [
            {
                "text": word.text,
                "source": word.source,
                "effect": word.effect,
                "verdict": word.verdict,
            }
            for word in details.trigger_words
        ],
        "word_groups": [group_json(group) for group in details.word_groups],
        "preferences": preferences_json(details.preferences),
        "hashes": None
        if hashes is None
        else {
            "sha256": hashes.sha256,
            "blake3": hashes.blake3,
            "crc32": hashes.crc32,
            "autov1": hashes.autov1,
            "autov2": hashes.autov2,
            "autov3": hashes.autov3,
        },
        "claimed_hash": details.claimed_hash,
        "fingerprint": details.fingerprint,
        "match": None
        if match is None
        else {
            "hub": match.hub,
            "model_id": match.model_id,
            "version_id": match.version_id,
            "model_name": match.model_name,
            "version_name": match.version_name,
            "model_type": match.model_type,
            "base_model": match.base_model,
            "creator": match.creator,
            "matched_by": match.matched_by,
            "content_level": match.content_level,
            "published_at": match.published_at,
            "fetched_at": match.fetched_at,
            "gone_at": match.gone_at,
        },
        "files": [
            {
                "library": file.library,
                "path": file.path,
                "size": file.size,
                "mtime": file.mtime,
                "state": file.state.value,
                "problem": file.problem,
                "verified": file.verified,
            }
            for file in details.files
        ],
        "evidence": [
            {
                "field": fact.field,
                "value": fact.value or None,
                "source": fact.source.value,
                "confidence": fact.confidence,
                "reason": fact.detail or None,
                "seen_at": fact.seen_at,
            }
            for fact in details.evidence
        ],
        "findings": list(details.findings),
        "metadata": details.metadata,
        "tag_counts": [[tag, count] for tag, count in details.tag_counts],
        "grids": list(details.grids),
        "headline": headline(details.verdicts) or None,
        "verdicts": [verdict_json(verdict) for verdict in details.verdicts],
    }
