"""`loradex hub search`: find models on a hub."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_get_commands import PARTLY
from loradex.cli.hub_options import asked_hubs, hub_settings, limit_option, offline_option
from loradex.cli.jsontext import print_json
from loradex.cli.progress import JsonSink, progress_option, shown_progress
from loradex.domain.hub_names import hub_types
from loradex.domain.hub_search import SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.domain.progress import Progress
from loradex.errors import HubBadRequest, HubError

if TYPE_CHECKING:
    from collections.abc import Callable

    from loradex.cli.hub_search_text import Found
    from loradex.domain.content_level import ContentLimit
    from loradex.domain.hub_search import HubQuery
    from loradex.operations.hub_browse import BrowseItem, BrowsePage

LARGEST_PAGE = 100
PAGES_LOOKED_THROUGH = 10
"""Pages asked for when most of what a page holds is left out."""

_KINDS = [kind.value for kind in ModelKind if hub_types(kind)]

_HELP = """Find models on CivitAI, or on another hub.

\b
Words are searched for; fields narrow it down as in `loradex list`:
  loradex hub search neon knight
  loradex hub search 'kind:lora base:pony' neon --sort newest
  loradex hub search --creator mosskettle --all-pages
Hubs have names of their own for base models, and know them too:
  loradex hub search --base "Flux.1 Krea"
Then look closer, or download the newest version:
  loradex hub show model:900101
  loradex hub get model:900101

\b
"Have" says what you own of it: yes (the newest version), older, or nothing;
n/a is what cannot be downloaded. What was seen is kept: --offline finds it.
"""


@click.command("search", help=_HELP)
@click.argument("text", nargs=-1)
@click.option(
    "-t",
    "--type",
    "kinds",
    type=click.Choice(_KINDS, case_sensitive=False),
    multiple=True,
    metavar="KIND",
    help=f"Only this kind, may be repeated: {', '.join(_KINDS)}.",
)
@click.option(
    "--base",
    "bases",
    multiple=True,
    metavar="BASE",
    help='Only for this base model, may be repeated: sdxl, pony, flux1, "Flux.1 D" …',
)
@click.option("--tag", default="", help="Only what has this tag.")
@click.option("--creator", default="", metavar="USER", help="Only what this person made.")
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in SearchSort]),
    help="In which order; most downloaded first when not said.",
)
@click.option(
    "--period",
    type=click.Choice([period.value for period in SearchPeriod]),
    help="Only what came out so lately.",
)
@click.option("--hub", "hub_name", metavar="HUB", help="Which hub; civitai when not said.")
@click.option("--owned/--not-owned", default=None, help="Only what you own, or do not.")
@limit_option
@click.option(
    "-l", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="So many."
)
@click.option("--more", "cursor", metavar="CURSOR", help="Go on where the last page ended.")
@click.option("--all-pages", is_flag=True, help="Everything, at most 1,000 models.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@progress_option
@pass_context
def search_command(
    context: Context,
    text: tuple[str, ...],
    kinds: tuple[str, ...],
    bases: tuple[str, ...],
    tag: str,
    creator: str,
    sort: str | None,
    period: str | None,
    hub_name: str | None,
    owned: bool | None,
    content_limit: str | None,
    limit: int,
    cursor: str | None,
    all_pages: bool,
    offline: bool,
    as_json: bool,
    progress: str,
) -> None:
    """Find models on a hub."""
    from loradex.cli.hub_search_text import (  # noqa: PLC0415
        explain_found,
        found_json,
        found_sentence,
        show_found,
    )
    from loradex.operations.hub_browse import search  # noqa: PLC0415

    settings = hub_settings(context, offline=offline, content_limit=content_limit)
    query = _query(" ".join(text), settings.content_limit)
    owned = _owned(" ".join(text)) if owned is None else owned
    query = replace(
        query,
        kinds=(*query.kinds, *(ModelKind(kind) for kind in kinds)),
        bases=(*query.bases, *bases),
        tag=tag or query.tag,
        creator=creator or query.creator,
        sort=SearchSort(sort) if sort else query.sort,
        period=SearchPeriod(period) if period else query.period,
    )
    most = 1000 if all_pages else limit
    with (
        context.catalog() as catalog,
        stoppable() as cancel,
        shown_progress(progress, cancel) as sink,
        asked_hubs(context, settings, sink, cancel) as hubs,
    ):

        def page(size: int, at: str | None, found: int) -> BrowsePage:
            cancel.check()
            sink.progress(Progress("Searching", found, None, "models"))
            sized = replace(query, page_size=size)
            return search(catalog, hubs, sized, at, hub_name, owned=owned)

        found = _found(page, most, cursor)
    if isinstance(sink, JsonSink):
        sink.tell("done", message=found_sentence(found), **found_json(found))
    elif as_json:
        print_json(found_json(found))
    else:
        if found.items:
            show_found(found)
        explain_found(found, settings.content_limit, owned)
    if found.problem is not None:
        click.get_current_context().exit(PARTLY)


def _query(text: str, limit: ContentLimit) -> HubQuery:
    from loradex.operations.hub_query import read_hub_query  # noqa: PLC0415

    return read_hub_query(text, limit)


def _owned(text: str) -> bool | None:
    from loradex.operations.hub_query import read_owned  # noqa: PLC0415

    return read_owned(text)


def _hint_at_cursor(error: HubError, cursor: str | None) -> None:
    """Let the hint be of use to who gave a cursor that the hub does not take."""
    if cursor is not None and isinstance(error, HubBadRequest):
        error.hint = "--more takes what the same search printed last; without it, it begins anew."


def _found(
    page: Callable[[int, str | None, int], BrowsePage], most: int, cursor: str | None
) -> Found:
    """Return up to `most` models from as many pages as that takes, within reason."""
    from loradex.cli.hub_search_text import Found  # noqa: PLC0415

    items: list[BrowseItem] = []
    hidden = left_out = 0
    seen: set[str] = set()
    problem = None
    for _ in range(max(PAGES_LOOKED_THROUGH, most // LARGEST_PAGE)):
        try:
            told = page(min(most - len(items), LARGEST_PAGE), cursor, len(items))
        except HubError as error:
            if not items:
                _hint_at_cursor(error, cursor)
                raise
            problem = error
            break
        items += told.items
        hidden += told.hidden
        left_out += told.left_out
        # A hub that gives the same cursor twice would send us round in circles.
        cursor = None if told.cursor in seen else told.cursor
        if cursor is None or len(items) >= most:
            break
        seen.add(cursor)
    return Found(told.hub, items, cursor, hidden, left_out, told.kept, problem)
