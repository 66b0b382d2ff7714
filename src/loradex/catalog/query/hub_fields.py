"""Fields about what hubs say. Each asks a narrow index of the hub's rows, then who matches them."""

from __future__ import annotations

from datetime import UTC, datetime

from loradex.catalog.query import text
from loradex.catalog.query.builders import Field, known_words, number_in, text_in
from loradex.catalog.query.condition import Condition, among
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.values import date_range

_OF_MODELS = (
    "SELECT match.content_id FROM hub_model AS m INDEXED BY ix_hub_model_filters"
    " CROSS JOIN match ON match.hub = m.hub AND match.model_id = m.id WHERE"
)
_OF_VERSIONS = (
    "SELECT match.content_id FROM hub_version AS v INDEXED BY ix_hub_version_filters"
    " CROSS JOIN match ON match.hub = v.hub AND match.version_id = v.id WHERE"
)
_UNMATCHED = "content.matched = 0"

_LICENCES = {
    "sell": "m.licence ->> '$.allowCommercialUse' LIKE '%sell%'",
    "commercial": "coalesce(m.licence ->> '$.allowCommercialUse', 'None') <> 'None'",
    "noncommercial": "m.licence ->> '$.allowCommercialUse' = 'None'",
    "credit": "m.licence ->> '$.allowNoCredit' = 'false'",
    "nocredit": "m.licence ->> '$.allowNoCredit' = 'true'",
    "derivatives": "m.licence ->> '$.allowDerivatives' = 'true'",
    "noderivatives": "m.licence ->> '$.allowDerivatives' = 'false'",
}
_LATEST = 253_402_300_799.0


def _published(scene: Scene, value: Value) -> Condition:
    sql, params = date_range(scene.query, value, scene.now).sql("v.published_at")
    return among(f"{_OF_VERSIONS} ({sql})", *map(_iso, params))


def _iso(seconds: float) -> str:
    """Return a time as hubs write theirs, cut where all of them are alike."""
    within = min(max(seconds, 0.0), _LATEST)
    return datetime.fromtimestamp(within, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _licence(scene: Scene, value: Value) -> Condition:
    sql = _LICENCES.get(value.text.lower())
    if sql is None:
        raise scene.unknown(value, "licence", _LICENCES)
    return among(f"{_OF_MODELS} {sql}")


def _matched(scene: Scene, value: Value) -> Condition:
    ways = known_words(("sha256", "autov3", "person", "sidecar"))
    way = ways.get(value.text.lower())
    if way is None:
        raise scene.unknown(value, "way to match", ways)
    return among("SELECT content_id FROM match WHERE matched_by = ?", way)


def _hub(_scene: Scene, value: Value) -> Condition:
    return among("SELECT content_id FROM match WHERE hub = ?", value.text.lower())


HUB_FIELDS = {
    "creator": Field(
        text_in(_OF_MODELS, "m.creator"),
        f"content.id NOT IN ({_OF_MODELS} m.creator IS NOT NULL)",
        "part of the name of who published it; quoted, all of it",
        f"content.id IN ({_OF_MODELS} m.creator REGEXP ?)",
    ),
    "model": Field(
        text_in(_OF_MODELS, "m.name"),
        _UNMATCHED,
        "part of the model's name on the hub",
        f"content.id IN ({_OF_MODELS} m.name REGEXP ?)",
    ),
    "version": Field(
        text_in(_OF_VERSIONS, "v.name"),
        _UNMATCHED,
        "part of the version's name on the hub",
        f"content.id IN ({_OF_VERSIONS} v.name REGEXP ?)",
    ),
    "hubbase": Field(
        text_in(_OF_VERSIONS, "v.base_model"), _UNMATCHED, 'the base as the hub calls it: "Pony"'
    ),
    "description": Field(
        lambda _scene, value: text.described(value.text, phrase=value.quoted),
        f"content.id NOT IN (SELECT rowid FROM {text.ABOUT})",
        "a word in what the hub says of it at length",
    ),
    "downloads": Field(
        number_in(_OF_MODELS, "m.downloads"), _UNMATCHED, "times it was downloaded: downloads:>1000"
    ),
    "likes": Field(number_in(_OF_MODELS, "m.likes"), _UNMATCHED, "likes on the hub: likes:100.."),
    "published": Field(
        _published, _UNMATCHED, "when the version was published: published:2025-06.."
    ),
    "licence": Field(
        _licence,
        f"content.id NOT IN ({_OF_MODELS} m.licence <> '{{}}')",
        f"what its licence says: {', '.join(_LICENCES)}",
    ),
    "hub": Field(_hub, _UNMATCHED, "the hub that knows it: hub:civitai"),
    "matched": Field(
        _matched, _UNMATCHED, "how it was matched: sha256, autov3, person; matched: alone: not"
    ),
    "unmatched": Field(_matched, _UNMATCHED, "with nothing after it: no hub knows it"),
}
