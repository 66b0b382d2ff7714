"""How long tagging a whole library by rules takes, and changing the vocabulary after it.

Usage: python bench/tagging.py [--models N]

Prints seconds of wall-clock and CPU time for a look (a dry run), writing it, a look that finds
nothing to change, tagging all by hand, merging a tag that is on a tenth of all models, and giving
a tag a parent. Models have hub tags, 50 captions each, training folders and words in their names.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.library import Layout
from loradex.domain.look import Look
from loradex.domain.scanning import Found
from loradex.operations import annotate
from loradex.operations.tagging.planning import apply_plan, plan_tags
from loradex.operations.tagging.rule_file import default_rules
from loradex.paths import Home
from loradex.plugin_manager import load_plugins

WORDS = (
    "neon",
    "anime",
    "knight",
    "style",
    "watercolor",
    "bg",
    "slider",
    "kimono",
    "vesper",
    "pixel",
)
PORTION = 1_000


def fill(catalog: Catalog, count: int) -> None:
    """Make a catalog of `count` LoRAs, the same ones every time."""
    chance = random.Random(7)  # noqa: S311 - numbers that are the same every time
    catalog.files.add_library("main", b"/models", Layout.PLAIN, device=1)
    for start in range(0, count, PORTION):
        looks = [_look(n, chance) for n in range(start, min(start + PORTION, count))]
        catalog.looks.record(1, looks, "1")
        ids = range(start + 1, start + len(looks) + 1)
        for tag in ("anime", "woman", "clothing", "night"):
            some = [id_ for id_ in ids if chance.random() < 0.4]
            catalog.person.add_tags(some, [tag], Source.HUB)


def _look(number: int, chance: random.Random) -> Look:
    name = "_".join(chance.sample(WORDS, 2))
    captions = [(f"caption {chance.randrange(5_000)}", 60 - place) for place in range(50)]
    folders = {f"10_ohwx {chance.choice(('woman', 'style', 'dog'))}": {"img_count": 20}}
    table = {"10_x": dict(captions)}
    return Look(
        Found(f"loras/{name}_{number}.safetensors".encode(), 1_000 + number, number, 1, number),
        fingerprint=f"{number:032x}",
        facts=(Evidence("kind", "lora", Source.TENSORS), Evidence("base", "sdxl", Source.TENSORS)),
        tag_counts_json=json.dumps(captions),
        metadata_json=json.dumps(
            {"ss_dataset_dirs": json.dumps(folders), "ss_tag_frequency": json.dumps(table)}
        ),
    )


def told(what: str, work: Callable[[], object]) -> object:
    """Do the work and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:<42} {wall:6.2f} s  (CPU {cpu:.2f} s)")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with Catalog.open(home) as catalog:
            fill(catalog, options.models)
            ids, plugins = catalog.ids(""), load_plugins(home)

            def look() -> None:
                plans.append(plan_tags(catalog, plugins, ids, default_rules()))

            plans: list[Any] = []
            told(f"look at {len(ids):,} models", look)
            print(f"  {len(plans[0].added):,} tags on {len(plans[0].changes):,} models")
            told("write it", lambda: apply_plan(catalog, plans[0]))
            told("look again, nothing to change", look)
            print(f"  {len(plans[1].changes):,} changes")
            told("tag all by hand", lambda: annotate.tag(catalog, ids, add=["mine"]))
            merged = catalog.tags.meaning("watercolor")
            told("merge a tag", lambda: catalog.tags.merge(merged[0], "painting"))
            told("give a tag a parent", lambda: catalog.tags.add_parents([("anime", "looks")]))


if __name__ == "__main__":
    main()
