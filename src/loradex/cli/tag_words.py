"""What commands that change many models at once say about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from loradex.cli.words import count_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

SHOWN = 10


def say_changed(catalog: Catalog, ids: Sequence[int], what: str, dry_run: bool) -> None:
    """Print what was done to how many models; for a dry run also to which, the first ten."""
    click.echo(f"{'Would be ' if dry_run else ''}{what}: {count_text(len(ids), 'model')}.")
    if dry_run:
        name_models(catalog, ids)


def name_models(catalog: Catalog, ids: Sequence[int]) -> None:
    """Print the first ten of these models, and how many more there are."""
    for row in catalog.rows(ids[:SHOWN]):
        click.echo(f"  {row.id} {display_text(row.name)}")
    if len(ids) > SHOWN:
        click.echo(f"  … and {len(ids) - SHOWN:,} more")
