"""Every tool's folder is recognised, and its models are found."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layouts import trees
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.domain.progress import CancelToken
from loradex.operations.layouts.detected import Detected
from loradex.operations.layouts.detecting import detect
from loradex.operations.walk import walk

K = ModelKind
Kinds = dict[str, ModelKind]
Make = Callable[[Path], Path]


def found(folder: Path) -> Detected:
    told = detect(folder)
    assert told is not None
    return told


def paths(told: Detected, top: Path) -> list[str]:
    return [os.path.relpath(root.path, top) for root in told.roots]


WEB_UI = {"models/Lora": K.LORA, "embeddings": K.EMBEDDING}
MATRIX = {"StableDiffusion": K.CHECKPOINT, "Lora": K.LORA}
UNET = {"UNET": K.DIFFUSION_MODEL}


def folders(*names: str) -> Make:
    return lambda top: trees.tree(top, *names)


def cache(top: Path) -> Path:
    return trees.hugging_face(top, "a/b", "r1", {"x.safetensors": b"x"})


@pytest.mark.parametrize(
    ("make", "asked", "layout", "expected"),
    [
        (trees.comfyui, ".", Layout.COMFYUI, ("models", {"checkpoints": K.CHECKPOINT})),
        (trees.comfyui, "models", Layout.COMFYUI, ("models", {"loras": K.LORA})),
        (trees.comfyui, "models/loras", Layout.PLAIN, ("models/loras", {"": K.LORA})),
        (trees.web_ui, ".", Layout.A1111, (".", WEB_UI)),
        (trees.web_ui, "models", Layout.A1111, ("models", {"Stable-diffusion": K.CHECKPOINT})),
        (trees.sdnext, ".", Layout.SDNEXT, ("models", {"Lora": K.LORA})),
        (trees.sdnext, "models", Layout.SDNEXT, ("models", {"Diffusers": K.CHECKPOINT})),
        (trees.swarmui, ".", Layout.SWARMUI, ("Models", {"Stable-Diffusion": K.CHECKPOINT})),
        (trees.swarmui, "Models", Layout.SWARMUI, ("Models", {"Lora": K.LORA})),
        (trees.stability_matrix, ".", Layout.STABILITY_MATRIX, ("Models", MATRIX)),
        (trees.stability_matrix, "Models", Layout.STABILITY_MATRIX, ("Models", MATRIX)),
        (trees.invokeai, ".", Layout.INVOKEAI, ("models", {})),
        (trees.invokeai, "models", Layout.INVOKEAI, ("models", {})),
        (cache, ".", Layout.HUGGING_FACE, (".", {})),
        (folders("LoRA/", "odd/"), ".", Layout.PLAIN, (".", {"LoRA": K.LORA})),
        (folders("Text Encoders/"), ".", Layout.PLAIN, (".", {"Text Encoders": K.TEXT_ENCODER})),
        (folders("checkpoints/", "loras/"), ".", Layout.COMFYUI, (".", {"loras": K.LORA})),
        (folders("Stable-diffusion/", "VAE/"), ".", Layout.A1111, (".", {"VAE": K.VAE})),
        (folders("Stable-diffusion/", "UNET/"), ".", Layout.SDNEXT, (".", UNET)),
        (folders("Stable-Diffusion/", "Lora/"), ".", Layout.SWARMUI, (".", {"Lora": K.LORA})),
    ],
)  # fmt: skip
def test_a_tools_folder_and_its_models(
    tmp_path: Path, make: Make, asked: str, layout: Layout, expected: tuple[str, Kinds]
) -> None:
    top = make(tmp_path / "tool")
    root, holds = expected
    told = found(top / asked)
    assert (told.layout, told.roots[0].layout, told.notes) == (layout, layout, ())
    assert told.roots[0].path == (top / root).resolve()
    assert holds.items() <= dict(told.roots[0].folders).items()


def test_a_missing_folder_and_a_file_are_no_layout(tmp_path: Path) -> None:
    trees.tree(tmp_path, "file")
    assert detect(tmp_path / "nothing") is None
    assert detect(tmp_path / "file") is None


def test_titles_tell_forge_from_the_first_web_ui(tmp_path: Path) -> None:
    assert found(trees.web_ui(tmp_path / "a")).title == "Stable Diffusion web UI"
    forge = trees.tree(trees.web_ui(tmp_path / "b"), "modules_forge/")
    assert found(forge).title == "Forge"


def test_a_portable_comfyui_and_a_portable_stability_matrix(tmp_path: Path) -> None:
    portable = trees.tree(tmp_path / "ComfyUI_windows_portable", "python_embeded/")
    trees.comfyui(portable / "ComfyUI")
    assert paths(found(portable), portable) == ["ComfyUI/models"]
    matrix = trees.tree(tmp_path / "matrix", "Data/.sm-portable")
    trees.stability_matrix(matrix / "Data")
    assert paths(found(matrix), matrix) == ["Data/Models"]


def test_a_folder_that_only_holds_a_tool_is_not_that_tool(tmp_path: Path) -> None:
    trees.comfyui(tmp_path / "ComfyUI")
    assert found(tmp_path).layout is Layout.PLAIN


COMFY_PATHS = """
shared:
    base_path: {drive}
    is_default: true
    checkpoints: checkpoints
    loras: |
        loras
        more/lycoris

    custom_nodes: custom_nodes
