"""Which way to draw is chosen safely, and each way draws what its protocol says."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import zlib
from base64 import b64decode
from pathlib import Path

import pytest
from PIL import Image

from loradex.catalog.catalog import Catalog
from loradex.errors import FormatError
from loradex.paths import Home
from loradex_tui.pictures import kitty
from loradex_tui.pictures.ascii_art import ascii_art
from loradex_tui.pictures.asking import read_answers
from loradex_tui.pictures.choice import PictureMode, choose, may_ask
from loradex_tui.pictures.decoder import PictureDecoder
from loradex_tui.pictures.drawing import draw_within
from loradex_tui.pictures.remembered import TerminalMemory
from loradex_tui.pictures.sixel import sixels
from loradex_tui.pictures.store import PANE, TILE, PictureStore
from loradex_tui.pictures.terminals import Answers, Terminal, known_terminal
from tui.shelf import picture

# The bench drives the same terminal.
sys.path.append(str(Path(__file__).parents[2]))
from bench.tui_drive.session import Session

TRUE = {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
KITTY = {**TRUE, "TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}
NOTHING = Answers()


@pytest.mark.parametrize(
    ("environ", "answers", "mode", "why"),
    [
        ({**TRUE, "LORADEX_IMAGES": "off"}, NOTHING, "off", "asked for"),
        ({**TRUE, "LORADEX_IMAGES": "Sixel", "TMUX": "/t"}, NOTHING, "sixel", "asked for"),
        ({**TRUE, "LORADEX_IMAGES": "nonsense"}, NOTHING, "half", "graphics of its own"),
        ({**TRUE, "LORADEX_IMAGES": "auto"}, Answers(sixel=True), "sixel", "sixels"),
        ({**TRUE, "TMUX": "/t"}, Answers(sixel=True), "half", "Inside tmux"),
        ({**TRUE, "TERM": "screen-256color"}, NOTHING, "half", "Inside screen"),
        ({**TRUE, "ZELLIJ": "0"}, NOTHING, "half", "Inside zellij"),
        ({**TRUE, "SSH_CONNECTION": "1"}, NOTHING, "half", "Over SSH"),
        ({"TERM": "linux"}, NOTHING, "ascii", "16 colours"),
        ({"TERM": "xterm"}, NOTHING, "ascii", "16 colours"),
        ({"TERM": "vt100"}, NOTHING, "ascii", "16 colours"),
        ({"TERM": "dumb"}, NOTHING, "off", "cursor"),
        ({**TRUE, "NO_COLOR": "1"}, NOTHING, "ascii", "NO_COLOR"),
        ({**TRUE, "LC_ALL": "C"}, NOTHING, "ascii", "ASCII"),
        ({**TRUE, "LC_ALL": "", "LANG": "de_DE.UTF-8"}, NOTHING, "half", "graphics"),
        ({"TERM": "xterm-256color"}, NOTHING, "half", "graphics"),
        (KITTY, Answers("kitty(0.35.2)", kitty=True), "kitty", "kitty 0.35.2 places"),
        (KITTY, Answers("kitty(0.26.5)", kitty=True), "half", "before 0.28"),
        (KITTY, Answers(kitty=True), "half", "does not tell its version"),
        ({**KITTY, "COLORTERM": ""}, Answers("kitty(0.35.2)"), "half", "truecolor"),
        ({**TRUE, "TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.1.3"}, NOTHING,
         "kitty", "ghostty 1.1.3"),
        ({**TRUE, "TERM_PROGRAM": "WarpTerminal"}, Answers(kitty=True), "half", "boxes"),
        ({**TRUE, "TERM_PROGRAM": "Apple_Terminal"}, NOTHING, "half", "Apple Terminal"),
        ({**TRUE, "TERM_PROGRAM": "WezTerm", "TERM_PROGRAM_VERSION": "20240203-110809"},
         Answers(kitty=True), "sixel", "WezTerm"),
        ({**TRUE, "TERM_PROGRAM": "iTerm.app", "TERM_PROGRAM_VERSION": "3.5.1"}, NOTHING,
         "sixel", "iTerm2 3.5.1"),
        ({**TRUE, "KONSOLE_VERSION": "210800"}, Answers(kitty=True), "half", "may not be able"),
        ({**TRUE, "KONSOLE_VERSION": "230804"}, Answers(kitty=True), "sixel", "Konsole"),
        (TRUE, Answers("XTerm(379)", sixel=True), "sixel", "XTerm 379"),
        (TRUE, Answers("XTerm(379)"), "half", "XTerm 379"),
        (TRUE, Answers("\x1b[31mevil\x07(1)", kitty=True), "half", "takes kitty's"),
    ],
)  # fmt: skip
def test_how_pictures_are_drawn(
    environ: dict[str, str], answers: Answers, mode: str, why: str
) -> None:
    chosen = choose(environ, answers)
    assert (chosen.mode, chosen.why.isprintable()) == (mode, True)
    assert why in chosen.why


def test_what_was_asked_for_goes_before_what_was_seen(home: Home) -> None:
    memory = TerminalMemory(home)
    answers = Answers("kitty(0.26.5)")
    terminal = known_terminal(KITTY, answers)
    assert choose(KITTY, answers, remembered=memory.mode).mode is PictureMode.HALF
    memory.keep(terminal, PictureMode.KITTY)
    seen = choose(KITTY, answers, remembered=memory.mode)
    assert (seen.mode, seen.why) == (PictureMode.KITTY, "You chose it for kitty 0.26.5.")
    assert choose(KITTY, Answers("kitty(0.27)"), remembered=memory.mode).mode is PictureMode.HALF
    assert choose(KITTY, answers, wish="ascii", remembered=memory.mode).mode is PictureMode.ASCII
    assert choose(KITTY, answers, slow=True, remembered=memory.mode).mode is PictureMode.OFF
    assert choose(KITTY, answers, slow=True, wish="half").mode is PictureMode.HALF
    assert choose(KITTY, answers, plain=True, remembered=memory.mode).mode is PictureMode.ASCII
    assert choose(KITTY, answers, plain=True, slow=True).mode is PictureMode.OFF
    assert memory.first_time("slow")
    assert not memory.first_time("slow")
    assert memory.mode(terminal) is PictureMode.KITTY
    memory.keep(terminal, None)
    assert memory.mode(terminal) is None
    for damaged in (b"", b"[1]", b'{"pictures": 3}', b'{"pictures": {"unknown": "x"}}', b"\xff"):
        (home.root / "terminals.json").write_bytes(damaged)
        assert memory.mode(Terminal()) is None


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        (TRUE, True),
        (KITTY, True),
        ({**TRUE, "TMUX": "x"}, False),
        ({**TRUE, "SSH_TTY": "x"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "vt220"}, False),
        ({}, False),
        ({**TRUE, "TERM_PROGRAM": "Apple_Terminal"}, False),
    ],
)
def test_only_who_answers_at_once_is_asked(environ: dict[str, str], *, asked: bool) -> None:
    assert may_ask(environ) == asked


def test_answers_are_told_from_what_was_typed() -> None:
    data = b"/ne\x1bP>|kitty(0.35.2)\x1b\\o\x1b_Gi=31;OK\x1b\\\x1b[B\x1b[?62;4;22cn"
    answers, typed = read_answers(data)
    assert answers == Answers("kitty(0.35.2)", sixel=True, kitty=True)
    assert typed == b"/neo\x1b[Bn"
    assert read_answers(b"\x1b_Gi=31;ENOTSUP\x1b\\\x1b[?1;2c") == (Answers(), b"")


ASK = """
import time
from loradex_tui.pictures.asking import Question
with Question() as question:
    print("ready", flush=True)
    time.sleep(0.5)
    answers = question.answers()
