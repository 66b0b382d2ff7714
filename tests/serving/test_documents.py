"""What is told of models: what is here, under the hub's numbers or our own, and nothing private."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from loradex.domain.hub_reference import HubReference
from loradex.hub.client import CivitaiHub
from loradex.operations.downloads.choosing import withheld
from loradex.serving.numbers import FIRST, LAST
from loradex.serving.server import HubServer
from loradex.settings import Settings
from serving_kit import SECRETS, Studio

SAMPLE_KEYS = set(
    json.loads(
        (Path(__file__).parents[1] / "hub/samples/model-version-mini.lora-sdxl.json").read_text()
    )
)
EVERYTHING = (
    "/api/v1/model-versions/mini/102",
    "/api/v1/models?nsfw=true",
    "/api/v1/models/100",
    "/api/v1/model-versions/102",
    "/api/v1/images?nsfw=X",
    "/api/v1/tags?limit=200",
    "/api/v1/creators",
    "/api/v1/enums",
)


def own_version(ask: httpx.Client, studio: Studio) -> dict[str, object]:
    answer: dict[str, object] = ask.get(
        f"/api/v1/model-versions/by-hash/{studio.sha256(studio.own)}"
    ).json()
    return answer


def test_a_matched_model_keeps_the_hubs_numbers_and_words(
    ask: httpx.Client, shared: Studio
) -> None:
    document = ask.get("/api/v1/models/100").json()
    assert (document["id"], document["name"], document["type"]) == (100, "Model 100", "LORA")
    assert document["creator"]["username"] == "maker"
    assert document["tags"] == ["style", "night"]
    assert document["allowCommercialUse"] == "{Image,Rent}"
    assert document["allowNoCredit"] is False
    assert document["poi"] is True
    (version,) = document["modelVersions"]
    assert (version["id"], version["baseModel"]) == (102, "SDXL 1.0")
    assert version["trainedWords"] == ["neonkn", "glow"]


def test_what_the_hub_said_of_its_own_downloads_does_not_hold_here(ask: httpx.Client) -> None:
    assert "mode" not in ask.get("/api/v1/models/100").json()
    version = ask.get("/api/v1/model-versions/102").json()
    assert version["usageControl"] == "Download"
    assert version["paidAccess"] is None
    assert version["upstream"] == {
        "usageControl": "Generation",
        "paidAccess": {"permanent": True, "endsAt": None},
    }
    (nested,) = ask.get("/api/v1/models/100").json()["modelVersions"]
    assert nested["upstream"] == version["upstream"]


def test_what_no_hub_knows_has_nothing_upstream(ask: httpx.Client, shared: Studio) -> None:
    assert own_version(ask, shared)["upstream"] is None


def test_another_loradex_keeps_what_the_hub_said_and_fetches_all_the_same(
    server: HubServer, shared: Studio
) -> None:
    with CivitaiHub.from_settings(Settings(hub_url=server.url)) as client:
        found = client.look_up_all(
            [HubReference("civitai", version_id=102), HubReference("civitai", model_id=100)]
        )
        for each in found:
            assert each is not None
            version = each[1] or each[0].versions[0]
            assert (version.usage_control, version.paid, version.open_here) == (
                "Generation",
                True,
                True,
            )
            assert withheld(version, datetime.now(UTC)) is None
            assert client.download_start(version, version.files[0]).url.startswith(server.url)


def test_a_version_in_short(ask: httpx.Client, shared: Studio) -> None:
    mini = ask.get("/api/v1/model-versions/mini/102").json()
    version = ask.get("/api/v1/model-versions/102").json()
    first, second = version["files"]
    assert set(mini) >= SAMPLE_KEYS
    assert (mini["modelName"], mini["versionName"]) == ("Model 100", version["name"])
    assert (mini["fileName"], mini["hashes"]) == (first["name"], first["hashes"])
    assert (mini["size"], mini["format"]) == (first["sizeKB"], "SafeTensor")
    assert mini["downloadUrls"] == [first["downloadUrl"]]
    assert (mini["requireAuth"], mini["checkPermission"]) == (False, False)
    assert mini["upstream"] == version["upstream"]
    other = ask.get(f"/api/v1/model-versions/mini/102?modelFileId={second['id']}").json()
    assert (other["fileName"], other["downloadUrls"]) == (second["name"], [second["downloadUrl"]])
    own = ask.get(f"/api/v1/model-versions/mini/{own_version(ask, shared)['id']}").json()
    assert (own["modelName"], own["air"], own["upstream"]) == ("my_style", None, None)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("999", 404, "Model not found"),
        ("102?modelFileId=7", 404, "Model file 7 not found in version 102"),
        ("102?modelFileId=x", 400, "expected number"),
        ("x", 400, ""),
    ],
)
def test_a_version_in_short_that_is_not_there(
    ask: httpx.Client, path: str, status: int, text: str
) -> None:
    answer = ask.get(f"/api/v1/model-versions/mini/{path}")
    assert answer.status_code == status
    assert text in answer.text


def test_descriptions_lose_what_could_run(ask: httpx.Client) -> None:
    assert ask.get("/api/v1/models/100").json()["description"] == "<p>Soft light</p>"


def test_only_files_that_are_here_are_listed(ask: httpx.Client, shared: Studio) -> None:
    version = ask.get("/api/v1/model-versions/102").json()
    first, second = version["files"]
    assert (first["id"], first["name"]) == (1020, "hub_name_102.safetensors")
    assert first["primary"] and not second["primary"]
    assert first["hashes"]["SHA256"] == shared.sha256(shared.lantern).upper()
    assert first["sizeKB"] * 1024 == shared.lantern.stat().st_size
    # Other bytes than the hub's: a file of our own.
    assert second["id"] >= FIRST
    assert second["hashes"]["SHA256"] == shared.sha256(shared.edited).upper()
    assert second["name"] == "lantern edited.safetensors"


def test_what_no_hub_knows_gets_a_number_of_its_own(ask: httpx.Client, shared: Studio) -> None:
    version = own_version(ask, shared)
    number = version["id"]
    assert isinstance(number, int)
    assert FIRST <= number <= LAST
    assert version["modelId"] == number
    assert version["baseModel"] == "SD 1.5"
    assert version["files"][0]["name"] == "my_style.safetensors"  # type: ignore[index]
    model = ask.get(f"/api/v1/models/{number}").json()
    assert (model["name"], model["type"], model["nsfwLevel"]) == ("my_style", "LORA", 1)


@pytest.mark.parametrize("path", EVERYTHING)
def test_nothing_of_the_persons_own_leaves(ask: httpx.Client, shared: Studio, path: str) -> None:
    text = ask.get(path).text + repr(own_version(ask, shared))
    assert [secret for secret in SECRETS if secret in text] == []
    assert str(shared.own.parent) not in text


@pytest.mark.parametrize("name", ["AutoV1", "AutoV2", "AutoV3", "CRC32", "BLAKE3", "SHA256"])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_file_is_found_by_any_digest_in_any_case(
    ask: httpx.Client, shared: Studio, name: str, case: object
) -> None:
    hashes = own_version(ask, shared)["files"][0]["hashes"]  # type: ignore[index]
    if name not in hashes:
        assert name == "AutoV1"  # files under 2 MiB have none
        return
    digest = case(hashes[name])  # type: ignore[operator]
    answer = ask.get(f"/api/v1/model-versions/by-hash/{digest}")
    assert answer.status_code == 200
    assert any(f["hashes"][name] == digest.upper() for f in answer.json()["files"])


def test_batches_answer_for_what_is_here(ask: httpx.Client, shared: Studio) -> None:
    hashes = [shared.sha256(shared.lantern), shared.sha256(shared.own).upper(), "0" * 64]
    rows = ask.post("/api/v1/model-versions/by-hash/ids", json=hashes).json()
    assert [row["hash"] for row in rows] == [hashes[0].upper(), hashes[1]]
    assert rows[0]["modelVersionId"] == 102
    assert rows[0]["modelId"] == 100
    records = ask.post("/api/v1/model-versions/by-hash", json=hashes).json()
    assert {record["id"] for record in records} == {102, rows[1]["modelVersionId"]}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("by-hash", ["0" * 64] * 101, "Too many hashes"),
        ("by-hash/ids", ["0" * 64] * 10_001, "Too many hashes"),
        ("by-hash", ["0" * 63], "Invalid hash"),
        ("by-hash/ids", [7], "Invalid hash"),
        ("by-hash", {"hashes": []}, "expected array"),
    ],
)
def test_bad_batches_are_refused_whole(
    ask: httpx.Client, path: str, body: object, said: str
) -> None:
    answer = ask.post(f"/api/v1/model-versions/{path}", json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 100_000, b"[1" + b"0" * 5000 + b"]"])
def test_what_is_no_json_is_refused(ask: httpx.Client, body: bytes) -> None:
    answer = ask.post("/api/v1/model-versions/by-hash", content=body)
    assert answer.status_code == 400


def test_an_empty_batch_is_no_fault(ask: httpx.Client) -> None:
    assert ask.post("/api/v1/model-versions/by-hash", json=[]).json() == []


def test_what_is_above_the_content_limit_is_not_there(ask: httpx.Client, shared: Studio) -> None:
    assert ask.get("/api/v1/models/400").status_code == 404
    assert ask.get("/api/v1/model-versions/401").status_code == 404
    digest = shared.sha256(shared.grown)
    assert ask.get(f"/api/v1/model-versions/by-hash/{digest}").status_code == 404
    assert ask.get("/api/download/models/401").status_code == 404
