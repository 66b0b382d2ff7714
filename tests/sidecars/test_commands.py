"""`loradex sidecar …` as a person and a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.kit import HOSTILE, Run
from files_kit import lora


@pytest.fixture
def models(run: Run, tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for number, name in enumerate(("ink", "rain")):
        lora(root / f"{name}.safetensors", seed=number)
    card = {"activation text": "inkk", "notes": HOSTILE, "preferred weight": 0.5}
    (root / "ink.json").write_text(json.dumps(card), "utf-8")
    (root / "rain.metadata.json").write_text('{"sha256": "%s"}' % ("ab" * 32), "utf-8")
    assert run("library", "add", str(root)).code == 0
    assert run("scan").code == 0
    return root


@pytest.mark.usefixtures("models")
def test_import_tells_what_it_did(run: Run) -> None:
    ended = run("sidecar", "import")
    assert ended.code == 0
    first, second = ended.out.splitlines()
    assert first == (
        "2 sidecars read (1 a1111, 1 lora-manager): 1 model told of."
        " Of other bytes, and not believed: 1."
    )
    assert second == "1 note of yours in those tools can become your own here: add --mine."
    assert "rain.metadata.json: It speaks of other bytes than the file has" in ended.err
    again = run("sidecar", "import", "--mine")
    assert again.out == "0 sidecars read. 2 had not changed.\n1 note became your own.\n"
    assert run("sidecar", "import").out == "0 sidecars read. 2 had not changed.\n"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("options", [[], ["--diff"], ["--mine"], ["--diff", "--json"]])
def test_no_sidecar_owns_the_terminal(run: Run, options: list[str]) -> None:
    ended = run("sidecar", "import", *options)
    for text in (ended.out, ended.err, run("show", "ink", "--why").out):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.usefixtures("models")
def test_json_has_the_documented_keys(run: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    section = page.partition("## `loradex sidecar import --json`")[2].partition("\n## ")[0]
    told = set(section.replace("`", " ").replace("(", " ").replace(")", " ").split())
    diff = [
        json.loads(line) for line in run("sidecar", "import", "--diff", "--json").out.splitlines()
    ]
    report = json.loads(run("sidecar", "import", "--json").out)
    export = json.loads(run("sidecar", "export", "--for", "a1111", "-q", "", "-n", "--json").out)
    run("sidecar", "export", "--for", "a1111", "rain")
    listed = json.loads(run("sidecar", "undo", "--list", "--json").out)
    undone = json.loads(run("sidecar", "undo", "--json").out)
    tools = json.loads(run("sidecar", "tools", "--json").out)
    file = export["files"][0]
    for document in (
        *diff, diff[0]["fields"][0], report, export, file, file["changes"][0], *listed, undone,
        tools[0],
    ):  # fmt: skip
        assert set(document) - told == set()


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "--for", "a1111"], "Nothing says which models"),
        (["export", "--for", "nobody", "ink"], "There is no tool 'nobody'."),
        (["export", "--for", "rgthree", "ink"], "rgthree is only read."),
        (["export", "ink"], "Missing option '--for'"),
        (["import", "--from", "nobody"], "There is no dialect 'nobody'."),
        (["import", "--diff", "--mine"], "--diff only shows."),
        (["import", "nobody"], "names no model"),
        (["undo", "3", "--list"], "--list shows all exports"),
        (["undo", "3"], "There is no export 3."),
    ],
)
def test_wrong_use_is_told(run: Run, arguments: list[str], said: str) -> None:
    ended = run("sidecar", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_without_sidecars_there_is_nothing_to_do(run: Run, tmp_path: Path) -> None:
    lora(tmp_path / "models" / "ink.safetensors")
    run("library", "add", str(tmp_path / "models"))
    run("scan")
    ended = run("sidecar", "import")
    assert ended.out == "No files of other tools lie beside these models.\n"
    ended = run("sidecar", "undo")
    assert (ended.code, ended.err[:45]) == (1, "Error: No export of sidecars is there to be t")


def test_export_shows_conflicts_and_undo_takes_it_back(run: Run, models: Path) -> None:
    before = {path.name: path.read_bytes() for path in models.iterdir()}
    assert run("note", "ink", "in loradex").code == 0
    ended = run("sidecar", "export", "--for", "forge", "ink")
    assert ended.code == 0
    assert "≠ notes " in ended.out
    assert "1 key stayed as somebody set them there" in ended.out
    assert "`loradex sidecar undo 1` takes it back." in ended.out
    assert json.loads((models / "ink.json").read_text("utf-8"))["notes"] == HOSTILE
    ended = run("sidecar", "export", "--for", "lora-manager", "-q", "")
    assert ended.code == 3  # one is about other bytes
    assert "1 file written (1 lora-manager); 1 file left alone." in ended.out
    assert run("sidecar", "undo").out == "Export 2: 0 files brought back, 1 removed.\n"
    assert run("sidecar", "undo").out == "Export 1: 1 file brought back, 0 removed.\n"
    assert {path.name: path.read_bytes() for path in models.iterdir()} == before
