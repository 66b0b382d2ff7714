"""An entry as the plain object that JSON and CSV hold."""

from __future__ import annotations

from dataclasses import replace

from loradex.domain.manifest import PERSON, Entry
from loradex.domain.verdicts import VerdictSource
from loradex.operations.manifest.verdict_form import verdict_json


def entry_json(entry: Entry) -> dict[str, object]:
    """Return an entry as JSON has it; what is not known or empty is left out, but for the size."""
    raw: dict[str, object] = {
        "sha256": entry.sha256,
        "blake3": entry.blake3,
        "crc32": entry.crc32,
        "autov1": entry.autov1,
        "autov2": entry.autov2,
        "autov3": entry.autov3,
        "fingerprint": entry.fingerprint,
        "size": entry.size,
        "name": entry.name,
        "file_name": entry.file_name,
        "kind": entry.kind,
        "base": entry.base,
        "derivative": entry.derivative,
        "format": entry.format,
        "dtype": entry.dtype,
        "quantisation": entry.quantisation,
        "rank": entry.rank,
        "added_at": entry.added_at,
        "hubs": [
            {
                "hub": hub.hub,
                "model_id": hub.model_id,
                "version_id": hub.version_id,
                "air": hub.air,
                "name": hub.name,
            }
            for hub in entry.hubs
        ],
        "tags": [{"name": name, "source": source} for name, source in entry.tags],
        "hidden_tags": list(entry.hidden_tags),
        "trigger_words": [{"text": text, "source": who} for text, who in entry.trigger_words],
        "verdicts": [verdict_json(verdict) for verdict in entry.verdicts],
        "note": entry.note,
        "rating": entry.rating,
        "favourite": entry.favourite,
        "collections": list(entry.collections),
        "preferences": dict(entry.preferences),
        "fields": [{"name": f.name, "type": f.type, "value": f.value} for f in entry.fields],
        "places": [{"library": library, "path": path} for library, path in entry.places],
    }
    return {
        name: value
        for name, value in raw.items()
        if name == "size" or value not in (None, "", [], {}, False)
    }


def told(entry: Entry, *, paths: bool, public: bool) -> Entry:
    """Return what of an entry is told: paths when asked for, and nothing of the person's in public.

    Trigger words stay, whoever says them: without them a LoRA is of no use. So does what probes
    measured.
    """
    if not paths:
        entry = replace(entry, places=())
    if not public:
        return entry
    return replace(
        entry,
        tags=tuple(pair for pair in entry.tags if pair[1] != PERSON),
        hidden_tags=(),
        verdicts=tuple(
            replace(verdict, note="")
            for verdict in entry.verdicts
            if verdict.source is VerdictSource.PROBE
        ),
        note="",
        rating=None,
        favourite=False,
        collections=(),
        preferences={},
        fields=(),
        places=(),
        added_at=None,
    )
