"""The process behind `Forecaster`: reads a request a line, answers each with a line of JSON.

It imports torch, which an interface must not; and it ends when nobody asks any more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.errors import LoradexError
from loradex.operations.grid_toml import read_toml
from loradex.operations.grids import preview_grid
from loradex.paths import Home


def forecast(catalog: Catalog, described: str) -> dict[str, object]:
    """Return what a request, described in TOML, would draw; or why it cannot be."""
    from loradex.render.devices import devices_for  # noqa: PLC0415 - torch is behind this

    try:
        preview = preview_grid(catalog, read_toml(described), hashing=False)
        devices = devices_for(preview.plan.spec.settings)
    except LoradexError as error:
        return {"error": error.message, "hint": error.hint}
    return {
        "pictures": preview.pictures,
        "exist": preview.finished,
        "seconds": preview.seconds,
        "memory_bytes": preview.memory_bytes,
        "downloads": [[one.words, one.size] for one in preview.downloads],
        "devices": devices,
    }


def main() -> None:
    """Answer until standard input ends."""
    home = Home(Path(sys.argv[1]))
    answers = sys.stdout
    # What libraries print is no answer.
    sys.stdout = sys.stderr
    with Catalog.open(home) as catalog:
        for line in sys.stdin:
            answers.write(json.dumps(forecast(catalog, json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
