"""A person's note is never lost: two writers, an editor that fails, options that contradict."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.errors import CatalogError, UsageError
from loradex.operations import annotate
from loradex.paths import Home

LIMIT = 100_000


def editor(path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Make $EDITOR run `program`, which has the file as `note`."""
    script = path / "editor.py"
    script.write_text(f"import sys, pathlib\nnote = pathlib.Path(sys.argv[1])\n{program}")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")


def kept(home: Home) -> list[str]:
    return [path.read_text() for path in (home.root / "notes").iterdir()]


def test_an_edited_note_is_saved(
    run: Run, filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("note", "neon", "before")
    editor(tmp_path, monkeypatch, "note.write_text(note.read_text() + '\\nwörds\\n', 'utf-8')")
    assert run("note", "neon", "--edit").out == "noted: 1 model.\n"
    assert run("note", "neon").out == "before\nwörds\n"
    assert kept(filled) == []


def test_an_editor_that_changes_nothing_writes_nothing(
    run: Run, filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("note", "neon", "before\n")
    editor(tmp_path, monkeypatch, "")
    assert run("note", "neon", "--edit").out == "Left as it was.\n"
    assert kept(filled) == []


def test_what_another_process_wrote_meanwhile_is_not_overwritten(
    run: Run, filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = [sys.executable, "-m", "loradex", "note", "neon", "of the other"]
    editor(
        tmp_path,
        monkeypatch,
        f"import subprocess; subprocess.run({call!r}, check=True)\nnote.write_text('mine')",
    )
    ended = run("note", "neon", "--edit")
    assert ended.code == 1
    assert "changed meanwhile" in ended.err
    (path,) = (filled.root / "notes").iterdir()
    assert str(path) in ended.err
    assert path.read_text() == "mine"
    assert run("note", "neon").out == "of the other\n"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (f"note.write_text('x' * {LIMIT + 1})", "more than the 100,000 characters"),
        ("note.write_text('mine'); sys.exit(1)", "Editing failed"),
    ],
)
def test_what_cannot_be_saved_is_kept_in_a_file(  # noqa: PLR0917 - fixtures
    run: Run,
    filled: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    words: str,
) -> None:
    editor(tmp_path, monkeypatch, program)
    ended = run("note", "neon", "--edit")
    assert ended.code in (1, 2)
    assert words in ended.err
    assert str(next((filled.root / "notes").iterdir())) in ended.err
    assert run("note", "neon").out == ""


@pytest.mark.parametrize(
    "options",
    [
        ["text", "--clear"],
        ["text", "--edit"],
        ["--append"],
        ["", "--append"],
        ["--clear", "--edit"],
        ["text", "--append", "--edit"],
        ["x" * (LIMIT + 1)],
        ["x" * LIMIT, "--append"],
    ],
    ids=lambda options: " ".join(options)[:20],
)
def test_wrong_use_changes_no_note(run: Run, filled: Home, options: list[str]) -> None:
    run("note", "neon", "mine")
    ended = run("note", "neon", *options)
    assert ended.code == 2
    assert ended.err.startswith("Error: ")
    assert run("note", "neon").out == "mine\n"


def test_a_note_may_be_as_long_as_the_limit(run: Run, filled: Home) -> None:
    run("note", "neon", "x" * (LIMIT - 2))
    assert run("note", "neon", "y", "--append").code == 0
    assert run("note", "neon").out == "x" * (LIMIT - 2) + "\ny\n"


def test_appending_counts_on_what_is_there_now(filled: Home) -> None:
    with Catalog.open(filled) as one, Catalog.open(filled) as other:
        for catalog, text in ((one, "a"), (other, "b"), (one, "c")):
            annotate.append_note(catalog, 1, text)
        assert one.details(1).note == "a\nb\nc"
        assert one.search("note:b").total == 1


def test_a_note_is_written_only_upon_the_version_that_was_seen(filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        seen = catalog.details(1)
        assert (seen.note, seen.note_version) == ("", 0)
        annotate.note(catalog, 1, "first", expected_version=0)
        with pytest.raises(CatalogError, match="changed meanwhile"):
            annotate.note(catalog, 1, "second", expected_version=0)
        now = catalog.details(1)
        assert now.note == "first"
        annotate.note(catalog, 1, "third", expected_version=now.note_version)
        annotate.note(catalog, 1, "fourth")
        assert catalog.details(1).note == "fourth"
        with pytest.raises(UsageError):
            annotate.note(catalog, 1, "x" * (LIMIT + 1))
