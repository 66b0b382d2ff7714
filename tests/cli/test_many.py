"""Thousands of models: what must not be done once for each of them."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.cli.jsontext import print_json_list
from loradex.operations.tagging.arriving import propose
from loradex.paths import Home
from loradex.plugin_manager import load_plugins

PLUGIN = """
from loradex.plugin_api import TagProposal, hookimpl
LORADEX_API = "1.0"

@hookimpl
def propose_tags(model):
    yield TagProposal(f"in {model.folder or 'nothing'}", 0.9, "its folder")
    for caption, count in model.tag_counts:
        yield TagProposal(f"{caption} {count}", 0.9, "its captions")
"""


class Output(io.StringIO):
    """Counts what a real output would be flushed for."""

    writes = 0

    def flush(self) -> None:
        self.writes += 1


def filled(catalog: Catalog, count: int) -> None:
    library = add_library(catalog)
    catalog.looks.record(
        library,
        [
            replace(
                look(f"a/b/{n}.safetensors", n),
                tag_counts_json=json.dumps([("glow", n), ("city", 1)]),
            )
            for n in range(1, count)
        ]
        + [look("top.safetensors", count)],
        "1",
    )


def test_taggers_hear_folder_and_captions(home: Home) -> None:
    home.plugins.mkdir()
    (home.plugins / "captions.py").write_text(PLUGIN)
    with Catalog.open(home) as catalog:
        filled(catalog, 3)
        catalog.person.remove_tags([2], ["City 1"])
        proposals = propose(catalog, load_plugins(home, ["filename_tags"]), [1, 2, 3])
    assert [(p.content_id, p.tag) for p in proposals] == [
        (1, "in a/b"), (1, "glow 1"), (1, "city 1"), (2, "in a/b"), (2, "glow 2"),
        (3, "in nothing"),
    ]  # fmt: skip


def test_taggers_are_asked_without_a_statement_a_model(home: Home) -> None:
    said: list[str] = []
    with Catalog.open(home) as catalog:
        filled(catalog, 900)
        ids = catalog.ids("")
        with catalog._reader.connection() as connection:
            connection.set_trace_callback(said.append)
        propose(catalog, load_plugins(home), ids)
    assert len(ids) == 900
    assert 0 < len(said) < 20


def test_a_list_is_written_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output()
    monkeypatch.setattr(sys, "stdout", output)
    items = [{"name": f"日本 {n} é\u202e\x85\u200b\udcff\U000e0041"} for n in range(1234)]
    print_json_list(items)
    text = output.getvalue()
    assert json.loads(text) == items
    assert output.writes < 10
    assert len(text.splitlines()) == 1236, "an item a line"
    assert text.splitlines()[1] == (r'{"name": "日本 0 é\u202e\u0085\u200b\udcff\udb40\udc41"},')
