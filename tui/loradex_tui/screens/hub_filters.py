"""The menus that narrow a search on the hub: they edit the text of its query."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from loradex.domain.hub_names import hub_types
from loradex.domain.hub_search import SearchPeriod, SearchSort
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.errors import QueryError
from loradex_tui.cells import cell_text
from loradex_tui.query_text import toggle, without
from loradex_tui.screens.key_menu import Choice, KeyMenu

if TYPE_CHECKING:
    from loradex_tui.app import LoradexApp

_ANY = "\0any"
_KEYS = "abcdefghijklmnopqrstuvwxyz"
_BASES = (
    ("sd1", "SD 1.5"), ("sdxl", "SDXL"), ("pony", "Pony"), ("illustrious", "Illustrious"),
    ("noobai", "NoobAI"), ("flux1", "FLUX.1"), ("sd3", "SD 3"), ("qwen_image", "Qwen-Image"),
    ("wan", "Wan"), ("zimage", "Z-Image"),
)  # fmt: skip
_PERIODS = {
    SearchPeriod.DAY: "of today", SearchPeriod.WEEK: "of this week",
    SearchPeriod.MONTH: "of this month", SearchPeriod.YEAR: "of this year",
}  # fmt: skip
_SORTS = {
    SearchSort.DOWNLOADED: "most downloaded first", SearchSort.RATED: "best rated first",
    SearchSort.LIKED: "most liked first", SearchSort.NEWEST: "newest first",
    SearchSort.OLDEST: "oldest first",
}  # fmt: skip


def offer_filters(app: LoradexApp, query: str, creator: str, then: Callable[[str], None]) -> None:
    """Ask for a field, then for its value; `then` gets the query that comes of it.

    `creator` made the model under the cursor; empty when there is none.
    """
    fields = [
        Choice("t", "Type", "kind", "LoRA, checkpoint …"),
        Choice("b", "Base model", "base", "SDXL, Pony, FLUX.1 …"),
        Choice("s", "Order", "sort", "newest, best rated …"),
        Choice("p", "Period", "period", "of this week, month …"),
        Choice("o", "What I own", "owned", "that, or all but that"),
    ]
    if creator:
        fields.append(Choice("c", "Creator", "by", f"only {cell_text(creator, 30)}, or all"))
    fields.append(Choice("x", "Nothing", _ANY, "take all filters away"))

    def field_chosen(field: str | None) -> None:
        if field == _ANY:
            then(without(query, ("kind", "base", "sort", "period", "owned", "by", "tag")))
        elif field == "by":
            then(_set(query, "by", creator))
        elif field is not None:
            app.push_screen(KeyMenu(_titles(field), _values(field)), value_chosen(field))

    def value_chosen(field: str) -> Callable[[str | None], None]:
        def chosen(value: str | None) -> None:
            if value is not None:
                then(_set(query, field, value))

        return chosen

    app.push_screen(KeyMenu("Filter by", fields), field_chosen)


def _titles(field: str) -> str:
    return {"kind": "Type", "base": "Base model", "sort": "Order", "period": "Period"}.get(
        field, "What I own"
    )


def _values(field: str) -> list[Choice]:
    words: list[tuple[str, str]]
    if field == "kind":
        words = [
            (kind.value, kind.label)
            for kind in ModelKind
            if kind is not ModelKind.UNKNOWN and hub_types(kind)
        ]
    elif field == "base":
        known = {base.value for base in BaseModel} | {"pony", "illustrious", "noobai"}
        words = [(id_, label) for id_, label in _BASES if id_ in known]
    elif field == "sort":
        words = [(sort.value, label) for sort, label in _SORTS.items()]
    elif field == "period":
        words = [(period.value, label) for period, label in _PERIODS.items()]
    else:
        words = [("no", "what I do not own"), ("yes", "only what I own")]
    keys = iter(_KEYS)
    choices = [Choice(next(keys), label, value) for value, label in words]
    return [*choices, Choice("0", "any", _ANY)]


def _set(query: str, field: str, value: str) -> str:
    """Return a query with one value of a field, or without it when it had that already."""
    bare = without(query, [field])
    if value == _ANY:
        return bare
    try:
        wanted = toggle(bare, field, value)
    except QueryError:  # a creator with a quotation mark cannot be asked for
        return query
    return bare if wanted == query else wanted
