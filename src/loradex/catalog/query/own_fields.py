"""Fields about what a person said of a model, and what it was used for."""

from __future__ import annotations

from loradex.catalog.query.builders import (
    Field,
    date_in,
    flag,
    number,
    words_in,
)
from loradex.catalog.query.condition import Condition, among, not_among
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.text import starred
from loradex.catalog.query.values import number_range
from loradex.catalog.query.words import STATES
from loradex.domain.tags import fold_tag

_TAGGED = "SELECT content_id FROM tag_effective WHERE tag_id IN"
_USES = "SELECT content_id FROM content_use WHERE"
_MEMBERS = "SELECT content_id FROM collection_member"


def _tag(_scene: Scene, value: Value) -> Condition:
    """Find what shows a tag or a child of it; any name of the tag will do."""
    name = fold_tag(value.text)
    if "*" in name and not value.quoted:
        return among(
            f"{_TAGGED} (SELECT id FROM tag WHERE folded LIKE ? ESCAPE '\\' UNION ALL"
            " SELECT tag_id FROM tag_alias WHERE folded LIKE ? ESCAPE '\\')",
            starred(name),
            starred(name),
        )
    return among(
        f"{_TAGGED} (SELECT id FROM tag WHERE folded = ?"
        " UNION ALL SELECT tag_id FROM tag_alias WHERE folded = ?)",
        name,
        name,
    )


def _uses(scene: Scene, value: Value) -> Condition:
    """Count pictures; a model without a row was used in none."""
    asked = number_range(scene.query, value)
    sql, params = asked.sql("uses")
    none = (asked.low is None or asked.low < 0 or (asked.low == 0 and not asked.low_open)) and (
        asked.high is None or asked.high > 0 or (asked.high == 0 and not asked.high_open)
    )
    if none:
        return not_among(f"{_USES} NOT ({sql})", *params)
    return among(f"{_USES} {sql}", *params)


def is_member(collection_id: int) -> Condition:
    """Return the condition to be picked into a collection."""
    return among(f"{_MEMBERS} WHERE collection_id = ?", collection_id)


OWN_FIELDS = {
    "tag": Field(
        _tag,
        STATES["untagged"],
        "a tag, whole, with its children; tag: alone means no tag",
        f"content.id IN ({_TAGGED} (SELECT id FROM tag WHERE tag.name REGEXP ?))",
    ),
    "trigger": Field(
        words_in("words"),
        "content.id IN (SELECT id FROM content WHERE words = '[]')",
        "a trigger word; trigger: alone: none known",
        "content.id IN (SELECT content_id FROM trigger_word WHERE text REGEXP ?)",
    ),
    "note": Field(
        words_in("notes"),
        "content.id NOT IN (SELECT content_id FROM annotation WHERE note <> '')",
        "a word in your note",
        "content.id IN (SELECT content_id FROM annotation WHERE note REGEXP ?)",
    ),
    "rating": Field(number("content.rating"), "content.rating IS NULL", "1 to 5: rating:4.."),
    "favourite": Field(flag("content.favourite"), "content.favourite = 0", "yes or no"),
    "uses": Field(
        _uses, "content.id NOT IN (SELECT content_id FROM content_use)", "pictures made with it"
    ),
    "used": Field(
        date_in(_USES, "last_used"),
        "content.id NOT IN (SELECT content_id FROM content_use)",
        "when a picture was last made with it: used:<30d; used: alone: never",
    ),
}