relative:
    vae: ../beside/vae
    unet: $LORADEX_TEST_DRIVE/unet
    clip: ~/clip
    loras: missing
odd:
just text: 7
webui:
    base_path: {webui}
    checkpoints: models/Stable-diffusion
    embeddings: embeddings
"""


@pytest.mark.parametrize("name", ["extra_model_paths.yaml", "extra_model_paths.yml"])
def test_comfyuis_path_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    drive = trees.tree(tmp_path / "drive", "checkpoints/", "loras/", "more/lycoris/", "venv/")
    trees.tree(tmp_path, "beside/vae/", "env/unet/", "home/clip/")
    webui = trees.web_ui(tmp_path / "webui")
    monkeypatch.setenv("LORADEX_TEST_DRIVE", str(tmp_path / "env"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    top = trees.comfyui(tmp_path / "ComfyUI")
    trees.write(top / name, COMFY_PATHS.format(drive=drive, webui=webui))
    told = found(top)
    by_path = {os.path.relpath(root.path, tmp_path): root for root in told.roots}
    assert set(by_path) == {
        "ComfyUI/models", "drive", "beside/vae", "env/unet", "home/clip", "webui",
    }  # fmt: skip
    assert by_path["drive"].folders == {
        "checkpoints": K.CHECKPOINT, "loras": K.LORA, "more/lycoris": K.LORA,
    }  # fmt: skip
    assert "venv" in by_path["drive"].ignore
    assert by_path["env/unet"].folders == {"": K.DIFFUSION_MODEL}
    assert by_path["home/clip"].folders == {"": K.TEXT_ENCODER}
    assert by_path["webui"].layout is Layout.A1111
    assert by_path["webui"].folders["embeddings"] is K.EMBEDDING
    assert by_path["beside/vae"].why == name
    assert told.notes == (f"{name} names a folder that is not there: missing",)


def test_the_desktop_apps_path_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    base = trees.tree(tmp_path / "Documents/ComfyUI", "models/checkpoints/", "models/loras/")
    trees.tree(tmp_path, "disk/loras/")
    trees.write(
        tmp_path / ".config/ComfyUI/extra_models_config.yaml",
        f"comfyui_desktop:\n  is_default: 'true'\n  base_path: {base}\n  loras: models/loras/\n"
        f"  vae: models/vae/\nmine:\n  loras: {tmp_path}/disk/loras\n",
    )
    told = found(base)
    assert paths(told, tmp_path) == ["Documents/ComfyUI/models", "disk/loras"]
    assert told.notes == ()
    other = trees.comfyui(tmp_path / "another")
    assert len(found(other).roots) == 1


def test_options_in_start_scripts(tmp_path: Path) -> None:
    trees.tree(tmp_path, "my loras/", "ckpt/", "vae/", "config/", "never/", "flat/")
    top = trees.web_ui(tmp_path / "webui")
    trees.write(
        top / "webui-user.sh",
        f"#!/bin/bash\n# export COMMANDLINE_ARGS='--lora-dir {tmp_path}/never'\n"
        'export COMMANDLINE_ARGS="--xformers --vae-dir=../vae'
        f" --lora-dir '{tmp_path}/my loras'\"\n",
    )
    trees.write(
        top / "webui-user.bat",
        f"@echo off\r\nREM --lora-dir {tmp_path}/never\r\n"
        f'set COMMANDLINE_ARGS=--ckpt-dir "{tmp_path}/ckpt" --lora-dir\r\n',
    )
    trees.write(top / "config.json", f'{{"control_net_models_path": "{tmp_path}/config"}}')
    told = found(top)
    assert {
        os.path.relpath(root.path, tmp_path): dict(root.folders) for root in told.roots[1:]
    } == {
        "ckpt": {"": K.CHECKPOINT},
        "my loras": {"": K.LORA},
        "vae": {"": K.VAE},
        "config": {"": K.CONTROLNET},
    }
    comfy = trees.comfyui(tmp_path / "ComfyUI")
    trees.write(comfy / "paths.yaml", f"any:\n  loras: {tmp_path}/flat\n")
    trees.write(comfy / "run.sh", "python main.py --extra-model-paths-config paths.yaml\n")
    assert paths(found(comfy), tmp_path) == ["ComfyUI/models", "flat"]
    trees.write(comfy / "run.sh", f"python main.py --base-directory {tmp_path}/base\n")
    trees.tree(tmp_path, "base/models/checkpoints/")
    assert paths(found(comfy), tmp_path) == ["base/models"]


def test_two_web_uis_that_name_each_other(tmp_path: Path) -> None:
    one, two = trees.web_ui(tmp_path / "one"), trees.web_ui(tmp_path / "two")
    for mine, other in ((one, two), (two, one)):
        trees.write(mine / "webui-user.sh", f"ARGS='--lora-dir {other}/models/Lora'\n")
    assert paths(found(one), tmp_path) == ["one", "two"]


def test_nothing_but_models_is_walked_in_a_web_ui(tmp_path: Path) -> None:
    top = trees.tree(
        trees.web_ui(tmp_path / "webui"),
        "models/Lora/sub [x]/a.safetensors",
        "embeddings/b.pt",
        "venv/lib/c.bin",
        "my-environment/d.safetensors",
        "outputs/e.safetensors",
        "extensions/other/f.pth",
        "extensions/sd-webui-controlnet/models/g.pth",
        "extensions/sd-webui-controlnet/annotator/h.pth",
        ".git/i.bin",
    )
    (root,) = found(top).roots
    trees.tree(top, "output/later.safetensors")
    seen = walk(os.fsencode(root.path), root.ignore, CancelToken())
    assert {os.fsdecode(file.raw_path) for file in seen.found} == {
        "models/Lora/sub [x]/a.safetensors",
        "embeddings/b.pt",
        "extensions/sd-webui-controlnet/models/g.pth",
    }
    assert root.folders["extensions/sd-webui-controlnet/models"] is K.CONTROLNET


SWARM_SETTINGS = (
    "#Settings\nNetwork:\n\tModelRoot: /never\nPaths:\n"
    "\t#a remark: no\n\tModelRoot: {root};Models;/not/there\n\tSDModelFolder: checkpoints;../up\n"
    "\tSDLoraFolder: loras;{absolute}\n\tSDClipFolder: text_encoders;clip\nUI:\n\tSDVAEFolder: x\n"
)


def test_swarmuis_settings(tmp_path: Path) -> None:
    trees.tree(tmp_path, "disk/checkpoints/", "disk/loras/", "disk/clip/", "disk/VAE/", "shared/")
    top = trees.swarmui(tmp_path / "SwarmUI")
    trees.write(
        top / "Data/Settings.fds",
        SWARM_SETTINGS.format(root=tmp_path / "disk", absolute=tmp_path / "shared"),
    )
    told = found(top)
    assert paths(told, tmp_path) == ["disk", "SwarmUI/Models", "shared"]
    assert list(told.roots[0].folders.items())[:3] == [
        ("checkpoints", K.CHECKPOINT), ("loras", K.LORA), ("clip", K.TEXT_ENCODER),
    ]  # fmt: skip
    assert told.roots[0].folders["VAE"] is K.VAE
    assert told.roots[2].folders == {"": K.LORA}
    assert told.notes == ("Data/Settings.fds names a folder that is not there: /not/there",)


def test_sdnexts_settings(tmp_path: Path) -> None:
    trees.tree(tmp_path, "disk/Stable-diffusion/", "loras/")
    top = trees.sdnext(tmp_path / "sdnext")
    trees.write(
        top / "config.json",
        f'{{"models_dir": "{tmp_path}/disk", "lora_dir": "{tmp_path}/loras", "vae_dir": 7}}',
    )
    told = found(top)
    assert paths(told, tmp_path) == ["disk", "loras"]
    assert told.roots[1].folders == {"": K.LORA}


def test_stability_matrix_elsewhere_and_its_packages(tmp_path: Path) -> None:
    top = trees.stability_matrix(tmp_path / "matrix")
    trees.tree(tmp_path, "shared/StableDiffusion/", "shared/Lora/")
    trees.write(top / "settings.json", f'{{"ModelDirectoryOverride": "{tmp_path}/shared"}}')
    linked = trees.tree(top / "Packages/linked", "folder_paths.py", "models/")
    (linked / "models/checkpoints").symlink_to(tmp_path / "shared/StableDiffusion")
    trees.tree(trees.comfyui(top / "Packages/own"), "models/loras/x.safetensors")
    told = found(top)
    assert paths(told, tmp_path) == ["shared", "matrix/Packages/own/models"]
    assert told.roots[1].why == "Packages/own"


@pytest.mark.parametrize(
    ("yaml", "models"),
    [
        ("", "models"),
        ("schema_version: 4.0.2\nmodels_dir: {top}/elsewhere\n", "../elsewhere"),
        ("InvokeAI:\n  Paths:\n    models_dir: other\n", "other"),
    ],
)
def test_invokeais_models_and_those_it_uses_in_place(
    tmp_path: Path, yaml: str, models: str
) -> None:
    trees.tree(tmp_path, "elsewhere/", "loras/one.safetensors", "loras/two.safetensors", "ip/x/")
    rows = [
        {"path": str(tmp_path / "loras/one.safetensors"), "type": "lora"},
        {"path": str(tmp_path / "loras/two.safetensors"), "type": "lora"},
        {"path": str(tmp_path / "ip/x"), "type": "ip_adapter"},
        {"path": "abc/managed.safetensors", "type": "main"},
        {"path": "/gone/x.safetensors", "type": "lora"},
        {"path": 7},
        "not JSON",
        '{"path": "\\ud800/x"}',
        "[" * 5000,
    ]
    top = trees.tree(trees.invokeai(tmp_path / "invokeai", rows), "other/")
    trees.write(top / "invokeai.yaml", yaml.format(top=tmp_path))
    before = sorted(path.name for path in (top / "databases").iterdir())
    told = found(top)
    assert told.notes == ()
    assert told.roots[0].path == (top / models).resolve()
    assert {root.path.name: dict(root.folders) for root in told.roots[1:]} == {
        "loras": {"": K.LORA},
        "ip": {"": K.IP_ADAPTER},
    }
    assert sorted(path.name for path in (top / "databases").iterdir()) == before


def test_the_home_folder_is_never_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    top = trees.invokeai(
        tmp_path / "invokeai", [{"path": str(tmp_path / "one.safetensors"), "type": "lora"}]
    )
    assert len(found(top).roots) == 1


def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff[1]")
    top = trees.web_ui(tmp_path / name)
    trees.tree(top, f"{name}/x.bin", f"models/Lora/{name}.safetensors")
    trees.tree(tmp_path / f"disk{name}", "a/")
    trees.write(top / "webui-user.sh", f"ARGS='--lora-dir {tmp_path}/disk{name}/a'\n")
    told = found(top)
    assert told.roots[1].path == tmp_path / f"disk{name}" / "a"
    assert "bad\udcff[[]1]" in told.roots[0].ignore
