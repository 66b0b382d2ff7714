"""`loradex recipe` and `loradex used`, as a person and as a script call them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from catalog_kit import look, model, version
from cli.kit import HOSTILE, Run
from loradex.catalog.catalog import Catalog
from loradex.domain.generation import ModelRole, NamedModel
from loradex.operations.recipes.sampler_names import a1111_names
from loradex.paths import Home
from recipes.making import A1111, png
from recipes.test_matching import keep, picture, scanned

JSON_PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")


def test_reading_needs_no_catalog(run: Run, home: Home, tmp_path: Path) -> None:
    path = png(tmp_path / "a.png", {"parameters": A1111})
    (told,) = json.loads(run("recipe", "read", str(path), "--json").out)
    assert (told["tool"], told["settings"]["seed"]) == ("a1111", "123")
    assert "not in the library" not in run("recipe", "read", str(path)).out
    assert not home.catalog.exists()


def test_a_damaged_catalog_does_not_hide_what_a_picture_tells(
    run: Run, home: Home, tmp_path: Path
) -> None:
    home.catalog.write_bytes(b"no database" * 100)
    ended = run("recipe", "read", str(png(tmp_path / "a.png", {"parameters": A1111})))
    assert ended.code == 0
    assert "dreamshaper_8" in ended.out
    assert "Which of the models are here is not told" in ended.err


def test_reading_says_what_it_cannot_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    good = png(tmp_path / "a.png", {"parameters": A1111})
    ended = run("recipe", "read", str(tmp_path / "bad.png"), str(good), str(tmp_path))
    assert ended.code == 3
    assert "bad.png: It is no PNG" in ended.err
    assert "recipe import FOLDER" in ended.err
    assert "dreamshaper_8" in ended.out


def test_nothing_in_a_picture_reaches_the_terminal(run: Run, tmp_path: Path) -> None:
    text = f"{HOSTILE}\nSteps: 1, Seed: 2, CFG scale: 3, Sampler: {HOSTILE}, Model: {HOSTILE}"
    path = png(tmp_path / "a.png", {"parameters": text})
    run("recipe", "import", str(path))
    outputs = [
        run("recipe", "read", str(path)),
        run("recipe", "read", "--whole", str(path)),
        run("recipe", "read", "--json", str(path)),
        run("recipe", "list"),
        run("recipe", "list", "--json"),
        run("recipe", "show", "1"),
        run("recipe", "show", "1", "--infotext"),
        run("recipe", "missing"),
        run("recipe", "missing", "--json"),
    ]
    for ended in outputs:
        assert not set("\x1b\x07\u202e") & set(ended.out + ended.err)
        assert ended.code == 0


def test_importing_says_what_it_did(run: Run, gallery: Path) -> None:
    (gallery / "bad.png").write_bytes(b"no picture")
    dry = run("recipe", "import", "-n", ".")
    assert dry.out.startswith("2 recipes would be kept (CivitAI 2)") or "A1111 2" in dry.out
    ended = run("recipe", "import", ".")
    assert ended.code == 3
    assert "2 recipes kept" in ended.out
    assert "1 problem" in ended.out
    told = json.loads(run("recipe", "import", "--json", ".").out)
    assert (told["found"], told["unchanged"]) == (3, 3)


def test_progress_for_programs(run: Run, gallery: Path) -> None:
    lines = run("recipe", "import", "--progress", "json", str(gallery)).out.splitlines()
    events = [json.loads(line) for line in lines]
    assert {event["event"] for event in events} == {"progress", "done"}
    assert events[-1]["recipes"] == 2


@pytest.mark.usefixtures("gallery")
def test_where_a_model_was_used(run: Run) -> None:
    run("recipe", "import", ".")
    told = json.loads(run("used", "neon_knight", "--json").out)
    assert (told["pictures"], told["strengths"]) == (2, [0.6, 0.8])
    assert [each["name"] for each in told["with"]] == ["dreamer_xl"]
    assert [Path(each["path"]).name for each in told["recipes"]] == ["fox.png", "city.png"]
    shown = run("show", "neon_knight").out
    assert "in 2 pictures, last on 2024-05-01, strengths 0.6–0.8" in shown
    assert json.loads(run("show", "neon_knight", "--json").out)["used"]["pictures"] == 2
    listed = json.loads(run("recipe", "list", "--model", "neon_knight", "--json").out)
    assert len(listed) == 2


@pytest.mark.usefixtures("gallery")
def test_a_model_without_uses(run: Run) -> None:
    ended = run("used", "neon_knight")
    assert (ended.code, ended.out) == (
        0, "neon_knight was used in no picture that was imported.\n",
    )  # fmt: skip
    assert json.loads(run("show", "neon_knight", "--json").out)["used"]["pictures"] == 0


def test_missing_models_come_with_where_to_get_them(run: Run, home: Home) -> None:
    with Catalog.open(home) as catalog:
        scanned(catalog, look("a/twin.safetensors", 1), look("b/twin.safetensors", 2))
        catalog.hub.record_models("civitai", [model()])
        catalog.hub.record_versions("civitai", [version(7, sha256="ab" * 32)])
        lora = ModelRole.LORA
        keep(
            catalog,
            picture(1, NamedModel(lora, "x", "ab" * 5, strength=0.7), NamedModel(lora, "twin")),
            picture(2, NamedModel(lora, "x", "ab" * 5, strength=0.9), NamedModel(lora, "neon")),
            picture(3, NamedModel(lora, "", "", 4711)),
        )
    out = run("recipe", "missing").out
    assert "x  LoRA, 2 pictures" in out
    assert "at 0.7–0.9" in out
    assert "loradex hub get version:7  # Neon Knight v2\n" in out
    assert "several have this name (1, 2)" in out
    assert "loradex hub get version:7  # Neon Knight v2, perhaps" in out
    assert "loradex hub get version:4711" in out
    told = json.loads(run("recipe", "missing", "--json").out)
    assert [(each["name"], each["why"]) for each in told] == [
        ("x", "unknown"), (None, "unknown"), ("neon", "unknown"), ("twin", "ambiguous"),
    ]  # fmt: skip
    assert told[0]["sources"][0]["known_by"] == "hash"
    assert run("recipe", "missing", "--role", "vae").err == "Nothing is missing.\n"


def test_forgetting(run: Run, gallery: Path) -> None:
    run("recipe", "import", ".")
    assert run("recipe", "forget").code == 2
    assert run("recipe", "forget", "99").code == 2
    assert "2 pictures would be" in run("recipe", "forget", "--below", ".", "-n").out
    assert "1 picture forgotten" in run("recipe", "forget", "1").out
    (gallery / "city.png").unlink()
    (gallery / "fox.png").unlink()
    assert "1 picture forgotten" in run("recipe", "forget", "--gone").out
    assert run("recipe", "list").err.startswith("No recipe yet")


@pytest.mark.usefixtures("gallery")
def test_a_recipe_as_parameter_text_is_read_back(run: Run, tmp_path: Path) -> None:
    run("recipe", "import", ".")
    text = run("recipe", "show", "1", "--infotext").out
    copy = png(tmp_path / "again.png", {"parameters": text})
    first, second = json.loads(run("recipe", "read", "city.png", str(copy), "--json").out)
    for key in ("prompt", "negative_prompt", "models"):
        assert first[key] == second[key]


@pytest.mark.usefixtures("gallery")
def test_a_recipe_as_a_grid(run: Run) -> None:
    run("recipe", "import", ".")
    assert run("recipe", "show", "2", "--grid").out == (
        "loradex grid -c 2 -p 'a neon city <lora:1:0.6>' --negative blurry --size 512x768"
        " --seeds 123 --steps 20 --guidance 7 --sampler 'Euler a' --schedule Karras\n"
    )
    lacking = run("recipe", "show", "1", "--grid")
    assert lacking.code == 2
    assert "rain is not in the library" in lacking.err
    assert run("recipe", "show", "1", "--grid", "--json").code == 2


@pytest.mark.render
@pytest.mark.usefixtures("stocked")
def test_the_grid_of_a_recipe_can_be_drawn(run: Run, tmp_path: Path) -> None:
    text = (
        "a city <lora:neon:0.8:0.6> x\nNegative prompt: fog\nSteps: 2, Sampler: dpmpp_2m,"
        " Schedule type: karras, CFG scale: 7, Seed: 5, Size: 64x64, Model: painter"
    )
    run("recipe", "import", str(png(tmp_path / "a.png", {"parameters": text})))
    program, *arguments = shlex.split(run("recipe", "show", "1", "--grid").out)
    ended = run(*arguments, "--dry-run")
    assert program == "loradex"
    assert ended.code == 0, ended.err
    assert ended.out.startswith("neon on painter\n1 picture, none of which exists yet.")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (("dpmpp_2m_sde_gpu", "karras"), ("DPM++ 2M SDE", "Karras")),
        (("k_lms", ""), ("LMS", "")),
        (("dpmpp_2m_k", ""), ("DPM++ 2M", "Karras")),
        (("Euler a", "Automatic"), ("Euler a", "Automatic")),
        (("res_multistep", "beta57"), ("res_multistep", "beta57")),
    ],
)
def test_names_of_samplers(theirs: tuple[str, str], ours: tuple[str, str]) -> None:
    assert a1111_names(*theirs) == ours


@pytest.mark.usefixtures("gallery")
@pytest.mark.parametrize(
    ("heading", "command"),
    [
        ("recipe list --json", ("recipe", "list", "--json")),
        ("recipe missing --json", ("recipe", "missing", "--json")),
        ("used REF --json", ("used", "neon_knight", "--json")),
    ],
)
def test_every_key_is_documented(run: Run, heading: str, command: tuple[str, ...]) -> None:
    run("recipe", "import", ".")
    told = json.loads(run(*command).out)
    first = told[0] if isinstance(told, list) else told
    part = JSON_PAGE.partition(f"`loradex {heading}`")[2].partition("\n## ")[0]
    words = set(re.findall(r"[a-z_]+", part))
    keys = {*first, *(key for each in first.get("models", []) for key in each)}
    assert keys - words == set()
