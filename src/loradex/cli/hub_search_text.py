"""What a search on a hub found: as a table, in sentences, and as JSON."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from loradex.cli.columns import Column, print_table, terminal_width
from loradex.cli.hub_json import model_facts, model_ref, version_facts
from loradex.cli.output import is_terminal
from loradex.cli.words import count_text, size_text
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_names import kind_from_hub
from loradex.domain.text import display_text
from loradex.errors import HubError
from loradex.operations.hub_browse import BrowseItem

_COLUMNS = [
    Column("Get it with"),
    Column("Have"),
    Column("Name", shrink=True),
    Column("Base", shrink=True),
    Column("Kind", drop=True),
    Column("Size", right=True),
    Column("Newest", drop=True),
    Column("Downloads", right=True, drop=True),
    Column("Likes", right=True, drop=True),
    Column("By", shrink=True, drop=True),
]
_ROOM = ((130, 10), (105, 9), (95, 8), (0, 7))
"""From which width on so many columns leave enough of a name to tell what it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that one call of the search shows, of one page or several."""

    hub: str
    items: Sequence[BrowseItem]
    cursor: str | None
    hidden: int
    left_out: int
    kept: bool
    problem: HubError | None = None
    """What ended it; what was found until then is here."""


def show_found(found: Found) -> None:
    """Print what was found, a model a line."""
    number = len(_COLUMNS)
    if is_terminal(sys.stdout):
        number = next(keep for least, keep in _ROOM if terminal_width() >= least)
    print_table(_COLUMNS[:number], [_cells(item)[:number] for item in found.items])


def explain_found(found: Found, limit: ContentLimit, owned: bool | None) -> None:
    """Say on stderr what the table does not: what is hidden and why, and where more is."""
    for line in _sentences(found, limit, owned):
        click.echo(line, err=True)


def found_sentence(found: Found) -> str:
    """Return how much was found."""
    return f"{count_text(len(found.items), 'model')} found, {found.hidden:,} hidden."


def found_json(found: Found) -> dict[str, object]:
    """Return what was found."""
    return {
        "hub": found.hub,
        "models": [_item_json(item) for item in found.items],
        "cursor": found.cursor,
        "hidden": found.hidden,
        "left_out": found.left_out,
        "kept": found.kept,
        "problem": None if found.problem is None else found.problem.message,
    }


def kind_text(hub_type: str) -> str:
    """Return what a hub's type of model is here; the hub's own word when it is nothing here."""
    kind = kind_from_hub(hub_type)
    return hub_type if kind is None else kind.label


def _cells(item: BrowseItem) -> tuple[str, ...]:
    version = item.newest or item.latest
    return (
        model_ref(item.hub, item.model),
        _have(item),
        item.model.name,
        version.base_model if version else "",
        kind_text(item.model.type),
        "" if item.size is None else size_text(item.size),
        (version.published_at or "")[:10] if version else "",
        "" if item.model.downloads is None else f"{item.model.downloads:,}",
        "" if item.model.likes is None else f"{item.model.likes:,}",
        item.model.creator or "",
    )


def _have(item: BrowseItem) -> str:
    """Return whether it is owned: the newest version, an older one, or none."""
    if not item.owned:
        return "" if item.newest is not None else "n/a"
    return "older" if item.newest and item.newest.id not in item.owned else "yes"


def _sentences(found: Found, limit: ContentLimit, owned: bool | None) -> list[str]:
    lines: list[str] = []
    if found.kept:
        lines.append(f"{display_text(found.hub)} was not asked: this is what it told before.")
    if not found.items:
        lines.append("Nothing was found." if found.cursor is None else "Nothing on these pages.")
    if found.hidden:
        lines.append(
            f"{count_text(found.hidden, 'model')} hidden: more mature than `{limit.value}`."
            " --content-limit shows more."
        )
    if found.left_out:
        lines.append(
            f"{count_text(found.left_out, 'model')} left out:"
            f" {'not yours yet' if owned else 'yours already'}."
        )
    if any(item.newest is None and not item.owned for item in found.items):
        lines.append("n/a: nobody, or only who paid, may download it; `loradex hub show` says why.")
    if found.problem is not None:
        lines.append(f"That is not all: {found.problem.message}")
    if found.cursor is not None:
        lines.append(f"There is more: the same again with --more {shlex.quote(found.cursor)}")
    return [display_text(line) for line in lines]


def _item_json(item: BrowseItem) -> dict[str, object]:
    return {
        **model_facts(item.hub, item.model, item.page_url),
        "versions": [
            {**version_facts(item.hub, version), "owned": item.owned.get(version.id)}
            for version in item.model.versions
        ],
        "newest": None if item.newest is None else item.newest.id,
        "size": item.size,
        "withheld": item.withheld or None,
        "preview_url": None if item.preview is None else item.preview.url,
    }
