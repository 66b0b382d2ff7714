"""`loradex edit`: how a person prefers to use models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json_list
from loradex.cli.preference_text import preference_lines
from loradex.cli.select import REF_HELP, dry_run_option, query_option, selected
from loradex.cli.tag_words import say_changed
from loradex.domain.text import display_text
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog


@click.command(
    "edit",
    help=f"""Set how a model, or all that a query finds, is best used.

\b
  loradex edit neon_knight                       what is known, and who says so
  loradex edit neon_knight strength=0.6..0.9     the range in which it works
  loradex edit neon_knight strength=0.75 clip_strength=0.5
  loradex edit -q 'kind:checkpoint base:sdxl' sampler="DPM++ 2M Karras" steps=28 size=832x1216
  loradex edit neon_knight steps=                take one back
  loradex edit neon_knight --clear               take all back

Keys: strength (one, or a range), clip_strength, clip_skip, sampler, schedule, steps,
guidance_scale, size, negative_prompt. `loradex copy` and grids take the strength from here.
Notes, ratings and favourites have commands of their own. REF is {REF_HELP}.""",
)
@click.argument("words", nargs=-1, metavar="[REF]... [KEY=VALUE]...")
@click.option("--clear", is_flag=True, help="Take everything back, or what is named without `=`.")
@query_option
@dry_run_option
@click.option("--json", "as_json", is_flag=True, help="Print what is known as JSON.")
@pass_context
def edit_command(
    context: Context,
    words: tuple[str, ...],
    clear: bool,
    query: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Set how models are best used."""
    from loradex.operations.preferring import (  # noqa: PLC0415
        EXAMPLE,
        KEYS,
        cleared,
        prefer,
        read_changes,
    )

    settings = [word for word in words if "=" in word]
    named = [word for word in words if clear and word in KEYS]
    references = tuple(word for word in words if "=" not in word and word not in named)
    if not references and query is None:
        raise UsageError("Which models?", hint="Name them, or give a query with -q.")
    if references and query is not None:
        raise UsageError(
            f"{references[0]!r} sets nothing, and models are chosen by the query.", hint=EXAMPLE
        )
    changes = {**(cleared(named) if clear else {}), **read_changes(settings)}
    with context.catalog() as catalog:
        ids = selected(catalog, references, query)
        if not changes:
            _show(catalog, ids, as_json)
            return
        if not dry_run:
            prefer(catalog, ids, changes)
        alone = clear and not named and not settings
        what = "all taken back" if alone else ", ".join(_told(changes))
        say_changed(catalog, ids, f"set {display_text(what)}", dry_run)


def _told(changes: Mapping[str, float | int | str | None]) -> Iterator[str]:
    """Yield each change in words; both ends of a range are one."""
    low, high = changes.get("strength_min"), changes.get("strength_max")
    for name, value in changes.items():
        if name == "strength_max" and low is not None:
            continue
        if name == "strength_min" and None not in (low, high):
            yield f"strength {low:g} to {high:g}"
        else:
            yield f"{name} taken back" if value is None else f"{name} {value}"


def _show(catalog: Catalog, ids: list[int], as_json: bool) -> None:
    known = catalog.preferences.known(ids)
    if as_json:
        from loradex.cli.model_json import preferences_json  # noqa: PLC0415

        print_json_list(
            {
                "id": row.id,
                "name": row.name,
                "preferences": preferences_json(known[row.id]) if row.id in known else {},
            }
            for row in catalog.rows(ids)
        )
        return
    for row in catalog.rows(ids):
        click.echo(display_text(row.name))
        lines = list(preference_lines(known[row.id])) if row.id in known else []
        for title, text in lines:
            click.echo(f"  {click.style(f'{title:<14}', dim=True)} {display_text(text)}")
        if not lines:
            click.echo("  nothing is known: loradex edit REF strength=0.8", err=True)
