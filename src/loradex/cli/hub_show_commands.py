"""`loradex hub show`: all that a hub tells of one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, pass_context, stoppable
from loradex.cli.hub_options import asked_hubs, hub_settings, limit_option, offline_option
from loradex.cli.jsontext import print_json
from loradex.cli.progress import shown_progress
from loradex.errors import HubOffline, LoradexError

if TYPE_CHECKING:
    from loradex.domain.progress import CancelToken
    from loradex.operations.hub_browse import HubDetails, VersionDetails
    from loradex.settings import Settings

_HELP = """Show what a hub tells of a model: versions, files, licence, description.

\b
REF is the address of a page, an AIR, model:ID or version:ID as
`loradex hub search` prints it, hf:OWNER/NAME, or any REF of a model
that you own and that is matched:
  loradex hub show model:900101
  loradex hub show version:910102 --files
  loradex hub show https://civitai.com/models/900101 --versions
  loradex hub show neon_knight

Pictures above your content limit are counted, not shown.
"""


@click.command("show", help=_HELP)
@click.argument("reference", metavar="REF")
@click.option("--versions", is_flag=True, help="Every version with all its words.")
@click.option("--files", is_flag=True, help="The files, with sizes, scans and hashes.")
@click.option("--images", is_flag=True, help="The pictures, with their addresses.")
@click.option(
    "--save-preview",
    "preview",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a small picture of it to a new FILE, as JPEG or WebP.",
)
@limit_option
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all of it.")
@pass_context
def show_command(
    context: Context,
    reference: str,
    versions: bool,
    files: bool,
    images: bool,
    preview: Path | None,
    content_limit: str | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Show what a hub tells of a model."""
    from loradex.cli.hub_show_text import (  # noqa: PLC0415
        details_json,
        explain,
        show_files,
        show_images,
        show_model,
        show_version,
        show_versions,
    )
    from loradex.operations.hub_browse import details  # noqa: PLC0415

    settings = hub_settings(context, offline=offline, content_limit=content_limit)
    with stoppable() as cancel:
        with (
            context.catalog() as catalog,
            shown_progress("auto", cancel) as sink,
            asked_hubs(context, settings, sink, cancel) as hubs,
        ):
            found = details(catalog, hubs, reference, limit=settings.content_limit)
        chosen = _chosen(found)
        if preview is not None:
            _save_preview(context, settings, chosen, preview, cancel)
    if as_json:
        print_json(details_json(found))
        return
    show_model(found, everything=versions)
    show_versions(found)
    for each in chosen if versions or found.named is not None else ():
        show_version(found, each, everything=versions)
    if files:
        show_files(chosen)
    if images:
        show_images(found, chosen)
    explain(found, settings.content_limit)


def _chosen(found: HubDetails) -> list[VersionDetails]:
    """Return the version that was named, all of them when none was."""
    named = found.named
    return [each for each in found.versions if named is None or each.version.id == named.id]


def _save_preview(
    context: Context,
    settings: Settings,
    versions: list[VersionDetails],
    target: Path,
    cancel: CancelToken,
) -> None:
    from loradex.operations.previews import (  # noqa: PLC0415
        first_shown,
        open_fetcher,
        preview_path,
    )

    limit = settings.content_limit
    image = first_shown((image for each in versions for image in each.images), limit)
    if image is None:
        raise LoradexError(
            "There is no picture of it that may be shown.",
            hint="See what there is with --images; --content-limit shows more.",
        )
    fetcher = open_fetcher(settings)
    path = preview_path(context.home, fetcher, image, limit=limit, cancel=cancel)
    if fetcher is None and path is None:
        raise HubOffline(
            "Its picture was not fetched before, and offline nobody is asked.",
            hint="Run it again without --offline.",
        )
    if fetcher is not None:
        fetcher.close()
    if path is None:
        raise LoradexError(
            "Its picture could not be had: whoever keeps it does not give it, or not now.",
            hint="--images shows where it is; one that failed is not asked for again at once.",
        )
    with target.open("xb") as file:
        file.write(path.read_bytes())
