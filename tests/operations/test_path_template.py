"""Templates of paths: fields, alternatives, filters, optional parts, and what is refused where."""

from __future__ import annotations

import pytest

from loradex.errors import UsageError
from loradex.operations.path_template import Field, PathTemplate
from loradex.operations.template_reading import TemplateError, read_path_template

FIELDS = {"kind": False, "base": False, "creator": False, "name": False, "tag": True}
FIELDS |= {"version": False, "file": False}
VALUES = {
    "kind": "LoRA",
    "base": "SDXL",
    "name": "Néon  Knight/2",
    "version": None,
    "file": "orig",
    "tag": "style",
    "tag(anime,photo)": "photo",
}


def look_up(field: Field) -> str | None:
    words = f"({','.join(field.words)})" if field.words else ""
    return VALUES.get(f"{field.name}{words}")


def read(text: str) -> PathTemplate:
    return read_path_template(text, FIELDS, names_file=True)


@pytest.mark.parametrize(
    ("template", "folders", "name"),
    [
        ("{kind}/{base}/{name}", ("LoRA", "SDXL"), "Néon  Knight_2"),
        ("{kind}/", ("LoRA",), None),
        ("{kind}/{creator}/", ("LoRA", "unknown"), None),
        ("{kind}/<{creator}/>", ("LoRA",), None),
        ("{kind}/<{base}/>", ("LoRA", "SDXL"), None),
        ("{creator|'nobody'}/{file}", ("nobody",), "orig"),
        ('{creator|"nobody"}/{file}', ("nobody",), "orig"),
        ("{creator|version|base}/{file}", ("SDXL",), "orig"),
        ("{creator|''}/{file}", (), "orig"),
        ("{kind}/<{creator}/>{file}", ("LoRA",), "orig"),
        ("<{kind}/>{file}", ("LoRA",), "orig"),
        ("{file}< - {version}>", (), "orig"),
        ("{file}< - {base}>", (), "orig - SDXL"),
        ("{file} {version}", (), "orig"),
        ("{creator} - {file} [{version}]", (), "orig []"),
        ("{version}", (), None),
        ("{name:ascii:lower:dashes}", (), "neon-knight_2"),
        ("{name:cut(4)}", (), "Néon"),
        ("{tag}-{tag(anime, photo)}", (), "style-photo"),
        ("{tag(cat)|'no cat'}", (), "no cat"),
        ("{{{kind}}}", (), "{LoRA}"),
        ("con/{kind}", ("_con",), "LoRA"),
    ],
)
def test_a_template_is_filled(template: str, folders: tuple[str, ...], name: str | None) -> None:
    filled = read(template).fill(look_up)
    assert (filled.folders, filled.name) == (folders, name)


@pytest.mark.parametrize(
    "value", ["../../etc/passwd", "/abs", "..", "a\x00b", "\u202e", "con", "x" * 999]
)
def test_no_value_leaves_its_name(value: str) -> None:
    filled = read("{kind}/{name}/{file}").fill(lambda _field: value)
    assert filled.name is not None
    for name in (*filled.folders, filled.name):
        assert name not in ("", ".", "..", "con")
        assert not set(name) & set('/\\\0<>:"|?*\u202e')
        assert len(name.encode()) <= 180


@pytest.mark.parametrize(
    ("template", "place", "words"),
    [
        ("{kind}/{bse}/x", 8, "no field 'bse'"),
        ("{kind", 0, "no }"),
        ("{kind!r}", 5, "should be"),
        ("a}b", 1, "without its {"),
        ("{}", 1, "a field should be"),
        ("{name:big}", 6, "no filter 'big'"),
        ("{name:cut}", 6, "a number"),
        ("{name:cut(0)}", 6, "a number"),
        ("{name|'x}", 6, "no second one"),
        ("{tag(a}", 4, "no )"),
        ("{tag()}", 5, "commas"),
        ("{file}< - {version}", 6, "no >"),
        ("a>b", 1, "belongs to nothing"),
        ("<a<b>>", 2, "belongs to nothing"),
        ("a:b", 1, "none of"),
        ("a\\b", 1, "none of"),
        ("a\u202eb", 1, "invisible"),
        ("/{name}", 0, "nothing, or"),
        ("a//{name}", 2, "nothing, or"),
        ("a/../{name}", 2, "nothing, or"),
        ("/".join("abcdefghij"), 0, "more than 8"),
    ],
)
def test_a_wrong_template_is_pointed_at(template: str, place: int, words: str) -> None:
    with pytest.raises(TemplateError, match="cannot be read") as wrong:
        read(template)
    assert words in wrong.value.message
    assert wrong.value.position == place or words in ("more than 8",)
    assert isinstance(wrong.value, UsageError)


def test_it_knows_whether_files_keep_their_names() -> None:
    keeps = [read(text).keeps_names for text in ("{kind}/", "{kind}/{file}", "{kind}/{file}-2")]
    assert keeps == [True, True, False]
    assert read("{kind}/<{creator|name}/>{file}").fields == {"kind", "creator", "name", "file"}
