"""`doctor`, `backup`, `restore`, `export`, `import` and `diff` as people and scripts see them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog_kit import look
from cli.kit import HOSTILE, Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations import annotate
from loradex.operations.doctor.subject import Subject
from loradex.operations.doctor.table import chosen, examine
from loradex.operations.libraries import add_library
from loradex.paths import Home
from moves_kit import add, rescan

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")


def documented(keys: object) -> set[str]:
    """Return the keys of an object that docs/json.md does not name."""
    assert isinstance(keys, dict)
    return {key for key in keys if key not in DOCUMENTED}


@pytest.fixture
def library(home: Home, tmp_path: Path) -> Path:
    root = tmp_path / "models"
    lora(root / "neon.safetensors", seed=1)
    with Catalog.open(home) as catalog:
        add(catalog, root)
        annotate.tag(catalog, [1], add=["mine"])
        annotate.note(catalog, 1, "a note")
    return root


def test_doctor_says_what_is_wrong_and_leaves_with_3(run: Run, library: Path, home: Home) -> None:
    (library / "gone.civitai.info").write_text("{}")
    (library / f"{HOSTILE.replace('/', '_')}.civitai.info").write_text("{}")
    ended = run("doctor")
    assert ended.code == 3
    assert "gone.civitai.info" in ended.out
    assert "--fix sidecars" in ended.out
    assert "\x1b]" not in ended.out
    assert "\u202e" not in ended.out
    quiet = run("doctor", "-q")
    assert quiet.out.splitlines() == [
        "fault: Sidecars and previews without a model (2): loradex doctor sidecars"
    ]
    del home


def test_advice_alone_is_no_illness(run: Run, library: Path) -> None:
    del library
    ended = run("doctor", "backups")
    assert ended.code == 0
    assert "There is no copy" in ended.out
    run("backup")
    assert run("doctor", "backups").out.startswith("Everything is well: 1 file in 1 library.")
    assert run("doctor", "-q").out == ""


def test_long_lists_are_cut_unless_asked_for(run: Run, library: Path) -> None:
    for number in range(9):
        (library / f"gone{number}.civitai.info").write_text("{}")
    short = run("doctor", "sidecars").out
    assert short.count("No model here") == 5
    assert "4 more: loradex doctor sidecars --all" in short
    assert run("doctor", "sidecars", "--all").out.count("No model here") == 9


def test_doctor_as_json(run: Run, library: Path) -> None:
    (library / "gone.civitai.info").write_text("{}")
    value = json.loads(run("doctor", "sidecars", "--json").out)
    assert not value["healthy"]
    assert [finding["level"] for finding in value["findings"]] == ["fault"]
    assert documented(value) | documented(value["findings"][0]) == set()
    assert documented(json.loads(run("doctor", "--list", "--json").out)[0]) == set()
    last = run("doctor", "sidecars", "--progress", "json").out.splitlines()[-1]
    assert json.loads(last)["findings"] == value["findings"]


def test_fix_keeps_a_plan_that_can_be_undone(run: Run, library: Path) -> None:
    (library / "gone.civitai.info").write_text("{}")
    ended = run("doctor", "--fix", "sidecars")
    assert "plan 1 would trash 1 file" in ended.out
    assert (library / "gone.civitai.info").exists()
    assert run("apply", "1").code == 0
    assert not (library / "gone.civitai.info").exists()
    assert run("undo", "1").code == 0
    assert (library / "gone.civitai.info").exists()
    value = json.loads(run("doctor", "--fix", "sidecars", "--json").out)
    assert documented(value["plans"][0]) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", "nonsense"],
        ["doctor", "--fix"],
        ["doctor", "--fix", "catalog"],
        ["doctor", "--mend", "catalog", "links"],
        ["backup", "list", "--keep", "2"],
        ["backup", "--keep", "0"],
        ["restore", "not there.db"],
        ["export", "-o", "x.txt"],
        ["export", "-o", "x.json", "--format", "csv"],
        ["export", "--paths", "--public"],
        ["export", "nofield:x"],
        ["import", "x.json", "--prefer", "nobody"],
        ["diff", "main"],
        ["diff", "nothing", "all"],
        ["diff", "all", "all", "--json", "--commands"],
    ],
)
def test_wrong_uses_are_refused_with_a_way_out(
    run: Run, library: Path, arguments: list[str]
) -> None:
    del library
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err
    assert "Traceback" not in ended.err


def test_doctor_works_where_the_catalog_does_not(run: Run, library: Path, home: Home) -> None:
    del library
    assert run("backup").code == 0
    home.catalog.write_bytes(b"no database at all" * 400)
    ended = run("doctor")
    assert ended.code == 3
    assert "damaged" in ended.out
    assert "restore latest" in ended.out
    assert run("restore", "latest").code == 0
    assert run("doctor").code == 0
    assert "mine" in run("show", "1").out


def test_doctor_leaves_a_newer_catalog_alone(run: Run, library: Path, home: Home) -> None:
    del library
    with closing(sqlite3.connect(home.catalog)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = home.catalog.read_bytes()
    ended = run("doctor")
    assert ended.code == 3
    assert "newer loradex" in " ".join(ended.out.split())
    assert home.catalog.read_bytes() == before


def test_backup_and_restore_tell_what_they_do(run: Run, library: Path) -> None:
    del library
    assert "No copy" in run("backup", "list").err
    made = json.loads(run("backup", "--json").out)
    assert documented(made) == set()
    listed = json.loads(run("backup", "list", "--json").out)
    assert [one["file"] for one in listed] == [made["file"]]
    assert documented(listed[0]) == set()
    run("tag", "1", "later")
    run("note", "1", "another note")
    asked = run("restore", "latest", "-n")
    assert "Would be lost: 1 tag of yours, 1 note." in asked.out
    assert "later" in run("show", "1").out
    value = json.loads(run("restore", "latest", "--json").out)
    assert documented(value) | documented(value["holds"]) | documented(value["lost"]) == set()
    assert "later" not in run("show", "1").out
    again = run("restore", Path(value["kept"]).name)
    assert again.code == 0
    assert "later" in run("show", "1").out


def test_a_scan_makes_the_copy_of_the_day(run: Run, library: Path, home: Home) -> None:
    del library
    assert run("scan").code == 0
    assert run("scan").code == 0
    assert [path.name[:14] for path in home.backups.iterdir()] == ["catalog-daily-"]


def test_a_copy_that_cannot_be_made_fails_no_scan(run: Run, library: Path, home: Home) -> None:
    del library
    home.backups.write_text("in the way")
    ended = run("scan")
    assert ended.code == 0
    assert "not copied today" in ended.err


def test_export_import_round_trip(run: Run, library: Path, tmp_path: Path) -> None:
    for name in ("m.json", "m.csv"):
        path = tmp_path / name
        assert "1 model written" in run("export", "-o", str(path)).out
        assert run("export", "-o", str(path)).code == 1  # it is there
        assert run("export", "-o", str(path), "--force").code == 0
        other = tmp_path / f"home of {name}"
        run("--home", str(other), "library", "add", str(library))
        run("--home", str(other), "scan")
        value = json.loads(run("--home", str(other), "import", str(path), "-n", "--json").out)
        assert value["would_change"] == 1
        (change,) = value["changes"]
        assert (change["add_tags"], change["note"]) == (["mine"], "a note")
        assert documented(change) == set()
        asked = run("--home", str(other), "import", str(path), "-n")
        assert "+mine" in asked.out
        assert "would get 1 tag, 1 note" in asked.out
        assert "got 1 tag, 1 note" in run("--home", str(other), "import", str(path)).out
        assert "nothing changed" in run("--home", str(other), "import", str(path)).out
        value = json.loads(run("--home", str(other), "import", str(path), "--json").out)
        assert documented(value) == set()


def test_export_to_standard_output(run: Run, library: Path) -> None:
    del library
    value = json.loads(run("export", "neon").out)
    assert value["loradex_manifest"] == 1
    assert value["models"][0]["note"] == "a note"
    assert "places" not in value["models"][0]
    rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv").out)))
    assert rows[0]["tags"] == "mine"
    assert json.loads(run("export", "-neon").out)["models"] == []


def test_what_is_not_here_is_listed_with_where_to_get_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    hub = {"hub": "civitai", "model_id": 1, "version_id": 2, "name": "x"}
    path.write_text(
        json.dumps(
            {
                "loradex_manifest": 1,
                "models": [
                    {"size": 5, "name": f"evil {HOSTILE}", "sha256": "a" * 64, "hubs": [hub]}
                ],
            }
        )
    )
    ended = run("import", str(path))
    assert ended.code == 0
    assert "loradex hub get version:2" in ended.err
    assert "\x1b]" not in ended.err
    assert json.loads(run("import", str(path), "--json").out)["absent"][0]["sha256"] == "a" * 64


def test_a_bad_manifest_changes_nothing(run: Run, library: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    run("export", "-o", str(path))
    run("--home", str(tmp_path / "h"), "library", "add", str(library))
    run("--home", str(tmp_path / "h"), "scan")
    path.write_text(path.read_text()[:-10])
    ended = run("--home", str(tmp_path / "h"), "import", str(path))
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 2
    assert "mine" not in run("--home", str(tmp_path / "h"), "show", "1").out


def test_diff_tells_and_proposes(run: Run, library: Path, home: Home, tmp_path: Path) -> None:
    del library
    lora(tmp_path / "drive" / "other.safetensors", seed=2)
    with Catalog.open(home) as catalog:
        add(catalog, tmp_path / "drive")
    ended = run("diff", "models", "drive")
    assert ended.code == 0
    assert "Only in models: 1 model" in ended.out
    assert "Only in drive: 1 model" in ended.out
    assert "none in both" in ended.out
    assert run("diff", "models", "drive", "--commands").out.startswith("mkdir -p -- ")
    value = json.loads(run("diff", "models", "drive", "--json").out)
    assert documented(value) | documented(value["a"]) | documented(value["only_a"][0]) == set()


def test_a_check_up_asks_as_much_of_many_places_as_of_few(home: Home, tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    with Catalog.open(home) as catalog:
        add_library(catalog, root)
        catalog.looks.record(1, [look(f"{n}.safetensors", n) for n in range(50)], "1")
        rescan(catalog)
        with catalog._reader.connection() as connection:
            asked: list[str] = []
            connection.set_trace_callback(asked.append)
            subject = Subject(home, catalog, None, sink=SilentSink(), cancel=CancelToken())
            examine(subject, chosen([]))
            connection.set_trace_callback(None)
    assert len(asked) < 30