print(f"<{answers.named}|{answers.sixel}|{question.typed!r}>", flush=True)
"""


@pytest.mark.parametrize("answering", [True, False])
def test_a_terminal_is_asked_and_no_key_is_lost(*, answering: bool) -> None:
    """In a real pty: what is typed before and between the answers comes out again."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", ASK])  # noqa: S606
    try:
        os.write(terminal, b"ab")
        shown = _read_until(terminal, b"ready")
        assert b"\x1b[>q" in shown
        assert shown.endswith((b"ready\r\n", b"ready"))
        if answering:
            os.write(terminal, b"c\x1bP>|XTerm(379)\x1b\\d\x1b[?64;4ce")
        shown = _read_until(terminal, b">\r\n")
        wanted = b"<XTerm(379)|True|'abcde'>" if answering else b"<|False|'ab'>"
        assert wanted in shown
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


@pytest.mark.parametrize("mode", ["kitty", "sixel"])
def test_a_real_terminal_gets_pixels_before_what_points_to_them(
    catalog: Catalog, home: Home, tmp_path: Path, mode: str
) -> None:
    picture(tmp_path / "models" / "dreamshaper_8.png", size=(90, 60))
    catalog.close()
    command = [sys.executable, "-m", "loradex", "--images", mode]
    values = {**os.environ, **TRUE, "LC_ALL": "C.UTF-8", "LORADEX_HOME": str(home.root)}
    with Session(command, (140, 45), values) as session:
        if mode == "kitty":
            mark = "\U0010eeee".encode()
            session.until(lambda _screen: mark in session.raw)
            sent = re.search(rb"a=T,U=1,q=2,f=100,i=(\d+),c=(\d+)", session.raw)
            assert sent is not None
            number = int(sent[1])
            colour = f"38;2;{number >> 16};{number >> 8 & 255};{number & 255}".encode()
            assert session.raw.index(colour) > sent.start()
        else:
            session.until(lambda _screen: b"\x1b\\\x1b8" in session.raw)
            drawn = re.search(rb'\x1b7\x1b\[\d+;\d+H\x1bP0;1;0q"1;1;(\d+);(\d+)', session.raw)
            assert drawn is not None, "the cursor goes there and back"
            assert (int(drawn[1]) % 10, int(drawn[2]) % 20) == (0, 0), "whole cells"


