"""Repositories as models: what is read from their documents, and by whom they are asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakes.huggingface import FakeHuggingFace, Repo
from loradex.domain.hub import number_for
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubDownloads, HubNames, HubPlaces, HubSearch, HubSource
from loradex.errors import HubBadRequest
from loradex_plugins.huggingface.hub import HuggingFaceHub

SLUG = "paperlantern/paper-lantern-xl"
COMMIT = "ec0b4f0b5c90ed0fa911a2972ccc452641b31563"
SHA256 = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"


def named(slug: str = SLUG, **more: str) -> HubReference:
    return HubReference("huggingface", slug=slug, **more)  # type: ignore[arg-type]


def test_it_has_every_ability(hub: HuggingFaceHub) -> None:
    for ability in (HubSource, HubSearch, HubNames, HubDownloads, HubPlaces):
        assert isinstance(hub, ability)


def test_a_repository_is_a_model(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    found = hub.look_up(named())

    assert found is not None
    model, version = found
    assert version is None
    assert (model.id, model.slug, model.name) == (number_for(SLUG), SLUG, "paper-lantern-xl")
    assert (model.type, model.creator, model.content_level) == ("LORA", "paperlantern", 1)
    assert (model.downloads, model.likes, model.mode) == (804, 31, None)
    assert model.licence == {"license": "openrail++"}
    (state,) = model.versions
    assert state.slug == f"{SLUG}@{COMMIT}"
    assert (state.id, state.model_id) == (number_for(f"{SLUG}@{COMMIT}"), model.id)
    assert (state.base_model, state.trained_words) == ("SDXL 1.0", ("a photo of ppr lntrn",))
    assert state.published_at == "2026-02-12T10:02:11Z"
    (file,) = state.files
    assert (file.name, file.sha256) == ("pytorch_lora_weights.safetensors", SHA256)
    assert (file.size_bytes, file.format, file.primary) == (10096, "SafeTensor", True)
    assert file.hashes == {"SHA256": SHA256}
    base = f"{fake.url}/{SLUG}/resolve/{COMMIT}"
    assert file.download_url == f"{base}/pytorch_lora_weights.safetensors"
    (image,) = state.images
    assert (image.url, image.type) == (f"{base}/images/street.png", "image")
    assert json.loads(model.raw)["model"]["sha"] == COMMIT
    assert fake.asked() == [f"GET /api/models/{SLUG}"]
    agent = fake.requests[0].headers["user-agent"]
    assert agent.startswith("loradex/9.9; hf_hub/")
    assert "torch" not in agent


@pytest.mark.parametrize(
    "reference",
    [
        named(revision="main"),
        named(revision=COMMIT),
        named(path="pytorch_lora_weights.safetensors"),
    ],
)
def test_a_revision_or_a_file_names_a_state(hub: HuggingFaceHub, reference: HubReference) -> None:
    found = hub.look_up(reference)

    assert found is not None
    model, version = found
    assert version == model.versions[0]
    assert version.slug == f"{SLUG}@{COMMIT}"


def test_it_is_asked_once_for_one_thing(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    for _ in range(3):
        hub.look_up(named())

    assert len(fake.requests) == 1


def test_known_ids_lead_back_to_names(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    model_id = number_for(SLUG)
    with pytest.raises(HubBadRequest, match="by name"):
        hub.model(model_id)
    with pytest.raises(HubBadRequest, match="by name"):
        hub.models([model_id])
    assert hub.page_url(model_id) == ""
    hub.look_up(named())

    model = hub.model(model_id)

    assert model is not None
    assert model.slug == SLUG
    assert [each.slug for each in hub.models([model_id])] == [SLUG]
    assert hub.page_url(model_id) == f"{fake.url}/{SLUG}"
    version_id = model.versions[0].id
    assert hub.page_url(model_id, version_id) == f"{fake.url}/{SLUG}/tree/{COMMIT}"


def test_it_knows_nothing_by_hash(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    assert hub.ids_by_hash([SHA256]) == []
    assert hub.versions_by_hash([SHA256]) == []
    assert hub.version_by_hash(SHA256) is None
    assert fake.requests == []


def test_a_whole_pipeline(fake: FakeHuggingFace, hub: HuggingFaceHub) -> None:
    paths = [
        "model_index.json",
        "sd_xl_base_1.0.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder_2/model.safetensors",
        "flux1-dev-Q4_K_M.gguf",
        "checkpoint-500/pytorch_model.bin",
        "optimizer.bin",
        "scheduler.bin",
        "random_states_0.pkl",
        "training_args.bin",
        "old.ckpt",
    ]
    fake.repos["maker/pipeline"] = Repo(
        id="maker/pipeline",
        files={path: path.encode() for path in paths},
        tags=("diffusers", "anime", "license:mit", "region:us"),
    )
    found = hub.look_up(named("maker/pipeline"))

    assert found is not None
    model = found[0]
    assert (model.type, model.tags, model.licence) == ("Checkpoint", ("anime",), {"license": "mit"})
    facts = {
        f.name: (f.type, f.format, f.precision, f.quantisation) for f in model.versions[0].files
    }
    assert facts == {
        "sd_xl_base_1.0.safetensors": ("Model", "SafeTensor", None, None),
        "unet/diffusion_pytorch_model.fp16.safetensors": ("UNet", "SafeTensor", "fp16", None),
        "vae/diffusion_pytorch_model.safetensors": ("VAE", "SafeTensor", None, None),
        "text_encoder_2/model.safetensors": ("Text Encoder", "SafeTensor", None, None),
        "flux1-dev-Q4_K_M.gguf": ("Model", "GGUF", None, "Q4_K_M"),
        "old.ckpt": ("Model", "PickleTensor", None, None),
    }
    assert [f.name for f in model.versions[0].files if f.primary] == ["sd_xl_base_1.0.safetensors"]


def test_a_file_that_is_asked_for_counts_whatever_it_is_called(
    fake: FakeHuggingFace, hub: HuggingFaceHub
) -> None:
    path = "checkpoint-500/pytorch_lora_weights.safetensors"
    found = hub.look_up(named("mosskettle/harbour-fog-dreambooth", path=path))

    assert found is not None
    assert [file.name for file in found[0].versions[0].files] == [
        path,
        "pytorch_lora_weights.safetensors",
    ]


CARDS = [
    pytest.param({"instance_prompt": None}, (), id="null"),
    pytest.param({"instance_prompt": "None"}, (), id="the word None"),
    pytest.param({"instance_prompt": " a, b "}, ("a, b",), id="kept whole"),
    pytest.param({"instance_prompt": ["x", 3, ""]}, ("x",), id="a list"),
    pytest.param({"instance_prompt": {"a": 1}}, (), id="a table"),
    pytest.param(None, (), id="no card"),
]


@pytest.mark.parametrize(("card", "words"), CARDS)
def test_trained_words(
    fake: FakeHuggingFace, hub: HuggingFaceHub, card: dict | None, words: tuple[str, ...]
) -> None:
    fake.repos[SLUG] = replace(fake.repos[SLUG], card=card)
    found = hub.look_up(named())

    assert found is not None
    assert found[0].versions[0].trained_words == words


BASES = [
    pytest.param("black-forest-labs/FLUX.1-dev", (), "Flux.1 D", id="known"),
    pytest.param(["someone/own", "stabilityai/sdxl-turbo"], (), "SDXL Turbo", id="one of several"),
    pytest.param("Someone/Own", (), "Someone/Own", id="unknown"),
    pytest.param(None, ("base_model:quantized:Qwen/Qwen-Image",), "Qwen", id="a tag only"),
    pytest.param(7, (), "", id="nonsense"),
]


@pytest.mark.parametrize(("named_base", "tags", "base"), BASES)
def test_base_models(
    fake: FakeHuggingFace,
    hub: HuggingFaceHub,
    named_base: object,
    tags: tuple[str, ...],
    base: str,
) -> None:
    card = {"base_model": named_base}
    fake.repos[SLUG] = replace(fake.repos[SLUG], card=card, tags=tags)
    found = hub.look_up(named())

    assert found is not None
    assert found[0].versions[0].base_model == base


@pytest.mark.parametrize(
    ("tags", "level"), [((), 1), (("not-for-all-audiences",), 28), (("NOT-for-all-audiences",), 28)]
)
def test_content_levels(
    fake: FakeHuggingFace, hub: HuggingFaceHub, tags: tuple[str, ...], level: int
) -> None:
    fake.repos[SLUG] = replace(fake.repos[SLUG], tags=tags)
    found = hub.look_up(named())

    assert found is not None
    assert found[0].content_level == level
    assert {image.content_level for image in found[0].versions[0].images} == {level}


WIDGETS = [
    ([{"output": {"url": "a b.png"}}], ["/a%20b.png image"]),
    ([{"src": "./clip.mp4"}], ["/clip.mp4 video"]),
    (["text", {"output": None}, {"output": {"url": 5}}, {"text": "x"}], []),
    ([{"output": {"url": "http://stranger.example/a.png"}}], []),
    ([{"output": {"url": "page.html"}}], []),
    ("no list", []),
]


@pytest.mark.parametrize(("widget", "images"), WIDGETS)
def test_pictures(
    fake: FakeHuggingFace, hub: HuggingFaceHub, widget: object, images: list[str]
) -> None:
    fake.repos[SLUG] = replace(fake.repos[SLUG], card={"widget": widget}, more={})
    found = hub.look_up(named())

    assert found is not None
    base = f"{fake.url}/{SLUG}/resolve/{COMMIT}"
    shown = [f"{i.url.removeprefix(base)} {i.type}" for i in found[0].versions[0].images]
    assert shown == images
