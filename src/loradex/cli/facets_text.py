"""`loradex list --facets`: how many of what a query finds have each value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.jsontext import print_json
from loradex.cli.words import count_text


def print_facets(
    facets: Mapping[str, Sequence[tuple[str, int]]], total: int, as_json: bool
) -> None:
    """Print counts, most frequent first; what is not known is `unknown`."""
    if as_json:
        print_json(
            {
                "total": total,
                **{
                    field: [{"value": value or "unknown", "models": n} for value, n in counts]
                    for field, counts in facets.items()
                },
            }
        )
        return
    print_table(
        [Column("Field"), Column("Value", shrink=True), Column("Models", right=True)],
        [
            (field, value or "unknown", str(n))
            for field, counts in facets.items()
            for value, n in counts
        ],
    )
    click.echo(f"{count_text(total, 'model')} in all.", err=True)
