"""One model of a hub, as a person reads it and as JSON."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import click

from loradex.cli.columns import Column, print_table, terminal_width
from loradex.cli.hub_json import (
    file_facts,
    image_facts,
    model_facts,
    model_ref,
    version_facts,
    version_ref,
)
from loradex.cli.hub_search_text import kind_text
from loradex.cli.output import is_terminal
from loradex.cli.words import count_text, date_text, size_text
from loradex.domain.content_level import ContentLimit, level_label
from loradex.domain.hub import HubFile
from loradex.domain.text import display_text, trained_words
from loradex.operations.hub_browse import HubDetails, VersionDetails

_TITLE = 14
SHOWN_LINES = 12
"""Lines of a description that are shown unless all of it is asked for."""
_MODES = {
    "Archived": "archived: the hub gives it to nobody",
    "TakenDown": "taken down: the hub gives it to nobody",
}

Line = tuple[str, str]


def show_model(details: HubDetails, *, everything: bool) -> None:
    """Print the model: what it is, whose, its licence, its description."""
    model = details.model
    click.echo(click.style(display_text(model.name), bold=True))
    _print(_about(details))
    _print_text(details.description, everything)


def show_versions(details: HubDetails) -> None:
    """Print the versions, one a line."""
    click.echo()
    print_table(
        [
            Column("Get it with"),
            Column("Have"),
            Column("Version", shrink=True),
            Column("Base", shrink=True),
            Column("Out"),
            Column("Size", right=True),
            Column("Notes", shrink=True, drop=True),
        ],
        [_version_cells(details, each) for each in details.versions],
    )


def show_version(details: HubDetails, each: VersionDetails, *, everything: bool) -> None:
    """Print one version with all its words."""
    version = each.version
    click.echo(f"\n{click.style(display_text(f'Version {version.name}'), bold=True)}")
    lines = [
        ("Get it with", f"loradex hub get {version_ref(details.hub, version)}"),
        ("For", version.base_model),
        ("Out", (version.published_at or "nobody says when").replace("T", " ")),
        ("Trigger words", " | ".join(trained_words(version.trained_words))),
        ("Rated", level_label(version.content_level)),
        ("Note", _note(each)),
        ("AIR", version.air or ""),
        ("You have it", f"loradex show {each.owned}" if each.owned is not None else ""),
    ]
    _print((title, text) for title, text in lines if text)
    _print_text(each.description, everything)


def show_files(versions: Sequence[VersionDetails]) -> None:
    """Print the files of these versions, one a line."""
    click.echo()
    print_table(
        [
            Column("File"),
            Column("Name", shrink=True),
            Column("Type", drop=True),
            Column("Size", right=True),
            Column("Made of", shrink=True),
            Column("Scans"),
            Column("SHA256", shrink=True, drop=True),
        ],
        [_file_cells(file) for each in versions for file in each.version.files],
    )


def show_images(details: HubDetails, versions: Sequence[VersionDetails]) -> None:
    """Print the pictures of these versions, one a line."""
    click.echo()
    print_table(
        [
            Column("Version", shrink=True),
            Column("Rated"),
            Column("Kind"),
            Column("Pixels"),
            Column("Address", shrink=True),
        ],
        [
            (
                each.version.name,
                level_label(image.content_level),
                image.type,
                f"{image.width}x{image.height}" if image.width and image.height else "?",
                image.url,
            )
            for each in versions
            for image in each.images
        ],
    )


def explain(details: HubDetails, limit: ContentLimit) -> None:
    """Say on stderr what is not shown, and that the hub was not asked."""
    if details.gone_at is not None:
        click.echo("The hub has it no longer: this is what it told before.", err=True)
    elif details.kept:
        click.echo("The hub was not asked: this is what it told before.", err=True)
    if details.hidden_images:
        click.echo(
            f"{count_text(details.hidden_images, 'picture')} hidden: more mature than"
            f" `{limit.value}`. --content-limit shows more.",
            err=True,
        )


def details_json(details: HubDetails) -> dict[str, object]:
    """Return all that the hub tells."""
    return {
        **model_facts(details.hub, details.model, details.page_url),
        "description": details.description,
        "licence": list(details.licence),
        "named_version": None if details.named is None else details.named.id,
        "kept": details.kept,
        "gone_at": details.gone_at,
        "hidden_images": details.hidden_images,
        "versions": [
            {
                **version_facts(details.hub, each.version),
                "owned": each.owned,
                "withheld": each.withheld,
                "description": each.description,
                "files": [file_facts(file) for file in each.version.files],
                "images": [image_facts(image) for image in each.images],
                "hidden_images": each.hidden_images,
            }
            for each in details.versions
        ],
    }


def _about(details: HubDetails) -> Iterator[Line]:
    model = details.model
    by = f" by {model.creator}" if model.creator else ""
    yield "What", f"{kind_text(model.type)}{by}"
    yield "Get it with", f"loradex hub get {model_ref(details.hub, model)}"
    if details.page_url:
        yield "Page", details.page_url
    if model.tags:
        yield "Tags", ", ".join(model.tags)
    yield "Rated", level_label(model.content_level)
    counts = [
        f"{model.downloads:,} downloads" if model.downloads is not None else "",
        f"{model.likes:,} likes" if model.likes is not None else "",
    ]
    if any(counts):
        yield "Liked", ", ".join(filter(None, counts))
    if details.licence:
        yield "Licence", "; ".join(details.licence)
    if model.mode:
        yield "State", _MODES.get(model.mode, model.mode)
    if details.gone_at is not None:
        yield "State", f"gone from the hub since {date_text(details.gone_at)}"


def _version_cells(details: HubDetails, each: VersionDetails) -> tuple[str, ...]:
    version = each.version
    primary = next((file for file in version.files if file.primary), None)
    size = primary.size_bytes if primary else None
    mark = "> " if details.named is not None and details.named.id == version.id else ""
    return (
        mark + version_ref(details.hub, version),
        "" if each.owned is None else "yes",
        version.name,
        version.base_model,
        (version.published_at or "?")[:10],
        "" if size is None else size_text(size),
        _note(each),
    )


def _note(each: VersionDetails) -> str:
    """Return what stands in the way of downloading a version; empty when nothing does."""
    if each.withheld is not None:
        return each.withheld
    return "" if each.version.files else "no files"


def _file_cells(file: HubFile) -> tuple[str, ...]:
    made_of = (file.format, file.size_type, file.precision, file.quantisation)
    name = f"{file.name} (primary)" if file.primary else file.name
    return (
        "" if file.id is None else str(file.id),
        name,
        file.type,
        "?" if file.size_bytes is None else size_text(file.size_bytes),
        " ".join(dict.fromkeys(part for part in made_of if part)),
        _scans(file),
        file.sha256 or "",
    )


def _scans(file: HubFile) -> str:
    """Return the worst that the hub's own scans say."""
    said = {scan.casefold() for scan in (file.pickle_scan, file.virus_scan) if scan is not None}
    if "danger" in said:
        return "DANGER"
    return "ok" if said == {"success"} else "not scanned"


def _print(lines: Iterable[Line]) -> None:
    """Print titles and what they are of, which goes on below itself in a terminal."""
    room = max(terminal_width() - _TITLE - 3, 20) if is_terminal(sys.stdout) else None
    for title, text in lines:
        parts = _wrapped(display_text(text), room)
        for place, part in enumerate(parts):
            shown = click.style(f"{title if place == 0 else '':<{_TITLE}}", dim=True)
            click.echo(f"  {shown} {part}")


def _wrapped(text: str, room: int | None) -> list[str]:
    if room is None:
        return [text]
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False) or [""]


def _print_text(text: str, everything: bool) -> None:
    """Print a text of strangers below an empty line, its beginning unless all is wanted."""
    if not text:
        return
    width = max(terminal_width() - 2, 20)
    lines = [piece for line in text.splitlines() for piece in _wrapped(display_text(line), width)]
    shown = lines if everything else lines[:SHOWN_LINES]
    click.echo()
    for line in shown:
        click.echo(f"  {line}".rstrip())
    if len(lines) > len(shown):
        rest = count_text(len(lines) - len(shown), "more line")
        click.echo(click.style(f"  … {rest}: --versions shows all of it", dim=True))
