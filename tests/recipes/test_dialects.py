"""What each tool writes is read: prompt, numbers, and every model with its strength."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from loradex.domain.generation import Generation, NamedModel
from loradex.domain.grid import Cell
from loradex.domain.infotext import Infotext, format_infotext
from loradex.domain.recipe import GridModel, LoraUse, Recipe
from loradex.formats.generation import generations_of
from loradex.formats.pictures import PictureTexts, read_picture
from loradex.render.cells import save_picture
from recipes.making import (
    A1111,
    CIVITAI,
    DREAM,
    EDITOR,
    FLUX,
    FOOOCUS,
    FORGE,
    GRAPH,
    HUB,
    INVOKEAI,
    OLD_INVOKEAI,
    SDNEXT,
    SWARMUI,
    write_json,
)

Told = dict[str, str]


def told(**texts: str) -> Generation:
    """Return what a PNG with these texts tells."""
    names = {"sd_metadata": "sd-metadata"}
    found = PictureTexts("png", 64, 32)
    for name, text in texts.items():
        found.put(names.get(name, name), text)
    (only,) = generations_of(found)
    return only


def models(generation: Generation) -> list[tuple[str, ...]]:
    """Return models as role, name, hash or version, strengths."""
    return [
        (
            model.role.value,
            model.name,
            model.hash or (f"v{model.version_id}" if model.version_id else ""),
            " ".join(f"{n:g}" for n in (model.strength, model.strength_clip) if n is not None),
        )
        for model in generation.models
    ]


CASES = [
    pytest.param(
        {"parameters": A1111}, "a1111",
        {"seed": "123", "steps": "20", "sampler": "Euler a", "schedule": "Karras",
         "guidance_scale": "7", "width": "512", "height": "768", "clip_skip": "2"},
        [("checkpoint", "dreamshaper_8", "879db523c3", ""),
         ("lora", "neon_knight", "0123456789ab", "0.8"),
         ("lora", "rain", "ba9876543210", "0.7 0.5"),
         ("embedding", "easynegative", "c74b4e810b03", ""),
         ("vae", "vae-ft-mse.safetensors", "735e4c3a44", ""),
         ("controlnet", "control_canny", "d14c016b", "0.6"),
         ("upscaler", "4x-UltraSharp", "", "")],
        id="a1111",
    ),
    pytest.param(
        {"parameters": FORGE}, "forge",
        {"seed": "3", "distilled_guidance_scale": "3.5", "width": "896", "schedule": "Simple"},
        [("checkpoint", "flux1-dev-bnb-nf4-v2", "c161224931", ""),
         ("lora", "neon", "0123456789ab", "0.9"),
         ("vae", "ae", "", ""),
         ("text_encoder", "clip_l", "", ""),
         ("text_encoder", "t5xxl_fp8_e4m3fn", "", "")],
        id="forge",
    ),
    pytest.param(
        {"parameters": SDNEXT}, "sdnext",
        {"seed": "7", "sampler": "UniPC", "width": "1024", "version": "7725d1e"},
        [("checkpoint", "juggernaut", "33e58e8668", ""), ("lora", "neon", "0123456789", "0.8"),
         ("lora", "rain", "9876543210", "1")],
        id="sdnext",
    ),
    pytest.param(
        {"parameters": CIVITAI}, "civitai",
        {"seed": "5", "width": "832", "height": "1216"},
        [("checkpoint", "DreamShaper 8", "v128713", ""),
         ("lora", "Add, Detail v1", "v62833", "0.75")],
        id="civitai",
    ),
    pytest.param(
        {"prompt": json.dumps(GRAPH)}, "comfyui",
        {"seed": "42", "steps": "25", "guidance_scale": "6.5", "sampler": "dpmpp_2m",
         "schedule": "karras", "width": "1024", "height": "768"},
        [("checkpoint", "xl\\base.safetensors", "", ""),
         ("lora", "style/neon.safetensors", "", "0.8 0.6"),
         ("lora", "rain.safetensors", "", "0.5"),
         ("embedding", "glow", "", "")],
        id="comfyui",
    ),
    pytest.param(
        {"prompt": json.dumps(FLUX).replace("1.0", "NaN")}, "comfyui",
        {"seed": "77", "steps": "20", "distilled_guidance_scale": "3.5", "sampler": "euler",
         "schedule": "simple", "width": "1024"},
        [("checkpoint", "flux1-dev.safetensors", "", ""),
         ("lora", "foxes", "", "0.9"),
         ("vae", "ae.safetensors", "", ""),
         ("text_encoder", "t5.safetensors", "", ""),
         ("text_encoder", "clip_l.safetensors", "", "")],
        id="comfyui, custom sampler, NaN",
    ),
    pytest.param(
        {"workflow": json.dumps(EDITOR)}, "comfyui",
        {"seed": "99", "steps": "12", "guidance_scale": "5.5", "width": "640", "height": "480"},
        [("checkpoint", "base.ckpt", "", ""), ("lora", "neon.safetensors", "", "0.7 1")],
        id="comfyui, editor's form",
    ),
    pytest.param(
        {"invokeai_metadata": json.dumps(INVOKEAI)}, "invokeai",
        {"seed": "99", "steps": "30", "sampler": "euler", "guidance_scale": "7.5"},
        [("checkpoint", "juggernaut", "ef" * 32, ""), ("lora", "neon", "", "0.65")],
        id="invokeai",
    ),
    pytest.param(
        {"sd_metadata": json.dumps(OLD_INVOKEAI), "dream": DREAM}, "invokeai",
        {"seed": "42", "steps": "50", "height": "640", "version": "2.3.0"},
        [("checkpoint", "sd-1.5", "cc6cb27103", "")],
        id="invokeai 2",
    ),
    pytest.param(
        {"dream": DREAM}, "invokeai",
        {"seed": "42", "steps": "50", "width": "512", "sampler": "k_lms"}, [], id="invokeai 1",
    ),
    pytest.param(
        {"parameters": json.dumps(SWARMUI)}, "swarmui",
        {"seed": "5", "steps": "20", "guidance_scale": "7.5", "version": "0.9.2.0"},
        [("checkpoint", "Official/sd_xl_base_1.0", "ab" * 32, ""),
         ("lora", "Neon", "cd" * 32, "0.8"),
         ("lora", "rain", "", "1")],
        id="swarmui",
    ),
    pytest.param(
        {"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"}, "fooocus",
        {"seed": "12", "steps": "30", "width": "1152", "height": "896"},
        [("checkpoint", "juggernautXL_v8", "aeb7e9e689", ""),
         ("lora", "sd_xl_offset.safetensors", "4852686128", "0.1")],
        id="fooocus",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "tool", "settings", "wanted"), CASES)
def test_each_tool_is_read(
    texts: Told, tool: str, settings: Told, wanted: list[tuple[str, ...]]
) -> None:
    found = told(**texts)
    assert found.tool == tool
    assert {name: found.settings.get(name) for name in settings} == settings
    assert models(found) == wanted


@pytest.mark.parametrize(
    ("texts", "positive", "negative"),
    [
        (
            {"parameters": A1111},
            "masterpiece, neon city, <lora:neon_knight:0.8>, <lora:rain:0.5:0.7>\na second line",
            "blurry, easynegative\na second line of it",
        ),
        ({"prompt": json.dumps(GRAPH)}, "a city, embedding:glow", "blurry"),
        ({"prompt": json.dumps(FLUX)}, "a fox", ""),
        ({"workflow": json.dumps(EDITOR)}, "a boat", "fog"),
        ({"dream": DREAM}, "a cat", "a dog"),
        ({"parameters": json.dumps(SWARMUI)}, "a robot", "rust"),
        ({"parameters": SDNEXT}, "a lake <lora:neon:0.8> <lora:rain:1.0>", "fog"),
        ({"parameters": FORGE}, "a bridge <lora:neon:0.9>", ""),
    ],
)
def test_prompts(texts: Told, positive: str, negative: str) -> None:
    found = told(**texts)
    assert (found.prompt, found.negative_prompt) == (positive, negative)


def test_a_hubs_answer_tells_of_several_pictures(tmp_path: Path) -> None:
    first, second = generations_of(read_picture(write_json(tmp_path / "images.json", HUB)))
    assert (first.tool, first.prompt, first.settings["width"]) == (
        "civitai", "a hill <lora:neon:0.7>", "512",
    )  # fmt: skip
    assert models(first) == [
        ("checkpoint", "dreamshaper_8", "879db523c3", ""),
        ("lora", "neon", "0123456789ab", "0.7"),
    ]
    assert models(second) == [("checkpoint", "", "v11", ""), ("lora", "", "v22", "1.2")]


def test_a_graph_and_a_text_tell_together() -> None:
    text = format_infotext(
        Infotext("a city", "", {"Steps": "25", "Seed": "42", "CFG scale": "6.5",
                                "Model": "base", "Model hash": "0123456789",
                                "Lora hashes": "neon: 0123456789ab"})
    )  # fmt: skip
    found = told(parameters=text, prompt=json.dumps(GRAPH))
    assert found.tool == "comfyui"
    assert models(found)[:3] == [
        ("checkpoint", "base", "0123456789", ""),
        ("lora", "neon", "0123456789ab", "0.8 0.6"),
        ("lora", "rain.safetensors", "", "0.5"),
    ]


def test_our_own_cells_are_known(tmp_path: Path) -> None:
    base = GridModel(1, "base", "/m/base.safetensors", "a1" * 32, "sdxl")
    neon = GridModel(2, "neon", "/m/neon.safetensors", "b2" * 32, "sdxl")
    cell = Cell(Recipe(base, "a city", "fog", 5, loras=(LoraUse(neon, 0.8, 0.6),)), "0" * 32)
    save_picture(Image.new("RGB", (64, 64)), tmp_path / "cell.png", cell, engine="loradex 1; torch")
    (found,) = generations_of(read_picture(tmp_path / "cell.png"))
    assert (found.tool, found.own, found.settings["seed"]) == ("loradex", True, "5")
    assert models(found) == [
        ("checkpoint", "base", "a1" * 5, ""), ("lora", "neon", "b2" * 5, "0.8 0.6"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "strength", "clip"),
    [
        ("<lora:a>", 1.0, None),
        ("<lora:a:0.5>", 0.5, None),
        ("<lora:a:0.5:0.8>", 0.8, 0.5),
        ("<lora:a:te=0.2:unet=0.9>", 0.9, 0.2),
        ("<lyco:a:-1.5>", -1.5, None),
        ("<lora:a:0.5:lbw=OUTALL>", 0.5, None),
    ],
)
def test_strengths_of_tags(tag: str, strength: float, clip: float | None) -> None:
    found = told(parameters=f"x {tag}\nSteps: 1, Seed: 2, CFG scale: 3")
    assert [(m.name, m.strength, m.strength_clip) for m in found.models] == [("a", strength, clip)]


def loaders(class_type: str, **inputs: object) -> list[tuple[str, ...]]:
    """Return the LoRAs of a graph with this node between checkpoint and sampler."""
    graph = json.loads(json.dumps(GRAPH))
    graph["11"] = {"class_type": class_type, "inputs": {**inputs, "model": ["4", 0]}}
    return [
        (name, strength)
        for role, name, _, strength in models(told(prompt=json.dumps(graph)))
        if role == "lora"
    ]


@pytest.mark.parametrize(
    ("class_type", "inputs", "wanted"),
    [
        ("LoraLoaderModelOnly", {"lora_name": "a.safetensors", "strength_model": 0.4},
         [("a.safetensors", "0.4")]),
        ("LoraLoader", {"lora_name": "a.safetensors", "strength_model": 0, "strength_clip": 0}, []),
        ("LoRA Stacker", {"input_mode": "simple", "lora_count": 2, "lora_name_1": "a", "lora_wt_1":
                          0.3, "model_str_1": 1, "lora_name_2": "b", "lora_wt_2": 0.6,
                          "lora_name_3": "c", "lora_wt_3": 1}, [("a", "0.3"), ("b", "0.6")]),
        ("LoRA Stacker", {"input_mode": "advanced", "lora_count": 1, "lora_name_1": "a",
                          "lora_wt_1": 1, "model_str_1": 0.7, "clip_str_1": 0.2},
         [("a", "0.7 0.2")]),
        ("CR LoRA Stack", {"switch_1": "On", "lora_name_1": "a", "model_weight_1": 0.5,
                           "clip_weight_1": 0.5, "switch_2": "Off", "lora_name_2": "b",
                           "model_weight_2": 1, "clip_weight_2": 1}, [("a", "0.5")]),
        ("easy loraStack", {"toggle": True, "num_loras": 1, "lora_1_name": "a",
                            "lora_1_strength": 0.9, "lora_2_name": "b", "lora_2_strength": 1},
         [("a", "0.9")]),
        ("Lora Loader Stack (rgthree)", {"lora_01": "a", "strength_01": 0.8, "lora_02": "None",
                                         "strength_02": 1}, [("a", "0.8")]),
        ("Efficient Loader", {"ckpt_name": "c.safetensors", "lora_name": "a",
                              "lora_model_strength": 0.6, "lora_clip_strength": 0.6},
         [("a", "0.6")]),
        ("LoraTagLoader", {"text": "x <lora:a:0.25>"}, [("a", "0.25")]),
        ("WanVideoLoraSelect", {"lora": "a.safetensors", "strength": 1.5},
         [("a.safetensors", "1.5")]),
    ],
)  # fmt: skip
def test_nodes_that_load_loras(
    class_type: str, inputs: dict[str, object], wanted: list[tuple[str, ...]]
) -> None:
    assert loaders(class_type, **inputs) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("neon.safetensors : 0.5", [("lora", "neon.safetensors", "", "0.5")]),
        ("True : neon.safetensors : 0.5", [("lora", "neon.safetensors", "", "0.5")]),
        ("False : neon.safetensors : 0.5", []),
        ("None : 1.0", []),
        ("", []),
    ],
)
def test_loras_of_older_fooocus(value: str, wanted: list[tuple[str, ...]]) -> None:
    data = {**FOOOCUS, "loras": None, "base_model": "x", "lora_combined_1": value}
    found = models(told(parameters=json.dumps(data)))
    assert [each for each in found if each[0] == "lora"] == wanted


def test_a_pipe_of_easy_use() -> None:
    graph = {
        "1": {"class_type": "easy fullLoader", "inputs": {
            "ckpt_name": "base.safetensors", "lora_name": "neon.safetensors",
            "lora_model_strength": 0.8, "lora_clip_strength": 0.8, "positive": "a city",
            "negative": "fog", "empty_latent_width": 512, "empty_latent_height": 640}},
        "2": {"class_type": "easy preSampling", "inputs": {
            "pipe": ["1", 0], "seed": 4, "steps": 9, "cfg": 5, "sampler_name": "euler",
            "scheduler": "normal"}},
        "3": {"class_type": "easy kSampler", "inputs": {"pipe": ["2", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 1]}},
    }  # fmt: skip
    found = told(prompt=json.dumps(graph))
    assert (found.prompt, found.settings["seed"], found.settings["steps"]) == ("a city", "4", "9")
    assert models(found) == [
        ("checkpoint", "base.safetensors", "", ""), ("lora", "neon.safetensors", "", "0.8"),
    ]  # fmt: skip


def test_models_behind_variables_and_in_subgraphs_are_found() -> None:
    nodes = [
        {"id": 1, "type": "SaveImage", "inputs": [{"name": "images", "link": 1}]},
        {"id": 2, "type": "sub-1", "inputs": [{"name": "model", "link": 2}]},
        {"id": 3, "type": "GetNode", "widgets_values": ["model"]},
        {"id": 4, "type": "UNETLoader", "widgets_values": ["flux.safetensors", "default"]},
    ]
    inner = {
        "id": "sub-1",
        "nodes": [
            {
                "id": 9,
                "type": "Power Lora Loader (rgthree)",
                "widgets_values": [
                    {},
                    {"on": True, "lora": "neon.safetensors", "strength": 0.7, "strengthTwo": None},
                    {"on": False, "lora": "off.safetensors", "strength": 1},
                    {},
                    "",
                ],
            }
        ],
        "links": [],
    }
    editor = {"nodes": nodes, "links": [[1, 2, 0, 1, 0, "IMAGE"], [2, 3, 0, 2, 0, "MODEL"]],
              "definitions": {"subgraphs": [inner]}}  # fmt: skip
    assert models(told(workflow=json.dumps(editor))) == [
        ("checkpoint", "flux.safetensors", "", ""), ("lora", "neon.safetensors", "", "0.7"),
    ]  # fmt: skip


def test_pictures_of_other_tools_are_not_taken_for_ours() -> None:
    novelai = json.dumps({"prompt": "a cat", "steps": 28, "sampler": "k_euler", "uc": "x"})
    assert generations_of(PictureTexts("png", 1, 1, {"comment": novelai})) == []


def test_a_cycle_and_loose_ends_do_no_harm() -> None:
    graph = json.loads(json.dumps(GRAPH))
    graph["4"]["inputs"]["model"] = ["3", 0]
    graph["6"]["inputs"]["text"] = ["6", 0]
    graph["7"]["inputs"]["text"] = ["nowhere", 0]
    graph["5"] = "no node"
    found = told(prompt=json.dumps(graph))
    assert ("checkpoint", "xl\\base.safetensors", "", "") in models(found)


def test_the_digest_of_nothing_is_no_digest() -> None:
    found = told(
        parameters='x <lora:a:1>\nSteps: 1, Seed: 2, Model: m, Lora hashes: "a: e3b0c44298fc"'
    )
    assert NamedModel("lora", "a", "", 0, 0, 1.0) in found.models  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["just a caption", "Steps: many", "{}", "[]", '{"prompt": 5}', "a: b", "Steps: 1"]
)
def test_other_texts_tell_nothing(text: str) -> None:
    assert generations_of(PictureTexts("png", 1, 1, {"parameters": text})) == []
