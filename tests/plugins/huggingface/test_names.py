"""What a text names on the Hub."""

from __future__ import annotations

import pytest

from loradex.domain.hub_reference import HubReference
from loradex_plugins.huggingface.bases import base_name, base_repositories
from loradex_plugins.huggingface.names import is_slug, recognised, split_version_slug

COMMIT = "ec0b4f0b5c90ed0fa911a2972ccc452641b31563"
PAGE = "https://huggingface.co/a/b-1.0"


@pytest.mark.parametrize(
    ("text", "slug", "revision", "path"),
    [
        (PAGE, "a/b-1.0", None, None),
        (f" {PAGE}/ ", "a/b-1.0", None, None),
        (f"{PAGE}/tree/main", "a/b-1.0", "main", None),
        (f"{PAGE}/tree/main/sub", "a/b-1.0", "main", None),
        (f"{PAGE}/blob/main/sub/x%20y.safetensors", "a/b-1.0", "main", "sub/x y.safetensors"),
        (f"{PAGE}/resolve/{COMMIT}/x.gguf?download=true", "a/b-1.0", COMMIT, "x.gguf"),
        (f"{PAGE}/blob/refs%2Fpr%2F1/x.bin", "a/b-1.0", "refs/pr/1", "x.bin"),
        (f"{PAGE}/discussions/4", "a/b-1.0", None, None),
        ("huggingface.co/a/b", "a/b", None, None),
        ("http://hf.co/a/b", "a/b", None, None),
        ("https://www.huggingface.co/a/b", "a/b", None, None),
        ("https://huggingface.co/gpt2/blob/main/x.bin", "gpt2", "main", "x.bin"),
        ("http://127.0.0.1:99/a/b", "a/b", None, None),
        ("hf:a/b", "a/b", None, None),
        ("HF:a/b", "a/b", None, None),
        ("hf:gpt2", "gpt2", None, None),
        ("hf://a/b@v1/x.bin", "a/b", "v1", "x.bin"),
        ("hf:a/b/sub/x.bin@v1", "a/b", "v1", "sub/x.bin"),
        ("hf:a/b@refs%2Fpr%2F1", "a/b", "refs/pr/1", None),
        ("hf://models/a/b", "a/b", None, None),
        ("urn:air:sdxl:lora:huggingface:a/b", "a/b", None, None),
        ("air:sdxl:lora:huggingface:a/b@v1", "a/b", "v1", None),
        ("sdxl:lora:huggingface:a/b@main.safetensors", "a/b", "main", None),
        ("huggingface:a/b", "a/b", None, None),
    ],
)
def test_what_is_recognised(text: str, slug: str, revision: str | None, path: str | None) -> None:
    wanted = HubReference("huggingface", slug=slug, revision=revision, path=path)

    assert recognised(text, "http://127.0.0.1:99") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b",
        "hf:",
        "hf:a/b/../c",
        "hf:a/b@v1/../../etc/passwd",
        "hf:a b/c",
        "hf:a--b/c",
        "https://huggingface.co",
        "https://huggingface.co/stabilityai",
        "https://huggingface.co/datasets/a/b",
        "https://huggingface.co/spaces/a/b",
        "https://huggingface.co/models?search=x",
        "https://huggingface.co.evil.example/a/b",
        "https://user@huggingface.co/a/b",
        "https://evil.example/huggingface.co/a/b",
        "ftp://huggingface.co/a/b",
        "https://[broken/a/b",
        "urn:air:sdxl:lora:civitai:1@2",
        "https://civitai.com/models/1",
        "https://huggingface.co/" + "a" * 2000,
    ],
)
def test_what_is_not(text: str) -> None:
    assert recognised(text, "https://huggingface.co") is None


@pytest.mark.parametrize("text", ["a/b@main", "a/b", "@", f"a/b/c@{COMMIT}", f"a b@{COMMIT}"])
def test_states_need_a_whole_commit(text: str) -> None:
    assert split_version_slug(text) is None
    assert split_version_slug(f"a/b@{COMMIT}") == ("a/b", COMMIT)


@pytest.mark.parametrize("text", ["a/b.git", "/b", "a/", ".a/b", "a..b/c", "a" * 97])
def test_no_repository_is_called_that(text: str) -> None:
    assert not is_slug(text)


@pytest.mark.parametrize(
    ("wanted", "has", "lacks"),
    [
        ("sdxl", "stabilityai/stable-diffusion-xl-base-1.0", "AstraliteHeart/pony-diffusion-v6"),
        ("pony", "AstraliteHeart/pony-diffusion-v6", "stabilityai/stable-diffusion-xl-base-1.0"),
        ("SDXL 1.0", "stabilityai/stable-diffusion-xl-base-1.0", "stabilityai/sdxl-turbo"),
        ("flux1", "black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.2-dev"),
        ("me/own", "me/own", "stabilityai/sdxl-turbo"),
    ],
)
def test_bases_lead_to_repositories(wanted: str, has: str, lacks: str) -> None:
    found = base_repositories(wanted)

    assert has in found
    assert lacks not in found
    assert base_repositories("nonsense") == []


def test_repositories_are_known_in_any_case() -> None:
    assert base_name(["STABILITYAI/stable-diffusion-xl-base-1.0"]) == "SDXL 1.0"
    assert base_name([]) == ""
