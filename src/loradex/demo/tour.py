"""The whole loop on a sample library: make, scan, match, tag, draw, probe, and say where all is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.library import make_library
from loradex.demo.sample_world import world_of
from loradex.demo.studio import Studio, make_studio
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import LibraryError
from loradex.hub.client import CivitaiHub
from loradex.operations import annotate
from loradex.operations.hash_pass import HashReport, hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.matching import MatchReport, match
from loradex.operations.preferring import prefer, read_changes
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport
from loradex.paths import Home
from loradex.plugin_manager import Plugins
from loradex.settings import Settings

if TYPE_CHECKING:
    from loradex.demo.drawing import DemoVerdict
    from loradex.operations.grids import GridResult

MARKER = ".made-by-loradex-demo"
LIBRARY = "demo"


@dataclass(frozen=True, slots=True)
class Tour:
    """What the demo did, and where.

    Where the render extra is not installed, `grid` is None and there are no verdicts.
    """

    folder: Path
    home: Home
    models: Path
    scanned: ScanReport
    hashed: HashReport
    matched: MatchReport
    broken: int
    """Files in the library that cannot be read, on purpose."""
    known: int
    """Models that the hub knows, after this run and earlier ones."""
    grid: GridResult | None
    verdicts: tuple[DemoVerdict, ...]
    """What is known of the LoRAs that were probed, the one in the grid first."""
    example: int
    """A model worth looking at: the LoRA in the grid."""


def prepare_folder(folder: Path, *, fresh: bool) -> None:
    """Make the demo's folder; refuse one that holds something else.

    `fresh` empties a folder that an earlier demo made. Raises `LibraryError`.
    """
    marker = folder / MARKER
    if folder.exists() and not marker.exists() and any(folder.iterdir()):
        raise LibraryError(
            f"{folder} is not empty, and no demo made it.", hint="Name another with --folder."
        )
    if fresh and marker.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("Made by `loradex demo`; it may be deleted as a whole.\n", encoding="utf-8")


def run_tour(
    folder: Path,
    *,
    settings: Settings,
    plugins: Plugins,
    sink: ProgressSink,
    cancel: CancelToken,
    say: Callable[[str], None],
) -> Tour:
    """Run the loop in `folder`, telling each step through `say`. A second run reuses the first."""
    home, models = Home(folder / "home"), folder / "models"
    say("1/6  Making a sample library: real names and shapes, sparse bodies …")
    known = [*make_library(models).models]
    studio = make_studio(models)
    known += studio.known
    with Catalog.open(home) as catalog:
        if not catalog.files.libraries():
            add_library(catalog, models, name=LIBRARY)
        say("2/6  Scanning: reading headers, identifying, then hashing …")
        libraries = catalog.files.libraries()
        scanned = scan(catalog, libraries, workers=settings.workers, sink=sink, cancel=cancel)
        hashed = hash_pass(catalog, sink=sink, cancel=cancel)
        say("3/6  Matching by hash with a small hub on this machine …")
        with LocalHub(world_of(catalog, known)) as local:
            here = replace(settings, hub_url=local.url, hub_token=None)
            with CivitaiHub.from_settings(here, cancel=cancel) as hub:
                matched = match(catalog, hub, sink=sink, cancel=cancel)
        say("4/6  Writing a tag, a rating, a note, and how a checkpoint is best used …")
        example = _annotate(catalog, studio)
        grid: GridResult | None = None
        verdicts: tuple[DemoVerdict, ...] = ()
        if studio.can_draw:
            grid, verdicts = _draw_and_probe(
                catalog, studio, plugins, sink=sink, cancel=cancel, say=say
            )
        broken, (_, matched_in_all) = len(catalog.files.problems()), catalog.hub.counts()
    return Tour(
        folder=folder,
        home=home,
        models=models,
        scanned=scanned,
        hashed=hashed,
        matched=matched,
        broken=broken,
        known=matched_in_all,
        grid=grid,
        verdicts=verdicts,
        example=example,
    )


def _annotate(catalog: Catalog, studio: Studio) -> int:
    """Write what a person would about one LoRA and its checkpoint; return the LoRA."""
    id_ = catalog.resolve(str(studio.shown.file))
    annotate.tag(catalog, [id_], add=["keeper"])
    annotate.rate(catalog, [id_], 4)
    annotate.note(catalog, id_, "For backgrounds.")
    checkpoint = catalog.resolve(str(studio.zoo.checkpoint))
    prefer(catalog, [checkpoint], read_changes(studio.settings))
    return id_


def _draw_and_probe(
    catalog: Catalog,
    studio: Studio,
    plugins: Plugins,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
    say: Callable[[str], None],
) -> tuple[GridResult, tuple[DemoVerdict, ...]]:
    from loradex.demo.drawing import (  # noqa: PLC0415 - only where the render extra is
        SHOWN_PROMPTS,
        STRENGTHS,
        draw_demo_grid,
        probe_loras,
        write_verdict,
    )

    say(
        f"5/6  Drawing a grid: {len(STRENGTHS)} strengths × without and with its trigger word"
        f" × {SHOWN_PROMPTS} prompts …"
    )
    grid = draw_demo_grid(catalog, studio, sink=sink, cancel=cancel)
    say(f"6/6  Probing {len(studio.probed)} LoRAs: does each do what it says? …")
    verdicts = probe_loras(
        catalog,
        studio,
        plugins,
        sink=sink,
        cancel=cancel,
        told=lambda one: say(f"       {one.name}: {one.headline}"),
    )
    write_verdict(catalog, studio, grid, sink=sink, cancel=cancel)
    return grid, tuple(verdicts)
