"""What trainers wrote into the metadata, and what must not be believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loradex.domain.hashes import EMPTY_SHA256
from loradex.formats.training import MOST_TAGS, TrainingFacts, describe

HASH = "40a3974a2feec92ad5ff5f50e0c55ba436a83e9a905199e6229a9d0f986266d0"


def tags(**folders: dict[str, Any]) -> dict[str, str]:
    return {"ss_tag_frequency": json.dumps({k.replace("__", " "): v for k, v in folders.items()})}


def test_kohya() -> None:
    facts = describe(
        {
            "ss_output_name": "lantern_v2",
            "ss_sd_model_name": "D:\\people\\anna\\models\\somePony_v6.safetensors",
            "ss_resolution": "(1024, 768)",
            "ss_training_finished_at": "1700000000.25",
            "ss_network_dim": "32",
            "ss_network_alpha": "16.0",
            "sshs_model_hash": HASH.upper(),
            "modelspec.date": "2020-01-01T00:00:00",
            "ss_tag_frequency": json.dumps(
                {"10_ppr lntrn": {"ppr lntrn": 40, " night ": 18}, "2_reg": {"night": 5, "day": 1}}
            ),
        }
    )
    assert facts == TrainingFacts(
        title="lantern_v2",
        claimed_tensor_hash=HASH,
        trigger_words=("ppr lntrn",),
        tag_counts=(("ppr lntrn", 40), ("night", 23), ("day", 1)),
        base_model_hint="somePony_v6.safetensors",
        resolution="1024x768",
        trained_at=1700000000.25,
        network_dim=32,
        network_alpha=16.0,
    )


def test_modelspec() -> None:
    facts = describe(
        {
            "modelspec.title": "Paper lanterns",
            "modelspec.author": "somebody",
            "modelspec.description": "Warm light.\nMany lanterns.",
            "modelspec.hash_sha256": f"0x{HASH}",
            "modelspec.trigger_phrase": "ppr lntrn, <lora:x:1>",
            "modelspec.resolution": "1024x1024",
            "modelspec.date": "2024-03-05T12:00:00Z",
        }
    )
    assert facts.title == "Paper lanterns"
    assert facts.author == "somebody"
    assert facts.description == "Warm light.\nMany lanterns."
    assert facts.claimed_tensor_hash == HASH
    assert facts.trigger_words == ("ppr lntrn",)
    assert facts.resolution == "1024x1024"
    assert facts.trained_at == 1709640000


def test_ai_toolkit_writes_its_trigger_word_as_a_tag_table() -> None:
    facts = describe(
        {
            "software": '{"name": "ai-toolkit"}',
            "ss_output_name": "my_flux",
            **tags(**{"1_p3rs0n": {"p3rs0n": 1}}),
        }
    )
    assert facts.trigger_words == ("p3rs0n",)


def test_onetrainer_and_peft() -> None:
    config = {
        "base_model_name": "/models/sdxl/base.safetensors",
        "resolution": "768",
        "lora_rank": 8,
        "lora_alpha": 4.0,
    }
    facts = describe({"ot_config": json.dumps(config)})
    assert facts.base_model_hint == "base.safetensors"
    assert facts.resolution == "768x768"
    assert (facts.network_dim, facts.network_alpha) == (8, 4.0)
    peft = {"transformer.r": 64, "transformer.lora_alpha": 32}
    facts = describe({"lora_adapter_metadata": json.dumps(peft)})
    assert (facts.network_dim, facts.network_alpha) == (64, 32.0)


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ({"10_ohwx man": {"ohwx man": 3}}, ("ohwx man",)),
        ({"10_Ohwx_Man": {"ohwx man": 3, "smile": 9}}, ("ohwx man",)),
        ({"10_img": {"1girl": 3}}, ()),  # a name that the captions do not repeat
        ({"actfig": {"actfig": 1}}, ()),  # no repeats: not a training folder
        ({"5_a": {"a": 1}, "5_b": {"b": 1}, "5_A": {"A": 1}}, ("a", "b")),
    ],
)
def test_trigger_words_from_folders(folders: Any, words: tuple[str, ...]) -> None:
    assert describe({"ss_tag_frequency": json.dumps(folders)}).trigger_words == words


def test_the_commonest_tags_only() -> None:
    many = {f"tag {n:03}": n for n in range(1, 500)}
    facts = describe(tags(**{"1_x": many}))
    assert len(facts.tag_counts) == MOST_TAGS
    assert facts.tag_counts[0] == ("tag 499", 499)


def test_a_tag_table_that_was_cut_is_read_as_far_as_it_goes() -> None:
    text = json.dumps({"10_tok": {"tok": 30, 'quote " and \\': 20, "été": 10, "last": 5}})
    facts = describe({"ss_tag_frequency": text[: text.index('"last"') + 4]})
    assert facts.tag_counts == (("tok", 30), ('quote " and \\', 20), ("été", 10))
    assert facts.trigger_words == ("tok",)


def test_a_cut_table_of_escaped_quotes_is_gone_over_once() -> None:
    # What goes back for every quote takes hours over this one.
    text = '{"1_a": {"b": 2, "' + '\\"' * 3_000_000
    assert describe({"ss_tag_frequency": text}).tag_counts == (("b", 2),)


@pytest.mark.parametrize("cut", ["\\", '\\"', "x", "", "\\\\"])
def test_a_table_cut_within_a_caption(cut: str) -> None:
    text = '{"1_a": {"b" :\n 2, "": 4, "' + "y" * 2001 + '": 9, "c\\u00e9": 1, "' + cut
    assert describe({"ss_tag_frequency": text}).tag_counts == (("b", 2), ("cé", 1))


def test_the_commonest_is_found_behind_thousands_of_rare_ones() -> None:
    many = {f"rare {n}": 1 for n in range(5000)}
    facts = describe(tags(**{"1_often": {**many, "often": 1000}, "2_x": {"rare 4999": 4}}))
    assert facts.tag_counts[:2] == (("often", 1000), ("rare 4999", 5))
    assert len(facts.tag_counts) == MOST_TAGS
    assert facts.trigger_words == ("often",)


def test_many_folders_are_summed() -> None:
    folders = {f"1_f{n}": {"same": 1, f"tag {n:05}": 1} for n in range(20_000)}
    assert describe({"ss_tag_frequency": json.dumps(folders)}).tag_counts[0] == ("same", 20_000)


@pytest.mark.parametrize(
    "claim",
    [EMPTY_SHA256, f"0x{EMPTY_SHA256.upper()}", "", "None", "40a3974a2fee", "z" * 64, HASH + "0"],
)
def test_hashes_that_identify_nothing(claim: str) -> None:
    assert describe({"sshs_model_hash": claim}).claimed_tensor_hash is None
    second = describe({"sshs_model_hash": claim, "modelspec.hash_sha256": HASH})
    assert second.claimed_tensor_hash == HASH


ODD_JSON = [
    "", " ", "null", "[]", "[1, 2]", "{", "}", '"text"', "NaN", '{"a": NaN}', "{" * 200_000,
    '{"a":' * 50_000 + "1" + "}" * 50_000, '{"1_a": []}', '{"1_a": {"b": []}}',
    '{"1_a": {"b": true}}', '{"1_a": {"b": -5}}', '{"1_a": {"b": 0}}', '{"1_a": {"b": 1e400}}',
    '{"1_a": {"b": ' + "9" * 6000 + "}}", '{"1_a": {"": 3, "  ": 4}}', '{"1_a": {"b": "12"}}',
    '{"1_a": null, "b": 3}', "\ud800", '{"\\ud800": {"x": 1}}', "{'1_a': {'b': 2}}",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD_JSON)
def test_odd_json_never_raises(text: str) -> None:
    facts = describe(
        dict.fromkeys(("ss_tag_frequency", "ot_config", "lora_adapter_metadata"), text)
    )
    assert all(0 < count <= 1_000_000_000 for _, count in facts.tag_counts)
    assert facts.network_dim is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "None",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "-4",
        "0",
        "9" * 6000,
        "3.5.1",
        "0x10",
        "Dynamic",
        "٣٢x",
        "\x00",
    ],
)
def test_odd_numbers_never_raise(text: str) -> None:
    keys = ("ss_network_dim", "ss_resolution", "modelspec.resolution", "ss_training_finished_at",
            "ss_training_started_at", "modelspec.date")  # fmt: skip
    facts = describe(dict.fromkeys(keys, text))
    assert facts == TrainingFacts()
    assert describe({"ss_network_alpha": text}).network_alpha in {None, 0.0}


@pytest.mark.parametrize(
    "date", ["9999-12-31T23:59:59-14:00", "0001-01-01", "1970-01-01", "2024-13-45", "yesterday"]
)
def test_dates_out_of_range(date: str) -> None:
    assert describe({"modelspec.date": date}).trained_at is None


def test_text_is_bounded_and_storable() -> None:
    long = "x" * 100_000
    facts = describe(
        {
            "modelspec.title": long,
            "modelspec.author": "a\x00\ud800b",
            "modelspec.description": long,
            "modelspec.trigger_phrase": long,
            "ss_sd_model_name": long,
            **tags(**{"1_x": {long: 1}}),
        }
    )
    assert len(facts.title or "") == 256
    assert facts.author == "a\\ud800b"
    assert len(facts.description or "") == 20_000
    assert len(facts.trigger_words[0]) == 2_000
    assert len(facts.base_model_hint or "") == 256
    assert len(facts.tag_counts[0][0]) == 256
