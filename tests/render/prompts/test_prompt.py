"""Whole prompts: LoRA tags, embeddings, notes."""

from __future__ import annotations

import pytest

from loradex.render.prompts.lora_tags import take_lora_tags
from loradex.render.prompts.pieces import Piece
from loradex.render.prompts.prompt import parse_prompt, weighted
from loradex.render.unreadable import UnreadableText


@pytest.mark.parametrize(
    ("tag", "strength", "clip", "blocks"),
    [
        ("<lora:it>", 1.0, 1.0, None),
        ("<lora:it:0.8>", 0.8, 0.8, None),
        ("<lora:it:0.8:0.6>", 0.8, 0.6, None),
        ("<LORA: it : -1 >", -1.0, -1.0, None),
        ("<lyco:it:.5>", 0.5, 0.5, None),
        ("<lora:it:te=0.5:unet=0.7>", 0.7, 0.5, None),
        ("<lora:it:0.9:te=0>", 0.9, 0.0, None),
        ("<lora:it:1:lbw=1,0,0.5>", 1.0, 1.0, "1,0,0.5"),
        ("<lora:it:1:1:lbw=MIDD>", 1.0, 1.0, "MIDD"),
    ],
)
def test_a_lora_tag(tag: str, strength: float, clip: float, blocks: str | None) -> None:
    text, (request,), _ = take_lora_tags(f"cat {tag}")
    assert text == "cat"
    assert (request.name, request.strength, request.strength_clip) == ("it", strength, clip)
    assert request.blocks == blocks
    assert (request.position, request.length) == (4, len(tag))


def test_several_tags_keep_their_order() -> None:
    prompt = parse_prompt("<lora:b:1> cat, <lora:a:0.5> dog")
    assert prompt.text == "cat,  dog"
    assert [request.name for request in prompt.loras] == ["b", "a"]
    assert prompt.notes == ()


def test_two_numbers_are_told_to_be_read_otherwise_elsewhere() -> None:
    (note,) = parse_prompt("<lora:a:0.5:1>").notes
    assert "A1111 has them the other way round" in note
    assert parse_prompt("<lora:a:1:1>").notes == ()


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a <lora:it:x>", 11),
        ("<lora:it:1:2:3>", 13),
        ("<lora:it:1:te=x>", 14),
        ("<lora:it:nan>", 9),
        ("<lora:it:1e9>", 9),
        ("<lora:it:colour=1>", 9),
        ("<lora:it:lbw=>", 9),
        ("a <lora: :1>", 2),
        ("a <hypernet:x:1>", 2),
        ("a (b:1.1.1)", 5),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text: str, position: int) -> None:
    with pytest.raises(UnreadableText) as caught:
        parse_prompt(text)
    assert caught.value.position == position
    assert caught.value.text == text


@pytest.mark.parametrize("text", ["<3", "a < b > c", "<lora>", "<b:1>"])
def test_other_angle_brackets_are_words(text: str) -> None:
    assert parse_prompt(text).text == text


def test_composed_prompts_are_told_not_to_be() -> None:
    assert "AND" in parse_prompt("a cat AND a dog").notes[0]
    assert parse_prompt("a cat and a dog").notes == ()


def test_embeddings_stand_as_pieces_of_their_own() -> None:
    known = {"easynegative", "bad-hands-5"}
    (section,) = weighted("x, (EasyNegative:1.2), bad-hands-5. easynegative2", known).sections
    assert section == (
        Piece("x, ", 1.0),
        Piece("EasyNegative", 1.2, "easynegative"),
        Piece(", ", 1.0),
        Piece("bad-hands-5", 1.0, "bad-hands-5"),
        Piece(". easynegative2", 1.0),
    )
    assert weighted("embedding:EasyNegative.pt", known).sections == (
        (Piece("embedding:EasyNegative.pt", 1.0, "easynegative"),),
    )
    assert weighted("embedding:other", known).sections == ((Piece("embedding:other"),),)
    assert weighted("easynegative").sections == ((Piece("easynegative"),),)


def test_embeddings_asked_for_by_prefix_are_listed() -> None:
    prompt = parse_prompt("a, embedding:One.safetensors, (embedding:two:1.2) embedding:one.")
    assert prompt.embeddings == ("one", "two")
