"""Every dialect: what is read of a file as its tool writes it, and that writing loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loradex.domain.sidecars import SidecarClaims, SidecarDocument
from loradex.formats.hashing import hash_file
from sidecars.conftest import Shelf
from sidecars.samples import SAMPLES, Bytes

NUMBER = (int, float)
REQUIRED: dict[str, dict[str, object]] = {
    "lora-manager": {
        "file_name": str,
        "model_name": str,
        "file_path": str,
        "size": int,
        "modified": NUMBER,
        "sha256": str,
        "base_model": str,
        "preview_url": str,
        "preview_nsfw_level": int,
        "notes": str,
        "from_civitai": bool,
        "civitai": (dict, type(None)),
        "tags": list,
        "modelDescription": str,
        "civitai_deleted": bool,
        "favorite": bool,
        "exclude": bool,
        "db_checked": bool,
        "skip_metadata_refresh": bool,
        "last_checked_at": NUMBER,
        "sub_type": str,
        "usage_tips": str,
    },
    "stability-matrix": {
        "ModelName": str,
        "ModelDescription": str,
        "Nsfw": bool,
        "Tags": list,
        "ModelType": str,
        "VersionName": str,
        "ImportedAt": str,
        "Hashes": dict,
        "TrainedWords": list,
        "Source": int,
    },
    "a1111": {
        "description": str,
        "sd version": str,
        "activation text": str,
        "preferred weight": NUMBER,
        "negative text": str,
        "notes": str,
    },
    "swarm": {
        "modelspec.title": str,
        "modelspec.author": str,
        "modelspec.description": str,
        "modelspec.trigger_phrase": str,
        "modelspec.tags": list,
        "modelspec.usage_hint": str,
    },
    "civitai-helper": {
        "id": int,
        "modelId": int,
        "name": str,
        "baseModel": str,
        "trainedWords": list,
        "model": dict,
        "files": list,
        "images": list,
        "downloadUrl": str,
    },
    "civitai-browser": {"modelId": int, "modelVersionId": int, "modelPageURL": str, "sha256": str},
    "sdnext": {"id": int, "name": str, "modelVersions": list},
}


def bytes_of(path: Path) -> Bytes:
    digests = hash_file(path)
    return Bytes(
        str(path),
        path.name,
        path.stat().st_size,
        digests.sha256,
        digests.blake3,
        digests.crc32,
        digests.autov3 or "",
    )


def put(shelf: Shelf, dialect: str, name: str = "lantern") -> Path:
    suffix, make = SAMPLES[dialect]
    return shelf.write(f"{name}{suffix}", make(bytes_of(shelf.root / f"{name}.safetensors")))


def test_there_is_a_sample_of_every_dialect(shelf: Shelf) -> None:
    assert {dialect.name for dialect in shelf.dialects} == set(SAMPLES)
    written = {dialect.name for dialect in shelf.dialects if dialect.tools} - {"text"}
    assert written == set(REQUIRED)


@pytest.mark.parametrize("dialect", SAMPLES)
def test_it_is_read_as_its_own_dialect(shelf: Shelf, dialect: str) -> None:
    shelf.model("lantern.safetensors")
    put(shelf, dialect)
    report = shelf.take_in()
    assert dict(report.read) == {dialect: 1}
    assert report.refused == report.stale == []


FACTS: dict[str, dict[str, str]] = {
    "civitai-helper": {"name": "Paper Lantern v2.0", "derivative": "illustrious"},
    "lora-manager": {
        "name": "Paper Lantern v2.0",
        "derivative": "illustrious",
        "creator": "maker",
        "preferred_strength": "0.7",
        "preferred_strength_min": "0.4",
        "preferred_strength_max": "0.9",
        "preferred_clip_strength": "0.6",
        "preferred_clip_skip": "2",
        "note": "Only at night.",
        "favourite": "yes",
    },
    "stability-matrix": {
        "name": "Paper Lantern v2.0",
        "derivative": "illustrious",
        "creator": "maker",
        "preferred_sampler": "euler",
        "preferred_steps": "28",
        "preferred_guidance_scale": "5.5",
        "preferred_width": "832",
    },
    "a1111": {
        "preferred_strength": "0.65",
        "preferred_negative_prompt": "lowres",
        "note": "Only at night.",
        "description": "Soft light.",
    },
    "civitai-browser": {"preferred_strength": "0.65"},
    "sdnext": {"name": "Paper Lantern v2.0", "creator": "maker", "derivative": "illustrious"},
    "civitai-browser-info": {"name": "Paper Lantern v2.0", "creator": "maker"},
    "swarm": {"name": "Paper Lantern", "creator": "maker", "preferred_strength": "0.8"},
    "rgthree": {"name": "Paper Lantern - v2.0", "derivative": "illustrious"},
    "model-manager": {"creator": "maker", "derivative": "illustrious"},
    "text": {"description": "Soft light."},
    "description": {"description": "Soft light."},
}
WORDS = {
    "civitai-helper": ("ppr lntrn", "glowing lantern, warm light"),
    "lora-manager": ("ppr lntrn", "glowing lantern, warm light"),
    "stability-matrix": ("ppr lntrn", "glowing lantern, warm light"),
    "sdnext": ("ppr lntrn", "glowing lantern, warm light"),
    "a1111": ("ppr lntrn", "(soft, warm:1.2)"),
    "swarm": ("ppr lntrn", "warm"),
    "rgthree": ("mine", "ppr lntrn"),
    "model-manager": ("ppr lntrn", "warm"),
}
PAGES = (
    "civitai-helper", "lora-manager", "rgthree", "stability-matrix", "civitai-browser", "sdnext",
    "civitai-browser-info", "model-manager",
)  # fmt: skip


@pytest.mark.parametrize("dialect", FACTS)
def test_its_facts_become_evidence(shelf: Shelf, dialect: str) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, dialect)
    shelf.take_in()
    facts = {f.field: f.value for f in shelf.catalog.details(id_).evidence if f.source == "sidecar"}
    assert facts.items() >= FACTS[dialect].items()


@pytest.mark.parametrize("dialect", WORDS)
def test_its_words_are_taken(shelf: Shelf, dialect: str) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, dialect)
    shelf.take_in()
    told = shelf.dialect(dialect)
    stored = [
        str(row[0])
        for row in shelf.catalog._reader.rows_of(
            "SELECT text FROM trigger_word WHERE content_id = ? AND source = 'sidecar'"
            " ORDER BY position",
            (id_,),
        )
    ]
    assert tuple(stored) == WORDS[dialect], told.label


@pytest.mark.parametrize("dialect", PAGES)
def test_its_page_on_the_hub_is_known_offline(shelf: Shelf, dialect: str) -> None:
    id_ = shelf.model("lantern.safetensors")
    put(shelf, dialect)
    shelf.take_in()
    match = shelf.catalog.details(id_).match
    assert match is not None
    assert (match.model_id, match.version_id) == (900101, 910102)
    assert match.matched_by == "sidecar"


@pytest.mark.parametrize("dialect", REQUIRED)
def test_what_it_holds_comes_back_after_a_round_trip(shelf: Shelf, dialect: str) -> None:
    """Read it, take the file away, write it again: nothing that it held is lost."""
    shelf.model("lantern.safetensors")
    path = put(shelf, dialect)
    before = json.loads(path.read_text("utf-8"))
    shelf.take_in()
    path.unlink()
    report, _ = shelf.put_out(dialect)
    assert report.refused == []
    after = json.loads(path.read_text("utf-8"))
    assert _missing(before, after) == {}


@pytest.mark.parametrize("dialect", REQUIRED)
def test_a_file_that_is_there_keeps_all_it_holds(shelf: Shelf, dialect: str) -> None:
    shelf.model("lantern.safetensors")
    path = put(shelf, dialect)
    before = json.loads(path.read_text("utf-8"))
    shelf.take_in()
    report, drafts = shelf.put_out(dialect)
    assert (report.refused, report.conflicts, drafts) == ([], 0, [])
    assert _missing(before, json.loads(path.read_text("utf-8"))) == {}


@pytest.mark.parametrize("dialect", REQUIRED)
def test_another_tools_file_gives_all_keys_with_their_types(shelf: Shelf, dialect: str) -> None:
    """Written from what another dialect told, as for a person who changes tools."""
    shelf.model("lantern.safetensors")
    put(shelf, "lora-manager" if dialect != "lora-manager" else "stability-matrix")
    if dialect == "sdnext":
        put(shelf, "civitai-browser-info")
    shelf.take_in()
    report, _ = shelf.put_out(dialect)
    assert report.refused == []
    after = shelf.read(f"lantern{SAMPLES[dialect][0]}")
    for key, kind in REQUIRED[dialect].items():
        assert isinstance(after[key], kind), key  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", REQUIRED)
def test_what_is_written_is_read_as_the_same(shelf: Shelf, dialect: str) -> None:
    """Import, export, import: the second reading says what the first did, and nothing changes."""
    id_ = shelf.model("lantern.safetensors")
    put(shelf, dialect)
    shelf.take_in()
    before = _state(shelf, id_)
    shelf.put_out(dialect)
    assert shelf.take_in().seen == 1
    shelf.take_in(again=True)
    assert _state(shelf, id_) == before
    report, _ = shelf.put_out(dialect)
    assert sum(report.written.values()) == 0


def test_lora_manager_gets_what_it_asks_for_as_it_writes_it(shelf: Shelf) -> None:
    id_ = shelf.model("deep/ink.safetensors")
    shelf.catalog.person.set_note(id_, "soft")
    shelf.catalog.preferences.set([id_], {"strength": 0.75, "strength_max": 0.9})
    shelf.put_out("lora-manager")
    after = shelf.read("deep/ink.metadata.json")
    assert after["file_name"] == "ink"
    assert after["file_path"] == str(shelf.root / "deep" / "ink.safetensors")
    assert after["sha256"] == shelf.sha256("deep/ink.safetensors")
    assert after["autov3"] == hash_file(shelf.root / "deep/ink.safetensors").autov3
    assert after["base_model"] == "SDXL 1.0"
    assert after["from_civitai"] is False
    assert after["civitai"] is None
    assert (after["notes"], after["sub_type"]) == ("soft", "lora")
    assert json.loads(str(after["usage_tips"])) == {"strength": 0.75, "strength_max": 0.9}


def test_digests_are_written_in_each_tools_case(shelf: Shelf) -> None:
    shelf.model("ink.safetensors")
    shelf.put_out("stability-matrix", "civitai-browser", "lora-manager")
    sha256 = shelf.sha256("ink.safetensors")
    hashes = shelf.read("ink.cm-info.json")["Hashes"]
    assert isinstance(hashes, dict)
    assert hashes["SHA256"] == sha256.upper()
    assert shelf.read("ink.json")["sha256"] == sha256.upper()
    assert shelf.read("ink.metadata.json")["sha256"] == sha256
    assert shelf.read("ink.cm-info.json")["Source"] == 3


@pytest.mark.parametrize(
    ("document", "dialect"),
    [
        ({}, None),
        ({"some": "config"}, None),
        ([1], None),
        ({"activation text": ""}, "a1111"),
        ({"description": "x"}, "a1111"),
        ({"modelId": "Model not found"}, "civitai-browser"),
        ({"sha256": "AB"}, "civitai-browser"),
        ({"modelVersions": []}, "sdnext"),
    ],
)
def test_the_dialects_of_one_suffix_are_told_apart(
    shelf: Shelf, document: object, dialect: str | None
) -> None:
    shelf.model("ink.safetensors")
    shelf.write("ink.json", document)
    report = shelf.take_in()
    assert list(report.read) == ([dialect] if dialect else [])
    assert report.states["other"] == (dialect is None)


NONSENSE: list[object] = [None, True, -1, 1e308, "x" * 5000, [[]], {"a": {}}, "\ud800", 2**70]


@pytest.mark.parametrize("dialect", [name for name in SAMPLES if name not in ("text", "md")])
def test_nonsense_in_any_key_is_passed_over(shelf: Shelf, dialect: str) -> None:
    shelf.model("lantern.safetensors")
    sample = SAMPLES[dialect][1](bytes_of(shelf.root / "lantern.safetensors"))
    if not isinstance(sample, dict):
        return
    documents = [
        SidecarDocument("x", value={**sample, key: value}) for key in sample for value in NONSENSE
    ]
    answers = shelf.dialect(dialect).read(documents)
    assert all(answer is None or isinstance(answer, SidecarClaims) for answer in answers)


def _missing(before: object, after: object) -> object:
    """Return what of a document is not in another one, empty when all of it is."""
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            key: _missing(value, after.get(key))
            for key, value in before.items()
            if _missing(value, after.get(key)) not in ({}, None)
        }
    return {} if before == after else {"was": before, "is": after}


def _state(shelf: Shelf, content_id: int) -> object:
    details = shelf.catalog.details(content_id)
    facts = sorted((f.field, f.value, f.source) for f in details.evidence)
    return facts, details.row.tags, details.row.trigger_words, details.preferences.effective
