"""Whatever a picture holds: bounded work, a problem that is told, and never an exception."""

from __future__ import annotations

import json
import random
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from loradex.errors import FormatError
from loradex.formats.generation import generations_of
from loradex.formats.pictures import PictureTexts, read_picture
from loradex.formats.pictures.texts import MAX_TEXT
from loradex.operations.recipes.finding import PictureFile
from loradex.operations.recipes.reading import read_recipes, see_all
from recipes.making import (
    A1111,
    CIVITAI,
    FLUX,
    GRAPH,
    INVOKEAI,
    MODEL,
    SWARMUI,
    USER_COMMENT,
    comment,
    png,
    with_exif,
)
from recipes.test_pictures import chunk, raw_png

MEGABYTE = 1024 * 1024


def test_a_bomb_in_a_packed_text_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(100 * MEGABYTE), 9)
    path = raw_png(
        tmp_path / "bomb.png",
        chunk(b"zTXt", b"parameters\0\0" + bomb),
        chunk(b"iTXt", b"prompt\0\1\0\0\0" + bomb),
    )
    tracemalloc.start()
    found = read_picture(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.texts == {}
    assert found.notes == ["A text is too large when unpacked."]
    assert peak < 60 * MEGABYTE


def test_thousands_of_bombs_are_given_up(tmp_path: Path) -> None:
    bomb = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(20 * MEGABYTE), 9))
    broken = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(15 * MEGABYTE), 9)[:-9])
    for piece in (bomb, broken):
        found = read_picture(raw_png(tmp_path / "bombs.png", piece * 2_000))
        assert found.texts == {}
        assert len(found.notes) <= 4
        assert found.room == 0


def test_a_text_that_exif_points_to_a_thousand_times_is_read_once(tmp_path: Path) -> None:
    text = b"x" * (12 * MEGABYTE)
    entry = struct.pack("<HHII", 0x010E, 2, len(text), 8 + 2 + 12 * 1_000)
    tiff = b"II*\0" + struct.pack("<IH", 8, 1_000) + entry * 1_000 + text
    data = b"WEBP" + b"EXIF" + struct.pack("<I", len(tiff)) + tiff
    path = tmp_path / "a.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(data)) + data)
    found = read_picture(path)
    assert list(found.texts) == ["imagedescription"]
    assert found.tries == 2  # the EXIF, and the text in it


def test_a_text_of_100_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + head)
        file.write(struct.pack(">I", 100 * MEGABYTE) + b"tEXt")
        file.truncate(file.tell() + 100 * MEGABYTE + 4)
        file.seek(0, 2)
        file.write(chunk(b"tEXt", b"parameters\0" + A1111.encode()) + chunk(b"IEND", b""))
    found = read_picture(path)
    assert list(found.texts) == ["parameters"]
    assert "was not read" in found.notes[0]


def test_many_texts_are_bounded(tmp_path: Path) -> None:
    some = (chunk(b"tEXt", b"key %d\0x" % number) for number in range(5_000))
    found = read_picture(raw_png(tmp_path / "many.png", *some))
    assert len(found.texts) == 64
    assert len(found.notes) == 1


DEEP = "[" * 200_000
NESTED = '{"a":' * 100_000
HOSTILE = {
    "deep list": DEEP,
    "deep objects": NESTED,
    "deep in a pair": f"x\nSteps: 1, Seed: 2, Civitai resources: {DEEP}, CFG scale: 3",
    "many brackets": "x\nSteps: 1, Seed: 2, " + ", ".join(["a: [[[["] * 5_000),
    "one long word": "a" * (2 * MEGABYTE),
    "only colons": ":" * MEGABYTE,
    "only commas": "Steps: 1" + "," * MEGABYTE,
    "only spaces": "Steps: 1" + " " * MEGABYTE + "x",
    "open quote": 'Steps: 1, Seed: 2, A: "' + "\\" * MEGABYTE,
    "many tags": "<lora:" * 100_000 + "\nSteps: 1, Seed: 2, B: 3",
    "full tags": "<lora:a:1>" * 50_000 + "\nSteps: 1, Seed: 2, B: 3",
    "line breaks": "\n" * MEGABYTE + "Steps: 1, Seed: 2, B: 3",
    "controls": "evil \x1b]0;owned\x07 \u202egnp\x00\nSteps: 1, Seed: 2, Model: \x1b[31m",
    "surrogates": '{"sui_image_params": {"prompt": "\\ud800", "model": "\\udfff"}}',
    "huge numbers": '{"sui_image_params": {"seed": ' + "9" * 5_000 + "}}",
    "odd numbers": '{"sui_image_params": {"seed": 1e999, "steps": NaN, "loraweights": [Infinity],'
    ' "loras": [null, 1, {}, []]}}',
    "all lists": '{"sui_image_params": [], "sui_models": {}, "model": []}',
    "wrong types": json.dumps({"positive_prompt": [], "model": 5, "loras": {"a": 1}, "seed": {}}),
    "nodes of nothing": json.dumps({"nodes": [None, 1, [], {"id": [], "type": {}}], "links": [1]}),
    "a graph of nothing": json.dumps({"1": {"class_type": "KSampler", "inputs": []}}),
    "links to nowhere": json.dumps({"1": {"class_type": "KSampler", "inputs": {
        "model": ["1", 0], "positive": ["1", 0], "seed": ["2", 9], "steps": [None, None]}}}),
}  # fmt: skip


