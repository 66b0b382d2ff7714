"""What docs/inbox.md shows works: every command on a model that has something to decide."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

from catalog_kit import add_library, look
from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.paths import Home

PAGE = (Path(__file__).parents[2] / "docs" / "inbox.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
RULES = '[settings]\nplugins = false\n[rules.night]\ncaptions = ["night"]'
FACTS = (
    Evidence("kind", "lora", Source.TENSORS),
    Evidence("base", "sdxl", Source.HEADER, 0.9),
    Evidence("base", "flux1", Source.FILE_NAME, 0.5),
)


def test_every_command_shown_can_be_run(home: Home, run: Run) -> None:
    home.tagging.write_text(RULES)
    with Catalog.open(home) as catalog:
        neon = replace(
            look("sdxl/neon.safetensors", 1), facts=FACTS, tag_counts_json='[["night", 40]]'
        )
        catalog.looks.record(add_library(catalog), [neon, look("plain.safetensors", 2)], "1")
    assert len(COMMANDS) > 10
    for command in COMMANDS:
        program, *arguments = shlex.split(command, comments=True)
        assert program == "loradex"
        if arguments[1:] == ["undo"]:
            run("inbox", "accept", "neon")
        ended = run(*arguments)
        assert (ended.code, "proposed." in ended.err) == (0, False), f"{command}: {ended.err}"
        run("inbox", "undo")
