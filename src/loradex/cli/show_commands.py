"""`loradex show`: everything that is known of one model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.model_json import details_json
from loradex.cli.model_words import base_label, kind_label, unknown_base
from loradex.cli.preference_text import preference_lines
from loradex.cli.recipe_json import uses_json
from loradex.cli.recipe_text import uses_words
from loradex.cli.safety_text import in_colour
from loradex.cli.select import REF_HELP
from loradex.cli.verdict_text import verdict_lines
from loradex.cli.words import date_text, level_text, size_text
from loradex.domain.finding import CustomValue
from loradex.domain.header import FileFormat
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails, TriggerWord
from loradex.domain.safety import Safety
from loradex.domain.text import display_lines, display_text
from loradex.domain.verdict_words import word_effect
from loradex.operations.about_model import gone_to_trash
from loradex.operations.verdicts import grid_pages

if TYPE_CHECKING:
    from loradex.operations.tidying.trashed import GoneToTrash

Line = tuple[str, str]


@click.command("show", help=f"Show all that is known of one model.\n\nREF is {REF_HELP}.")
@click.argument("reference", metavar="REF")
@click.option("--why", is_flag=True, help="Say where each fact comes from, and why.")
@click.option("--metadata", is_flag=True, help="Print the file's own metadata as well.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def show_command(
    context: Context, reference: str, why: bool, metadata: bool, as_json: bool
) -> None:
    """Show all that is known of one model."""
    with context.catalog() as catalog:
        details = catalog.details(catalog.resolve(reference))
        uses = catalog.recipes.uses(details.row.id)
        custom = catalog.fields.values([details.row.id]).get(details.row.id, {})
        picked = catalog.collections.holding(details.row.id)
        pages = grid_pages(catalog, details.verdicts)
        trash = gone_to_trash(catalog, details)
    if as_json:
        own = {"custom": custom, "collections": picked}
        print_json({**details_json(details), "used": uses_json(uses), **own})
        return
    row = details.row
    marks = ("♥" if row.favourite else "", "★" * (row.rating or 0))
    name = click.style(display_text(row.name), bold=True)
    click.echo(" ".join([name, *filter(None, marks)]))
    _print(
        [("Number", str(row.id)), ("What", _what(details)), *_numbers(details), *_labels(details)]
    )
    _print(verdict_lines(details.verdicts, pages))
    if uses is not None:
        _print([("Used", uses_words(uses))])
    _print(_own(custom, picked))
    _print_safety(details)
    _print(_places(details, trash))
    _print(_digests(details))
    if details.note:
        click.echo(f"\n{display_lines(details.note)}")
    if why:
        _print_evidence(details)
    if metadata:
        click.echo()
        _print([(key, value) for key, value in sorted(details.metadata.items())])


def _own(custom: Mapping[str, CustomValue], picked: Sequence[str]) -> Iterator[Line]:
    """Yield the fields that a person added, and the collections they picked it into."""
    for name, value in custom.items():
        yes_or_no = ("no", "yes")[value] if isinstance(value, bool) else None
        yield name.capitalize(), yes_or_no or str(value)
    if picked:
        yield "Collections", ", ".join(picked)


def _what(details: ModelDetails) -> str:
    row = details.row
    parts = [
        kind_label(row.kind),
        f"for {base_label(row.base)}" if row.base else "",
        f"({row.derivative})" if row.derivative else "",
        details.variant or "",
    ]
    text = " ".join(part for part in parts if part)
    return text if row.base else f"{text}; {unknown_base(details.candidates)}"


def _numbers(details: ModelDetails) -> Iterator[Line]:
    facts = [
        details.algorithm,
        f"rank {details.rank}" if details.rank else None,
        details.dtype,
        details.quantisation,
        details.prediction,
        details.format,
        size_text(details.row.size),
    ]
    yield "Made of", " · ".join(fact for fact in facts if fact)


def _labels(details: ModelDetails) -> Iterator[Line]:
    if details.trigger_words:
        yield "Trigger words", " | ".join(_word(word) for word in details.trigger_words)
    elif details.tag_counts:
        counted = (f"{tag} ({count})" for tag, count in details.tag_counts[:8])
        yield "Trained on", ", ".join(counted)
    for place, tag in enumerate(details.tags):
        yield "" if place else "Tags", f"{tag.name} — {tag.origin}"
    yield from preference_lines(details.preferences)
    match = details.match
    if match is not None:
        by = f" by {match.creator}" if match.creator else ""
        yield "Hub", f"{match.model_name} · {match.version_name}{by} ({match.base_model})"
        yield "Rated", level_text(match.content_level)
        if match.gone_at is not None:
            yield "", f"deleted on the hub since {date_text(match.gone_at)}; what it said is kept"
        yield "Known by", f"{match.matched_by} on {match.hub}, {date_text(match.fetched_at)}"
    if details.grids:
        yield "Grids", ", ".join(str(grid) for grid in details.grids)


def _word(word: TriggerWord) -> str:
    """Return a word, with what was measured of it."""
    return word.text if word.effect is None else f"{word.text} ({word_effect(word.effect)})"


def _print_safety(details: ModelDetails) -> None:
    """Print the verdict and what it rests on, unless the model is known to be safe."""
    word = details.row.safety
    if word is None or word == Safety.SAFE or word not in set(Safety):
        return
    verdict = Safety(word)
    title = click.style(f"{'Safety':<14}", dim=True)
    click.echo(f"  {title} {in_colour(verdict)}")
    _print([("", finding) for finding in details.findings])


def _places(details: ModelDetails, trash: Mapping[int, GoneToTrash]) -> Iterator[Line]:
    if not details.files:
        yield "Files", "in no library at present"
    for place, file in enumerate(details.files):
        state = "" if file.state == "present" else f" [{file.state}]"
        problem = f" {file.problem}" if file.problem else ""
        yield "Files" if place == 0 else "", f"{file.path}{state}{problem}"
        if (gone := trash.get(file.id)) is not None:
            yield "", _in_trash(gone)


def _in_trash(gone: GoneToTrash) -> str:
    if not gone.there:
        return f"Plan {gone.plan_id} put it into the trash, and it is there no longer."
    return f"Plan {gone.plan_id} put it into the trash. Bring it back: loradex undo {gone.plan_id}"


def _digests(details: ModelDetails) -> Iterator[Line]:
    hashes = details.hashes
    if hashes is None:
        yield "Hashes", _why_none(details)
        return
    yield "SHA256", hashes.sha256
    short = (("AutoV1", hashes.autov1), ("AutoV2", hashes.autov2), ("AutoV3", hashes.autov3))
    yield "Short", "  ".join(f"{name} {value}" for name, value in short if value)
    yield "BLAKE3", hashes.blake3
    yield "CRC32", hashes.crc32


def _why_none(details: ModelDetails) -> str:
    if details.format == FileFormat.DIFFUSERS:
        return "none: it is a folder"
    if any(file.state == FileState.PRESENT for file in details.files):
        return "not read yet: loradex scan"
    if any(file.problem for file in details.files):
        return "none: the file is damaged or cannot be read"
    return "not read before the file was gone"


def _print(lines: Iterator[Line] | list[Line]) -> None:
    for title, text in lines:
        click.echo(f"  {click.style(f'{display_text(title):<14}', dim=True)} {display_text(text)}")


def _print_evidence(details: ModelDetails) -> None:
    click.echo("\n  Why")
    seen: set[str] = set()
    for fact in details.evidence:
        mark = "✓" if fact.field not in seen and fact.value else "·"
        seen.add(fact.field)
        sure = "" if fact.confidence >= 1.0 else f" ({fact.confidence:.0%} sure)"
        reason = f": {fact.detail}" if fact.detail else ""
        value = fact.value or "cannot be told"
        click.echo(
            f"  {mark} {fact.field:<14} {display_text(value)} — {fact.source.value}{sure}"
            f"{display_text(reason)}"
        )
