"""The whole loop on a sample library: make, scan, match, tag, draw, and say where everything is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.library import make_library
from loradex.demo.sample_world import world_of
from loradex.demo.studio import PROMPTS, SIZE, Studio, make_studio
from loradex.domain.grid import RenderSettings
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import LibraryError
from loradex.hub.client import CivitaiHub
from loradex.operations import annotate
from loradex.operations.grid_request import usual_request
from loradex.operations.grids import GridResult, draw_grid
from loradex.operations.hash_pass import HashReport, hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.matching import MatchReport, match
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport
from loradex.paths import Home
from loradex.settings import Settings

MARKER = ".made-by-loradex-demo"
LIBRARY = "demo"
STEPS = 8
STRENGTHS = (0.0, 0.5, 1.0)
SEEDS = (1, 2)


@dataclass(frozen=True, slots=True)
class Tour:
    """What the demo did, and where. `grid` is None where the render extra is not installed."""

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
    example: int
    """A model worth looking at."""


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
    sink: ProgressSink,
    cancel: CancelToken,
    say: Callable[[str], None],
) -> Tour:
    """Run the loop in `folder`, telling each step through `say`. A second run reuses the first."""
    home, models = Home(folder / "home"), folder / "models"
    say("1/5  Making a sample library: real names and shapes, sparse bodies …")
    known = [*make_library(models).models]
    studio = make_studio(models)
    known += studio.known if studio else ()
    with Catalog.open(home) as catalog:
        if not catalog.files.libraries():
            add_library(catalog, models, name=LIBRARY)
        say("2/5  Scanning: reading headers, identifying, then hashing …")
        libraries = catalog.files.libraries()
        scanned = scan(catalog, libraries, workers=settings.workers, sink=sink, cancel=cancel)
        hashed = hash_pass(catalog, sink=sink, cancel=cancel)
        say("3/5  Matching by hash with a small hub on this machine …")
        with LocalHub(world_of(catalog, known)) as local:
            here = replace(settings, hub_url=local.url, hub_token=None)
            with CivitaiHub.from_settings(here, cancel=cancel) as hub:
                matched = match(catalog, hub, sink=sink, cancel=cancel)
        say("4/5  Writing a tag, a rating and a note …")
        example = _annotate(catalog, studio)
        if studio:
            say("5/5  Drawing a grid: 2 LoRAs × 3 strengths × 2 prompts × 2 seeds …")
        grid = _draw(catalog, studio, sink, cancel) if studio else None
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
        example=example,
    )


def _annotate(catalog: Catalog, studio: Studio | None) -> int:
    """Write what a person would about one LoRA, and return it."""
    if studio:
        id_ = catalog.resolve(str(studio.loras[0]))
    else:
        id_ = catalog.ids("kind:lora is:matched sort:size-")[0]
    annotate.tag(catalog, [id_], add=["keeper"])
    annotate.rate(catalog, [id_], 4)
    annotate.note(catalog, id_, "Best between 0.6 and 0.9.")
    return id_


def _draw(catalog: Catalog, studio: Studio, sink: ProgressSink, cancel: CancelToken) -> GridResult:
    request = usual_request(
        [catalog.resolve(str(path)) for path in studio.loras],
        catalog.resolve(str(studio.checkpoint)),
        prompts=PROMPTS,
        strengths=STRENGTHS,
        seeds=SEEDS,
        settings=RenderSettings(width=SIZE, height=SIZE, num_inference_steps=STEPS),
        title="What two LoRAs do",
    )
    return draw_grid(catalog, request, sink=sink, cancel=cancel)