@pytest.mark.parametrize("key", ["parameters", "prompt", "workflow", "invokeai_metadata", "dream"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_borne(key: str, text: str) -> None:
    found = PictureTexts("png", 1, 1)
    found.put(key, text)
    for told in generations_of(found):
        assert len(told.models) <= 200
        assert all(len(value) <= 100_000 for value in told.settings.values())
        told.prompt.encode()  # SQLite refuses lone surrogates


def test_a_huge_graph_is_walked_once() -> None:
    """A chain of thirty thousand nodes, of which five thousand count."""
    graph = {
        str(n): {
            "class_type": "LoraLoader",
            "inputs": {"lora_name": f"l{n}", "model": [str(n + 1), 0]},
        }
        for n in range(30_000)
    }
    graph["0"] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "more": ["0", 0]}}
    found = PictureTexts("png", 1, 1)
    found.put("prompt", json.dumps(graph))
    (told,) = generations_of(found)
    assert len(told.models) == 200


def _originals(folder: Path) -> list[bytes]:
    paths = [
        png(folder / "a.png", {"parameters": A1111}),
        png(folder / "c.png", {"prompt": json.dumps(GRAPH), "workflow": json.dumps(FLUX)}),
        png(folder / "i.png", {"invokeai_metadata": json.dumps(INVOKEAI)}),
        png(folder / "s.png", {"parameters": json.dumps(SWARMUI)}),
        with_exif(folder / "a.jpg", {USER_COMMENT: comment(A1111), MODEL: "x"}),
        with_exif(folder / "c.webp", {USER_COMMENT: comment(CIVITAI, "utf-16-le")}),
        with_exif(folder / "g.webp", {MODEL: f"prompt:{json.dumps(GRAPH)}"}),
    ]
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("seed", range(8))
def test_mutated_pictures_never_raise_anything_else(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    originals = _originals(tmp_path)
    path = tmp_path / "mutated"
    for _ in range(250):
        data = bytearray(chance.choice(originals))
        for _ in range(chance.randint(1, 12)):
            place = chance.randrange(len(data))
            match chance.randrange(5):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randint(1, 50)]
                case 2:
                    data[place:place] = chance.randbytes(chance.randint(1, 50))
                case 3:
                    data[place : place + 4] = chance.choice(
                        [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b'{"":', b"[[[["]
                    )
                case _:
                    del data[max(place, 12) :]
            if not data:
                break
        path.write_bytes(bytes(data))
        try:
            told = read_recipes(path)
        except FormatError:
            continue
        for each in told:
            assert len(each.models) <= 200


@pytest.mark.parametrize("seed", range(4))
def test_mutated_texts_never_raise(seed: int) -> None:
    chance = random.Random(seed)
    texts = [A1111, CIVITAI, *(json.dumps(each) for each in (GRAPH, FLUX, INVOKEAI, SWARMUI))]
    for _ in range(400):
        text = chance.choice(texts)
        for _ in range(chance.randint(1, 10)):
            place = chance.randrange(len(text))
            piece = chance.choice(['"', "{", "}", "[", "]", ":", ",", "null", "\\", "\n", "é", ""])
            text = text[:place] + piece + text[place + chance.randint(0, 8) :]
            text = text or "x"
        found = PictureTexts("png", 1, 1)
        found.put(chance.choice(["parameters", "prompt", "invokeai_metadata"]), text)
        generations_of(found)


def test_a_bad_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    good = png(tmp_path / "good.png", {"parameters": A1111})
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:40])
    seen = see_all([PictureFile(bytes(path), 1, 1) for path in (bad, good, cut)])
    assert [each.generation is not None for each in seen] == [False, True, False]
    assert seen[0].problem == "is no PNG, JPEG or WebP picture."
    assert seen[2].problem is not None


def test_a_text_file_of_any_size_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(MAX_TEXT + 1)
    assert read_recipes(path) == []
