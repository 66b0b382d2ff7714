"""Tables, numbers and progress as people see them."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import suppress

import click
import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.cli.columns import Column, cell_width, fit, print_table
from loradex.cli.failure import report
from loradex.cli.main import cli
from loradex.cli.progress import JsonSink, TerminalSink
from loradex.cli.words import count_text, duration_text, level_text, size_text
from loradex.domain.progress import CancelToken, Problem, Progress
from loradex.errors import Cancelled, QueryError
from loradex.paths import Home


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (151_000_000, "151 MB"),
        (999_600_000, "1.00 GB"),
        (6_938_000_000, "6.94 GB"),
        (12_200_000_000_000, "12.2 TB"),
    ],
)
def test_sizes(nbytes: int, text: str) -> None:
    assert size_text(nbytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (12.3, "12 s"),
        (59.7, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_counts_and_levels() -> None:
    assert [count_text(n, "copy", "copies") for n in (1, 2, 12345)] == [
        "1 copy",
        "2 copies",
        "12,345 copies",
    ]
    assert [level_text(n) for n in (None, 0, 1, 3, 15, 31)] == [
        "",
        "unrated",
        "PG",
        "PG-13",
        "X",
        "XXX",
    ]


def test_wide_and_combining_characters_keep_the_columns() -> None:
    assert cell_width("日本") == 4
    assert cell_width("e\u0301") == 1
    assert fit("日本語モデル", 7) == "日本語…"
    assert cell_width(fit("日本語モデル", 8)) <= 8


def test_a_path_that_is_cut_keeps_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = narrow(monkeypatch, 24)
    paths = ["/home/models/loras/neon.pt", "/home/models/loras/日本語モデル.pt", "/neon.pt"]
    print_table(
        [Column("Id"), Column("Where", shrink=True, tail=True)], [("1", path) for path in paths]
    )
    lines = plain(screen.getvalue()).splitlines()[1:]
    assert all(cell_width(line) <= 24 for line in lines)
    assert lines[0] == "1   …odels/loras/neon.pt"
    assert lines[1].endswith("日本語モデル.pt")
    assert lines[2] == "1   /neon.pt"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def narrow(monkeypatch: pytest.MonkeyPatch, columns: int) -> Terminal:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    return screen


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def run_code(*arguments: str) -> None:
    with suppress(click.exceptions.Exit):
        cli.main(list(arguments), standalone_mode=False)


def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    print_table(
        [Column("Id", right=True), Column("Name", shrink=True), Column("Kind")],
        [("1", "a very long name that goes on and on and on", "lora"), ("20", "x\x1b[0m", "vae")],
    )
    lines = screen.getvalue().splitlines()
    assert all(len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) <= 40 for line in lines)
    assert "…" in lines[1]
    assert "x\\x1b[0m" in lines[2]


@pytest.mark.parametrize("columns", [40, 60])
@pytest.mark.parametrize("command", ["list", "problems"])
def test_commands_fit_narrow_terminals(
    filled: Home, monkeypatch: pytest.MonkeyPatch, columns: int, command: str
) -> None:
    screen = narrow(monkeypatch, columns)
    run_code(command)
    lines = plain(screen.getvalue()).splitlines()
    assert lines
    assert [line for line in lines if len(line) > columns] == []


def test_libraries_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        add_library(catalog, "a library with a long name", "/somewhere/far/away/from/here")
    screen = narrow(monkeypatch, 40)
    run_code("library", "list")
    lines = plain(screen.getvalue()).splitlines()
    assert lines[0].split() == ["Name", "Folder", "Files", "Size"]
    assert max(map(len, lines)) <= 40


def test_problems_tell_the_whole_path_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, filled: Home
) -> None:
    with Catalog.open(filled) as catalog:
        path = f"{'long/' * 15}secret \x1b[2J.pt"
        denied = look(path, 9, kind="unknown", problem="It cannot be read: permission denied.")
        catalog.looks.record(1, [denied], "1")
    screen = narrow(monkeypatch, 40)
    run_code("problems")
    text = plain(screen.getvalue())
    assert f"/models/{'long/' * 15}secret \\x1b[2J.pt" in text.replace("\n", "")
    assert "  It is cut short. Wait until its" in text
    assert "Change its permissions," in text


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, "Hashing 2.00 MB of 10.0 MB (20 %) · 1.00 MB/s · 8.0 s left  a/very/long/path/t…"),
        (61, "Hashing 2.00 MB of 10.0 MB (20 %) · 1.00 MB/s · 8.0 s left"),
        (55, "Hashing 2.00 MB (20 %) · 1.00 MB/s · 8.0 s left"),
        (40, "Hashing 20 % · 1.00 MB/s · 8.0 s left"),
        (20, "Hashing 20 % · 1.0…"),
    ],
)
def test_rate_and_time_left_stay_longest(
    monkeypatch: pytest.MonkeyPatch, columns: int, line: str
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    sink = TerminalSink()
    sink.progress(Progress("Hashing", 0, 10_000_000, "bytes", "first"))
    now = 102.0
    sink.progress(
        Progress("Hashing", 2_000_000, 10_000_000, "bytes", "a/very/long/path/to/a/file.pt")
    )
    drawn = screen.getvalue().split("\x1b[2K")[-1]
    assert drawn == line
    assert cell_width(drawn) < columns


def test_what_was_stopped_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    report(Cancelled("Stopped.", hint="Run it again to go on."))
    assert capsys.readouterr().err == "Stopped.\nRun it again to go on.\n"


def test_progress_has_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    sink = TerminalSink()
    sink.progress(Progress("Hashing", 0, 10_000_000, "bytes", "first"))
    now = 102.0
    sink.progress(Progress("Hashing", 2_000_000, 10_000_000, "bytes", "evil\x1b[2J"))
    sink.problem(Problem("broken.safetensors", "It is cut short."))
    text = screen.getvalue()
    assert "Hashing 2.00 MB of 10.0 MB (20 %) · 1.00 MB/s · 8.0 s left  evil\\x1b[2J" in text
    assert "broken.safetensors: It is cut short." in text


def test_json_progress_is_lines_and_a_gone_reader_cancels(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = CancelToken()
    sink = JsonSink(cancel)
    sink.progress(Progress("Drawing", 3, 3, "steps"))
    sink.tell("done", message="ok")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress", "done"]

    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("click.echo", gone)
    sink.tell("progress")
    assert cancel.cancelled


@pytest.mark.parametrize(
    ("query", "position", "length", "shown"),
    [
        ("neon kid:x", 5, 5, ["  neon kid:x", "       ^^^^^"]),
        ("\u30ab\u30d5 kid:x", 3, 5, ["  \u30ab\u30d5 kid:x", "       ^^^^^"]),
        ("\x1b kid:x", 2, 5, ["  \\x1b kid:x", "       ^^^^^"]),
        ("a" * 50 + "?", 50, 1, ["  …" + "a" * 29 + "?", "  " + " " * 30 + "^"]),
        ("?" + "a" * 50, 0, 1, ["  ?" + "a" * 15 + "…", "  ^"]),
        ("(", 1, 0, ["  (", "   ^"]),
    ],
)
def test_marks_stand_below_what_is_wrong(
    capsys: pytest.CaptureFixture[str], query: str, position: int, length: int, shown: list[str]
) -> None:
    report(QueryError("Wrong.", query=query, position=position, length=length))
    assert capsys.readouterr().err.splitlines()[1:] == shown
