"""What is handed to other programs: a folder to look at, a note to write."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError
from loradex.operations import collections
from loradex.operations.about_model import about_model
from loradex.operations.note_drafts import Draft, edit_draft, editor_command
from loradex.operations.opening import show_folder
from loradex.paths import Home
from tui.shelf import few, look, shelf

posix = pytest.mark.skipif(os.name != "posix", reason="scripts stand for programs")


def program(path: Path, body: str) -> Path:
    """Write a program of a few lines of Python."""
    path.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{body}\n")
    path.chmod(0o755)
    return path


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="xdg-open is Linux's")
def test_the_folder_is_shown_and_no_shell_sees_its_name(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a $(touch hacked); b"
    root.mkdir()
    (root / "-x;rm.safetensors").write_bytes(b"x")
    told = tmp_path / "told"
    program(
        tmp_path / "xdg-open", f"pathlib.Path({str(told)!r}).write_text('|'.join(sys.argv[1:]))"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":9")
    with shelf(home, [look("-x;rm", 1), look("gone", 2)], root=os.fsencode(root)) as catalog:
        assert show_folder(catalog, 1) == root
        end = time.monotonic() + 30
        while not (told.exists() and told.read_text()) and time.monotonic() < end:
            time.sleep(0.01)
        assert told.read_text() == str(root)
        with pytest.raises(UsageError, match="No file of this model is there"):
            show_folder(catalog, 2)
        with pytest.raises(UsageError, match="No file of this model is there"):
            show_folder(catalog, 99)
        monkeypatch.delenv("DISPLAY")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        with pytest.raises(UsageError, match="There is no file manager here"):
            show_folder(catalog, 1)


@posix
def test_a_note_is_written_in_an_editor_and_kept_until_it_is_saved(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    editor = program(
        tmp_path / "my editor",
        "p = pathlib.Path(sys.argv[-1]); p.write_text(p.read_text() + 'more\\r\\n')",
    )
    monkeypatch.setenv("EDITOR", f"'{editor}' --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    assert editor_command() == [str(editor), "--wait"]
    draft = Draft.of(home, 1, "first\n")
    assert edit_draft(draft) == "first\nmore"
    assert draft.path.exists()
    draft.discard()
    assert not draft.path.exists()

    untouched = Draft.of(home, 1, "as it was\n")
    monkeypatch.setenv("EDITOR", str(program(tmp_path / "looker", "")))
    assert edit_draft(untouched) == "as it was\n"

    monkeypatch.setenv("EDITOR", str(program(tmp_path / "failing", "sys.exit(3)")))
    with pytest.raises(UsageError, match="ended with an error") as fault:
        edit_draft(untouched)
    assert str(untouched.path) in str(fault.value.hint)
    monkeypatch.setenv("EDITOR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="could not be started"):
        edit_draft(untouched)
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="There is no editor"):
        editor_command()


def test_all_that_is_known_of_a_model(home: Home) -> None:
    catalog: Catalog = shelf(home, few())
    with catalog:
        collections.pick(catalog, "keepers", [1])
        about = about_model(catalog, 1)
        assert about.details.row.name == "neon_knight_v3"
        assert about.beyond.collections == ("keepers",)
        assert about.beyond.licence == ()
