"""Pick models by reference or by query, the same way in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

REF_HELP = (
    "a number from `loradex list`, a path, a hash or its beginning (6 digits or more), a hub page,"
    " or a name"
)

query_option = click.option(
    "-q", "--query", metavar="QUERY", help="Do it to everything this query finds."
)
dry_run_option = click.option(
    "-n", "--dry-run", is_flag=True, help="Only say what would be changed."
)


def selected(catalog: Catalog, references: tuple[str, ...], query: str | None) -> list[int]:
    """Return the ids that references or a query name; raise `UsageError` when that is nothing."""
    if query is not None:
        ids = catalog.ids(query)
        if not ids:
            raise UsageError(
                f"The query {query!r} finds nothing.", hint="Try it with `loradex list` first."
            )
        return ids
    return [catalog.resolve(reference) for reference in references]