def _read_until(terminal: int, end: bytes) -> bytes:
    data, until = b"", time.monotonic() + 60
    while end not in data:
        left = until - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            raise AssertionError(f"{end!r} never came, but {data[-2000:]!r}")
        data += os.read(terminal, 65_536)
    return data


def test_kitty_gets_the_pixels_once_and_cells_that_point_to_them() -> None:
    image = Image.effect_noise((200, 100), 80)
    drawing = draw_within(image, PictureMode.KITTY, 12, 5)
    commands = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", drawing.first)
    first = dict(part.split("=") for part in commands[0][0].split(","))
    assert {**first, "i": ""} == {
        "a": "T", "U": "1", "q": "2", "f": "100", "i": "", "c": "10", "r": "3", "m": "1",
    } or first["c"] == "12"  # fmt: skip
    assert [head for head, _ in commands[1:]] == ["m=1"] * (len(commands) - 2) + ["m=0"]
    assert all(len(data) <= 4096 for _, data in commands)
    sent = Image.open(io.BytesIO(b64decode("".join(data for _, data in commands))))
    assert sent.format == "PNG"
    number = int(first["i"])
    rows = [strip for strip in drawing.strips if "\U0010eeee" in strip.text]
    assert len(rows) == int(first["r"])
    for row, strip in enumerate(rows):
        assert strip.cell_length == 12
        segment = next(each for each in strip if "\U0010eeee" in each.text)
        assert segment.style is not None
        assert segment.style.color is not None
        assert segment.style.color.triplet is not None
        assert int(segment.style.color.triplet.hex[1:], 16) == number
        marks = [ord(mark) for mark in segment.text[:6]]
        assert marks[1] == (0x305, 0x30D, 0x30E, 0x310)[row]
        assert (marks[2], marks[5]) == (0x305, 0x30D)
    assert f"i={number}" in drawing.last
    assert kitty.new_number() != kitty.new_number()


def decoded(text: str) -> Image.Image:
    """Draw sixels, by the letter of the standard."""
    match = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert match is not None
    image = Image.new("RGB", (int(match[1]), int(match[2])))
    palette: dict[int, tuple[int, int, int]] = {}
    colour, x, top = 0, 0, 0
    token = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|([?-~])|([$-])")
    for found in token.finditer(match[3]):
        if found[1]:
            colour = int(found[1])
            if found[2]:
                red, green, blue = (round(int(found[n]) * 2.55) for n in (2, 3, 4))
                palette[colour] = (red, green, blue)
        elif found[8]:
            x, top = 0, top + (6 if found[8] == "-" else 0)
        else:
            bits = ord(found[6] or found[7]) - 63
            length = int(found[5] or 1)
            for place in range(x, x + length):
                for bit in range(6):
                    if bits >> bit & 1:
                        image.putpixel((place, top + bit), palette[colour])
            x += length
    return image


