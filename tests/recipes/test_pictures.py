"""The texts of PNG, JPEG and WebP, wherever tools put them and however they encode them."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from loradex.errors import FormatError
from loradex.formats.generation import generations_of
from loradex.formats.pictures import read_picture
from loradex.operations.recipes.reading import read_recipes
from recipes.making import (
    A1111,
    CIVITAI,
    DATE,
    FOOOCUS,
    GRAPH,
    MAKE,
    MODEL,
    USER_COMMENT,
    comment,
    png,
    with_exif,
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(path: Path, *chunks: bytes, behind: bytes = b"") -> Path:
    """Write a PNG of one pixel with these chunks before its pixels, and others behind them."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + behind + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize(
    "text_chunk",
    [
        chunk(b"tEXt", b"parameters\0" + A1111.encode()),
        chunk(b"zTXt", b"parameters\0\0" + zlib.compress(A1111.encode())),
        chunk(b"iTXt", b"parameters\0\0\0\0\0" + A1111.encode()),
        chunk(b"iTXt", b"parameters\0\1\0en\0Parameter\0" + zlib.compress(A1111.encode())),
        chunk(b"tEXt", b"Parameters\0" + A1111.encode()),
    ],
    ids=["tEXt", "zTXt", "iTXt", "iTXt packed", "other case"],
)
@pytest.mark.parametrize("behind", [False, True])
def test_text_chunks_of_png(tmp_path: Path, text_chunk: bytes, behind: bool) -> None:
    path = tmp_path / "a.png"
    if behind:
        raw_png(path, behind=text_chunk)
    else:
        raw_png(path, text_chunk)
    found = read_picture(path)
    assert (found.texts["parameters"], found.notes) == (A1111, [])


@pytest.mark.parametrize("text", ["a plain text", "café", "猫 und ein 🦊"])
def test_any_script_survives(tmp_path: Path, text: str) -> None:
    told = f"{text}\nSteps: 20, Seed: 1, CFG scale: 7"
    for path in (
        png(tmp_path / "a.png", {"parameters": told}),
        raw_png(tmp_path / "b.png", chunk(b"tEXt", b"parameters\0" + told.encode())),
        with_exif(tmp_path / "a.jpg", {USER_COMMENT: comment(told)}),
        with_exif(tmp_path / "b.jpg", {USER_COMMENT: comment(told, "utf-16-le")}),
        with_exif(tmp_path / "a.webp", {USER_COMMENT: comment(told)}),
        with_exif(tmp_path / "c.jpg", {USER_COMMENT: bytes(8) + told.encode()}),
    ):
        assert [each.prompt for each in read_recipes(path)] == [text], path


def test_latin_1_as_the_specification_has_it(tmp_path: Path) -> None:
    path = raw_png(tmp_path / "a.png", chunk(b"tEXt", b"Title\0" + "café".encode("latin-1")))
    assert read_picture(path).texts == {"title": "café"}


def test_comfyuis_webp_has_its_graph_in_make_and_model(tmp_path: Path) -> None:
    path = with_exif(
        tmp_path / "a.webp",
        {MAKE: 'workflow:{"nodes": []}', MODEL: f"prompt:{json.dumps(GRAPH)}"},
    )
    (told,) = read_recipes(path)
    assert (told.tool, told.settings["seed"]) == ("comfyui", "42")


@pytest.mark.parametrize(
    "told",
    [{"prompt": GRAPH, "workflow": {}}, {"prompt": json.dumps(GRAPH)}, GRAPH],
    ids=["object", "text", "bare"],
)
def test_comfyuis_savers_write_graphs_into_comments(tmp_path: Path, told: object) -> None:
    path = with_exif(tmp_path / "a.jpg", {USER_COMMENT: comment(json.dumps(told))})
    (found,) = read_recipes(path)
    assert (found.tool, found.settings["seed"]) == ("comfyui", "42")


def test_fooocus_writes_json_into_exif(tmp_path: Path) -> None:
    path = with_exif(tmp_path / "a.jpg", {USER_COMMENT: comment(json.dumps(FOOOCUS), "utf-8")})
    assert [told.tool for told in read_recipes(path)] == ["fooocus"]


def test_a_comment_of_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 32)).save(path, comment=A1111)
    assert [told.tool for told in read_recipes(path)] == ["a1111"]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_xmp(tmp_path: Path, suffix: str) -> None:
    escaped = A1111.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    packet = (
        '<x:xmpmeta><rdf:RDF><rdf:Description><exif:UserComment><rdf:Alt><rdf:li xml:lang="x">'
        f"{escaped}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet)
        Image.new("RGB", (64, 32)).save(path, pnginfo=info)
    else:
        Image.new("RGB", (64, 32)).save(path, xmp=packet.encode())
    assert [told.prompt[:11] for told in read_recipes(path)] == ["masterpiece"]


def test_a_text_file_beside_a_picture_counts_when_it_tells_nothing(tmp_path: Path) -> None:
    path = png(tmp_path / "a.png", {})
    assert read_recipes(path) == []
    path.with_suffix(".txt").write_text(A1111)
    assert [told.settings["seed"] for told in read_recipes(path)] == ["123"]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_sizes_are_told_without_the_pixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (123, 77)).save(path)
    found = read_picture(path)
    assert (found.width, found.height) == (123, 77)


def test_sizes_of_lossless_and_extended_webp(tmp_path: Path) -> None:
    Image.new("RGB", (123, 77)).save(tmp_path / "a.webp", lossless=True)
    with_exif(tmp_path / "b.webp", {USER_COMMENT: comment("x")})
    sizes = [read_picture(tmp_path / name) for name in ("a.webp", "b.webp")]
    assert [(found.width, found.height) for found in sizes] == [(123, 77), (64, 32)]


def test_when_it_was_made(tmp_path: Path) -> None:
    told = "x\nSteps: 1, Seed: 2, CFG scale: 3"
    tags: dict[int, bytes | str] = {USER_COMMENT: comment(told), DATE: "2024:03:01 10:20:30"}
    (dated,) = read_recipes(with_exif(tmp_path / "a.jpg", tags))
    tags[DATE] = "0000:00:00 00:00:00"
    (undated,) = read_recipes(with_exif(tmp_path / "b.jpg", tags))
    (hub,) = generations_of(read_picture(png(tmp_path / "c.png", {"parameters": CIVITAI})))
    assert dated.made_at is not None
    assert undated.made_at is None
    assert hub.made_at == pytest.approx(1731411082.2)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a" + bytes(100))
    (tmp_path / "empty.png").touch()
    for name in ("a.png", "empty.png", "not there.png", "."):
        with pytest.raises(FormatError):
            read_picture(tmp_path / name)
