"""Names of the hub's things: which are understood, and which are left to others."""

from __future__ import annotations

import pytest

from loradex.demo.hub_server import LocalHub
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubNames
from loradex.hub.client import CivitaiHub
from loradex.hub.naming import recognise

OWN = "http://nas.example:8000/mirror"

UNDERSTOOD: dict[str, tuple[int | None, int | None, int | None]] = {
    "https://civitai.com/models/900101": (900101, None, None),
    "https://civitai.com/models/900101/": (900101, None, None),
    "https://civitai.com/models/900101/paper-lantern?x=1#top": (900101, None, None),
    "https://civitai.com/models/900101/paper-lantern?modelVersionId=910102": (
        900101,
        910102,
        None,
    ),
    "https://civitai.com/models/900101?modelVersionId=nonsense": (900101, None, None),
    "https://www.civitai.com/models/900101": (900101, None, None),
    "http://CIVITAI.com/models/900101": (900101, None, None),
    "https://civitai.red/models/900101": (900101, None, None),
    "https://civitai.green/models/900101": (900101, None, None),
    "https://civitai.blue/models/900101": (900101, None, None),
    "civitai.com/models/900101": (900101, None, None),
    "  https://civitai.com/models/900101\n": (900101, None, None),
    "https://civitai.com/model-versions/910102": (None, 910102, None),
    "https://civitai.com/api/v1/models/900101": (900101, None, None),
    "https://civitai.com/api/v1/model-versions/910102": (None, 910102, None),
    "https://civitai.com/api/download/models/910102": (None, 910102, None),
    "https://civitai.com/api/download/models/910102?type=Model&fileId=920102": (
        None,
        910102,
        920102,
    ),
    "http://nas.example:8000/mirror/models/7": (7, None, None),
    "http://NAS.example:8000/mirror/api/download/models/8?fileId=9": (None, 8, 9),
    "urn:air:sdxl:lora:civitai:900101@910102": (900101, 910102, None),
    "urn:air:sdxl:lora:civitai:900101@910102+920102.safetensors": (900101, 910102, 920102),
    "URN:AIR:SDXL:LORA:CIVITAI:900101": (900101, None, None),
    "air:flux1:diffusionmodel:civitai:900101+920102": (900101, None, 920102),
    "sdxl:lora:civitai:900101@910102": (900101, 910102, None),
    "lora:civitai:900101": (900101, None, None),
    "civitai:900101@910102": (900101, 910102, None),
    "civitai:900101": (900101, None, None),
    "model:900101": (900101, None, None),
    "Version:910102": (None, 910102, None),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_is_understood(text: str) -> None:
    model, version, file = UNDERSTOOD[text]

    assert recognise(text, "civitai", OWN) == HubReference(
        "civitai", model_id=model, version_id=version, file_id=file
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "900101",
        "paper lantern",
        "model:",
        "model:0",
        "model:99999999999",
        "version:2147483648",
        "version:910102@1",
        "https://civitai.com",
        "https://civitai.com/models",
        "https://civitai.com/models/lantern",
        "https://civitai.com/images/900101",
        "https://civitai.com/user/900101",
        "https://civitai.com/api/download/models/0",
        "https://civitai.com:8443/models/900101",
        "https://b2.civitai.com/models/900101",
        "https://civitai.com.evil.example/models/900101",
        "https://civitai.com@evil.example/models/900101",
        "https://evil.example/civitai.com/models/900101",
        "ftp://civitai.com/models/900101",
        "file:///models/900101",
        "http://nas.example:8000/models/7",
        "http://nas.example/mirror/models/7",
        "http://nas.example:8000/mirrored/models/7",
        "https://[::1/models/7",
        "urn:air:sdxl:lora:huggingface:owner/name@1",
        "urn:air:sdxl:lora:civitai:lantern@1",
        "urn:air:a:b:c:civitai:1",
        "civitai:٣",
        "hf:owner/name",
        "owner/name",
        "x" * 10_000,
        "https://civitai.com/models/1?" + "&".join(["a=1"] * 100),
    ],
)
def test_what_is_left_to_others(text: str) -> None:
    assert recognise(text, "civitai", OWN) is None


def test_the_client_knows_names_of_its_own_address(client: CivitaiHub, hub: LocalHub) -> None:
    assert isinstance(client, HubNames)
    assert client.recognise(f"{hub.url}/models/7") == HubReference("civitai", model_id=7)
    assert client.recognise("https://civitai.com/models/7") == HubReference("civitai", model_id=7)
    assert client.recognise("http://127.0.0.1:1/models/7") is None


def test_pages_of_the_client_are_understood_by_it(client: CivitaiHub) -> None:
    assert client.recognise(client.page_url(3, 4)) == HubReference(
        "civitai", model_id=3, version_id=4
    )
