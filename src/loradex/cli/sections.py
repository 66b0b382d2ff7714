"""Under which heading each command stands in `loradex --help`."""

from __future__ import annotations

from collections.abc import Mapping

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Begin": ("demo", "library", "scan", "hub"),
    "Find": ("list", "show", "compare", "collection", "field", "used", "recipe", "duplicates"),
    "Describe": (
        "inbox",
        "tag",
        "words",
        "copy",
        "open",
        "edit",
        "note",
        "rate",
        "favourite",
        "verdict",
    ),
    "Draw": ("grid", "grids", "preview", "probe"),
    "Tidy up": ("plan", "apply", "undo", "trash", "arrivals"),
    "Keep safe": ("doctor", "problems", "verify", "backup", "restore"),
    "Exchange": ("sidecar", "export", "import", "diff"),
    "Without a catalog": ("identify", "check", "hash"),
    "loradex itself": ("config", "plugins", "completion"),
}
"""A test holds it to the commands there are."""