def test_sixels_show_every_pixel_in_its_colour() -> None:
    image = Image.new("RGB", (31, 20))
    for x in range(31):
        for y in range(20):
            shade = (255, 0, 0) if x < 12 else (0, 255, 0) if y < 9 else (0, 0, 255)
            image.putpixel((x, y), shade)
    shown = decoded(sixels(image))
    for x in range(31):
        for y in range(20):
            one, other = shown.getpixel((x, y)), image.getpixel((x, y))
            assert isinstance(one, tuple)
            assert isinstance(other, tuple)
            assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 12, (x, y)


def test_ascii_has_ink_where_the_picture_is_light_and_nothing_else() -> None:
    image = Image.linear_gradient("L")
    lines = [strip.text for strip in ascii_art(image, 20, 10)]
    assert all(line.isascii() and line.isprintable() and len(line) == 20 for line in lines)
    assert lines[0].strip() == ""
    assert set(lines[-1]) == {"@"}
    assert set(ascii_art(image, 20, 10, dark=False)[0].text) == {"@"}


def test_a_store_reads_a_picture_once_and_keeps_a_small_copy(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.effect_noise((900, 700), 90).convert("RGB").save(path)
    store = PictureStore(home)
    try:
        image = store.load(path, TILE)
        assert max(image.size) == TILE
        assert store.load(path, TILE) is image
        (copy,) = (home.cache / "pictures").rglob("*.jpg")
        with Image.open(copy) as kept:
            assert kept.size == image.size
        small = picture(tmp_path / "small.png")
        assert store.load(small, PANE).size == (64, 64)
        assert len(list((home.cache / "pictures").rglob("*.jpg"))) == 1, "small ones need no copy"
    finally:
        store.close()
    other = PictureStore(home)
    try:
        assert other.load(path, TILE).size == image.size
        assert other._decoder._process is None, "the copy was enough"
        copy.write_bytes(b"damaged")
        other._known.clear()
        assert other.load(path, TILE).size == image.size
        small.write_bytes(b"\x89PNG broken")
        for _ in range(2):
            with pytest.raises(FormatError, match="cannot be shown"):
                other.load(small, TILE)
        with pytest.raises(FormatError, match="No such file"):
            other.load(tmp_path / "gone.png", TILE)
    finally:
        other.close()


def test_a_decoder_that_hangs_or_dies_gives_a_word_and_the_next_picture(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    fifo = tmp_path / "pipe.png"
    os.mkfifo(fifo)
    decoder = PictureDecoder(patience=30)
    try:
        assert decoder.load(path, 32).size == (32, 32)
        with pytest.raises(FormatError, match="no picture file"):
            decoder.load(fifo, 32)
        process = decoder._process
        assert process is not None
        process.kill()
        process.wait()
        assert decoder.load(path, 32).size == (32, 32), "it is begun again"
        # Pixels within the limit, but more memory than is allowed.
        hungry = tmp_path / "hungry.png"
        hungry.write_bytes(_claims(16_000, 7_400))
        with pytest.raises(FormatError, match="cannot be shown"):
            decoder.load(hungry, 32)
        assert decoder.load(path, 32).size == (32, 32)
        assert decoder._process is not None
        os.kill(decoder._process.pid, signal.SIGSTOP)
        decoder._patience = 0.1
        with pytest.raises(FormatError, match=r"more than 0\.1 seconds"):
            decoder.load(path, 32)
        decoder._patience = 30
        assert decoder.load(path, 32).size == (32, 32)
    finally:
        decoder.close()
    with pytest.raises(FormatError, match="ending"):
        decoder.load(path, 32)


def _claims(width: int, height: int) -> bytes:
    """Return a PNG of 16-bit RGBA pixels that are not there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + crc

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([16, 6, 0, 0, 0])
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_the_command_line_hands_on_how_to_draw() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loradex", "--help"], capture_output=True, text=True, check=True
    )
    assert "--images [auto|kitty|sixel|half|ascii|off]" in done.stdout
    assert "--slow" in done.stdout
