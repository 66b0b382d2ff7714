"""Terminals of all kinds, seen from outside: few colours or letters, no mouse, no room, an end."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.paths import Home
from loradex_tui.crash import report
from loradex_tui.symbols import ascii_key, ascii_text
from loradex_tui.terminal_look import TerminalLook, terminal_look
from tui.pty_kit import Screen, Session, start, start_broken

RGB = re.compile(rb"[34]8;2;")
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)(?:;[0-9;]*)?m")
LEFT = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l")
"""The main screen, the cursor, no mouse of either kind, no marked pastes."""


@pytest.fixture
def home_of_ten(catalog: Catalog, home: Home) -> Home:
    catalog.close()
    return home


def ready(screen: Screen) -> bool:
    return "10 of 10 models" in screen.text and "1 Library" in screen.text


def assert_given_back(session: Session, before: list[object]) -> None:
    assert session.modes() == before
    end = bytes(session.raw[-400:])
    assert all(sequence in session.raw[-800:] for sequence in LEFT), end


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ((), {"TERM": "linux", "COLORTERM": ""}),
        ((), {"TERM": "vt100", "COLORTERM": ""}),
        (("--ascii", "--theme", "loradex-contrast"), {}),
        ((), {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    ],
)
def test_ascii_is_enough(
    home_of_ten: Home, options: tuple[str, ...], environment: dict[str, str]
) -> None:
    with start(home_of_ten, *options, **environment) as session:
        session.until(ready)
        session.write(b"j ?")
        session.until(lambda screen: "Move" in screen.text or "Keys" in screen.text)
        session.settle()
        assert session.raw.isascii()
        assert b"\\u" not in session.raw
        assert any("+-" in line and "-+" in line for line in session.screen.lines)
        if "TERM" in environment:
            assert not RGB.search(session.raw)
        if options:
            assert b"48;2;0;0;0" in session.raw, "the theme that was asked for"


def test_without_colour_every_state_has_a_sign(home_of_ten: Home) -> None:
    with start(home_of_ten, "--no-mouse", NO_COLOR="1") as session:
        session.until(ready)
        session.write(b"j ")
        # The filters are counted a moment after the models are there.
        session.until(lambda screen: "1 marked" in screen.text and "[ ] LoRA" in screen.text)
        session.write(b"f\r")
        session.until(lambda screen: "[x]" in screen.text)
        session.settle()
        assert not COLOUR.search(session.raw)
        assert "❯" in session.screen.text
        assert b"?1000h" not in session.raw, "the mouse was left to the terminal"


def test_too_small_is_said_in_words_and_passes(home_of_ten: Home) -> None:
    with start(home_of_ten, size=(50, 12)) as session:
        session.until(lambda screen: "Too small: 50×12, 60×15 needed" in screen.text)
        session.resize((60, 15))
        session.until(lambda screen: "10 models" in screen.text)
        session.settle()
        assert "Too small" not in session.screen.text
        assert not any(line.rstrip().endswith("│ │") for line in session.screen.lines)


def test_a_held_key_costs_little(home_of_ten: Home) -> None:
    with start(home_of_ten, size=(140, 45)) as session:
        session.until(ready)
        session.settle(1.0)
        before = session.received
        for key in "jkjkjkjkjk":
            session.write(key.encode())
            session.read_for(0.03)
        session.settle(0.5)
        assert 0 < (session.received - before) / 10 < 2_000


def test_keys_held_from_the_first_moment_break_nothing(home_of_ten: Home) -> None:
    with start(home_of_ten) as session:
        for _ in range(3_000):
            session.write(b"F")
            session.read_for(0.01)
            if ready(session.screen):
                break
        session.until(ready)
        session.settle()
        session.write(b"q")
        assert session.wait_for_end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_as_a_person_would(home_of_ten: Home, number: int) -> None:
    with start(home_of_ten) as session:
        before = session.modes()
        session.until(ready)
        session.signal(number)
        assert session.wait_for_end() == 128 + number
        assert_given_back(session, before)


def test_the_shell_gets_the_terminal_and_gives_it_back(home_of_ten: Home) -> None:
    with start(home_of_ten) as session:
        before = session.modes()
        session.until(ready)
        session.settle()
        session.write(b"\x1a")
        state = Path(f"/proc/{session.pid}/stat")
        end = time.monotonic() + 20
        while state.read_text().rpartition(")")[2].split()[0] != "T":
            session.read_for(0.02)
            assert time.monotonic() < end
        session.settle()
        assert_given_back(session, before)
        session.screen.feed(b"\x1b[2J")  # what the shell does with it
        session.signal(signal.SIGCONT)
        session.until(lambda screen: ready(screen) and "❯" in screen.text)
        session.write(b"q")
        assert session.wait_for_end() == 0
        assert_given_back(session, before)


@pytest.mark.parametrize(
    ("name", "key"), [("LibraryScreen.do_sort", b"s"), ("find", b"")], ids=["handler", "worker"]
)
def test_a_crash_leaves_a_terminal_and_a_report(home_of_ten: Home, name: str, key: bytes) -> None:
    secret = {"MY_SERVICE_TOKEN": "correct-horse"}
    told = "no correct-horse \x1b[5m".encode("unicode_escape").decode()
    with start_broken(home_of_ten, "screens.library", name, told, **secret) as session:
        before = session.modes()
        if key:
            session.until(ready)
            session.write(key)
        assert session.wait_for_end() == 1
        assert_given_back(session, before)
        said = bytes(session.raw).rpartition(b"\x1b[?1006l")[2].decode()
        kept = list((home_of_ten.root / "logs").glob("crash-*.txt"))
        assert len(kept) == 1
        assert kept[0].name in said
        assert "correct-horse" not in said
        assert "Traceback" not in said
    text = kept[0].read_text()
    assert "KeyError" in text
    assert "in <lambda>" in text
    assert "loradex_tui/" in text
    assert "correct-horse" not in text
    assert "\x1b" not in text
    assert "home_of_ten" not in text


def test_a_report_has_no_values_keys_and_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "marvin")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/marvin"))

    def fail(password: str) -> None:
        raise ValueError(
            "GET https://marvin:pw123@hub/x?token=abc&n=1 with Authorization: Bearer zyx987 of"
            " /home/marvin/models/a.safetensors and /mnt/marvin/b: " + "f" * 40
        )

    try:
        fail("swordfish")
    except ValueError as error:
        text = report(error)
    for word in ("marvin", "pw123", "abc", "zyx987", "swordfish", "ffff"):
        assert word not in text.rpartition("ValueError")[2], word
    assert "~/models/a.safetensors" in text


@pytest.mark.parametrize(
    ("environment", "encoding", "look"),
    [
        ({"TERM": "xterm-256color"}, "utf-8", TerminalLook()),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "UTF8", TerminalLook()),
        ({"TERM": "xterm"}, "utf-8", TerminalLook(ansi=True)),
        ({"TERM": "linux"}, "utf-8", TerminalLook(ascii=True, ansi=True)),
        ({"TERM": "vt220"}, "utf-8", TerminalLook(ascii=True, ansi=True)),
        ({"TERM": "tmux-256color"}, "ANSI_X3.4-1968", TerminalLook(ascii=True)),
        ({"TERM": "xterm-kitty", "NO_COLOR": ""}, "utf-8", TerminalLook(ansi=True)),
    ],
)
def test_how_a_terminal_is_judged(
    environment: dict[str, str], encoding: str, look: TerminalLook
) -> None:
    assert terminal_look(environment, encoding) == look


def test_symbols_become_signs_and_names_stay() -> None:
    assert ascii_text("❯ ★★☆ ✗ a…b · ×2 →") == "> **. x a~b - x2 >"
    assert ascii_text("╭─┬┃╯▌█") == "+-+|+|#"
    assert ascii_text("雪 café") == "雪 café"
    assert ascii_text("🦊⚙") == "???"
    assert ascii_key("⏎") == "enter"
