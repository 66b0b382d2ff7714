"""CivArchive: asked by whole hashes only, believed only where a hash agrees, never with a key."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fakes.civarchive import FakeCivArchive, answer, sample_document, too_much
from loradex.demo.hub_http import Reply
from loradex.demo.hub_trouble import text_as_json
from loradex.domain.hub import number_for
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubDownloads, HubNames, HubPlaces, HubSearch, HubSource
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    HubError,
    HubNotFound,
    HubOffline,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
)
from loradex.hub.gates import HostGates
from loradex.hub.plugin_http import PluginHttp
from loradex.hub.transport import Surroundings
from loradex.plugin_api import HubContext
from loradex.settings import Secret, Settings
from loradex_plugins.civarchive import archive
from loradex_plugins.civarchive.hub import CivArchiveHub

SHA256 = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"
OTHER = "1" * 64
MIRROR = (
    "https://huggingface.co/paperlantern/paper-lantern-xl/resolve/main/"
    "pytorch_lora_weights.safetensors"
)
Connect = Callable[..., CivArchiveHub]


@pytest.fixture
def fake() -> Iterator[FakeCivArchive]:
    with FakeCivArchive(sample_document()) as fake:
        yield fake


class FakeTime:
    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def connect(fake: FakeCivArchive, time: FakeTime) -> Iterator[Connect]:
    opened: list[PluginHttp] = []

    def make(*, offline: bool = False, cancel: CancelToken | None = None) -> CivArchiveHub:
        token = cancel or CancelToken()
        settings = Settings(hub_token=Secret("a-key-of-civitai"), offline=offline)
        around = Surroundings(token, gates=HostGates(time.clock), sleep=time.sleep)
        http = PluginHttp(settings, around)
        opened.append(http)
        return CivArchiveHub(HubContext(http, ("civarchive",), offline, token), fake.url)

    yield make
    for http in opened:
        http.close()


@pytest.fixture
def hub(connect: Connect) -> CivArchiveHub:
    return connect()


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return the sample's content with a change made to it."""
    document = copy.deepcopy(sample_document())["data"]
    change(document)
    return document


def test_what_it_is_able_to(hub: CivArchiveHub) -> None:
    able = [
        ability
        for ability in (HubSource, HubSearch, HubNames, HubDownloads, HubPlaces)
        if isinstance(hub, ability)
    ]
    assert able == [HubSource, HubNames, HubDownloads]


def test_the_sample(hub: CivArchiveHub, fake: FakeCivArchive) -> None:
    version = hub.version_by_hash(SHA256.upper())

    assert version is not None
    assert (version.id, version.model_id, version.name) == (910102, 900101, "v2.0 SDXL")
    assert (version.base_model, version.content_level) == ("SDXL 1.0", 1)
    assert version.trained_words == ("ppr lntrn", "glowing paper lantern, warm rim light, ")
    assert (version.model_name, version.model_type) == ("Paper Lantern Glow 紙灯り", "LORA")
    (file,) = version.files
    assert (file.id, file.name, file.sha256) == (920102, "paper_lantern_xl_v2.safetensors", SHA256)
    assert (file.size_bytes, file.primary, file.format) == (10096, True, "SafeTensor")
    assert file.download_url is None
    assert [image.id for image in version.images] == [95010201]
    assert fake.asked() == [f"/api/sha256/{SHA256}"]
    model = hub.model(900101)
    assert model is not None
    assert (model.mode, model.creator) == ("TakenDown", "paperlantern")
    assert model.tags == ("style", "lighting", "lantern", "night")
    assert [each.id for each in model.versions] == [910102]
    assert len(fake.requests) == 1
    assert hub.page_url(900101, 910102) == f"{fake.url}/models/900101?modelVersionId=910102"


def test_many_hashes_are_asked_one_by_one_and_once(
    hub: CivArchiveHub, fake: FakeCivArchive
) -> None:
    asked = [OTHER, SHA256, "short", SHA256.upper(), archive._EMPTY_SHA256]

    hits = hub.ids_by_hash(asked)

    assert {(hit.sha256, hit.version_id, hit.model_id) for hit in hits} == {
        (SHA256, 910102, 900101)
    }
    assert [version.id for version in hub.versions_by_hash(asked)] == [910102]
    assert fake.asked() == [f"/api/sha256/{OTHER}", f"/api/sha256/{SHA256}"]


@pytest.mark.parametrize("digest", ["40A3974A2FEE", "", "x" * 64, archive._EMPTY_SHA256])
def test_other_digests_are_not_asked_for(
    hub: CivArchiveHub, fake: FakeCivArchive, digest: str
) -> None:
    assert hub.version_by_hash(digest) is None
    assert fake.requests == []


def test_no_key_is_ever_sent(hub: CivArchiveHub, fake: FakeCivArchive) -> None:
    hub.version_by_hash(SHA256)
    hub.model(900101)

    for request in fake.requests:
        assert "authorization" not in request.headers
        assert "a-key-of-civitai" not in repr((request.query, request.headers))


SHAPES = [
    pytest.param(lambda d: None, id="not wrapped"),
    pytest.param(lambda d: d.update(model={"version": d.pop("version")}), id="in the model"),
    pytest.param(
        lambda d: (
            d.update(model={k: d.pop(k) for k in ("id", "name", "type", "tags")}),
            d["model"].update(version=d.pop("version")),
        ),
        id="all in the model",
    ),
    pytest.param(lambda d: d["version"].update(id="910102", modelId="900101"), id="ids as text"),
]


@pytest.mark.parametrize("change", SHAPES)
def test_the_shapes_of_answers(
    hub: CivArchiveHub, fake: FakeCivArchive, change: Callable[[dict[str, Any]], object]
) -> None:
    fake.documents = [changed(change)]
    fake.plan.add(answer(fake.documents[0]))

    version = hub.version_by_hash(SHA256)

    assert version is not None
    assert (version.id, version.model_id) == (910102, 900101)
    assert version.model_name == "Paper Lantern Glow 紙灯り"


DETAILS = [
    (lambda d: d["version"].update(trigger="one text"), lambda v: v.trained_words, ("one text",)),
    (lambda d: d["version"].update(trigger=None), lambda v: v.trained_words, ()),
    (lambda d: d["version"]["files"][0].update(sizeKB=0.4), lambda v: v.files[0].size_bytes, None),
    (lambda d: d["version"].update(nsfw_level=60), lambda v: v.content_level, 60),
    (lambda d: d["version"].pop("nsfw_level"), lambda v: v.content_level, 1),
    (
        lambda d: (d["version"].pop("nsfw_level"), d.update(nsfw_level=None, is_nsfw=True)),
        lambda v: v.content_level,
        28,
    ),
    (
        lambda d: (d["version"].pop("nsfw_level"), d.pop("nsfw_level")),
        lambda v: v.content_level,
        0,
    ),
    (
        lambda d: d["version"]["files"].insert(0, {"name": "old.ckpt", "is_primary": True}),
        lambda v: [(file.name, file.primary) for file in v.files],
        [("paper_lantern_xl_v2.safetensors", True), ("old.ckpt", False)],
    ),
    (
        lambda d: d["version"]["images"].append({"url": "http://x.example/a.png"}),
        lambda v: len(v.images),
        1,
    ),
    (lambda d: d["version"].update(id="abc-1"), lambda v: v.id, number_for("version abc-1")),
    (lambda d: d["version"].update(id="abc-1"), lambda v: v.slug, "abc-1"),
    (lambda d: d["version"].update(images=5, baseModel=7), lambda v: v.base_model, ""),
]


@pytest.mark.parametrize(("change", "look", "wanted"), DETAILS)
def test_details(hub: CivArchiveHub, fake: FakeCivArchive, change, look, wanted: object) -> None:
    fake.plan.add(answer(changed(change)))

    version = hub.version_by_hash(SHA256)

    assert version is not None
    assert look(version) == wanted


@pytest.mark.parametrize(
    ("change", "mode"),
    [
        (lambda d: d.update(deletedAt=None), None),
        (lambda d: (d.update(deletedAt=None), d["version"].update(deletedAt="2026")), "TakenDown"),
    ],
)
def test_what_is_gone_is_marked(
    hub: CivArchiveHub, fake: FakeCivArchive, change, mode: str | None
) -> None:
    fake.plan.add(answer(changed(change)))
    hub.version_by_hash(SHA256)

    model = hub.model(900101)

    assert model is not None
    assert model.mode == mode


WRONG = [
    pytest.param(answer({"error": "Not found"}), id="an error text"),
    pytest.param(answer(changed(lambda d: d["version"].update(files=[]))), id="no files"),
    pytest.param(
        answer(changed(lambda d: d["version"]["files"][0].update(sha256=OTHER))), id="other bytes"
    ),
    pytest.param(answer([]), id="a list"),
    pytest.param(answer(None), id="null"),
    pytest.param(answer({"data": {"version": 5}}), id="no version"),
]


@pytest.mark.parametrize("reply", WRONG)
def test_what_does_not_prove_itself_counts_as_nothing(
    hub: CivArchiveHub, fake: FakeCivArchive, reply: Any
) -> None:
    fake.plan.add(reply)

    assert hub.version_by_hash(SHA256) is None


def test_files_alone_lead_to_their_version(hub: CivArchiveHub, fake: FakeCivArchive) -> None:
    places = [
        {"model_id": 900101, "model_version_id": 100_000_001, "source": "civitai"},
        {"model_id": "abc", "model_version_id": "def", "source": "tensorart"},
        {"model_id": 900101, "model_version_id": 910102, "source": "civitai"},
    ]
    fake.plan.add(answer({"files": places}), path="/api/sha256")

    version = hub.version_by_hash(SHA256)

    assert version is not None
    assert version.id == 910102
    assert fake.asked() == [f"/api/sha256/{SHA256}", "/api/models/900101"]


class TestModels:
    def test_another_version_than_asked_is_none(
        self, hub: CivArchiveHub, fake: FakeCivArchive
    ) -> None:
        fake.plan.add(answer(sample_document()))
        reference = HubReference("civarchive", model_id=900101, version_id=910101)

        assert hub.look_up(reference) is None

    def test_another_model_is_asked_for_by_its_own_id(
        self, hub: CivArchiveHub, fake: FakeCivArchive
    ) -> None:
        fake.plan.add(answer(changed(lambda d: d.update(id=5))))
        found = hub.look_up(HubReference("civarchive", model_id=1, version_id=910102))

        assert found is not None
        assert (found[0].id, found[1].id if found[1] else None) == (900101, 910102)
        assert fake.asked() == ["/api/models/1", "/api/models/900101"]

    def test_a_model_that_is_another_is_none(
        self, hub: CivArchiveHub, fake: FakeCivArchive
    ) -> None:
        fake.plan.add(answer(sample_document()))

        assert hub.model(7) is None

    @pytest.mark.parametrize("model_id", [0, -1, 100_000_000, 2**53])
    def test_ids_of_its_own_are_not_asked_for(
        self, hub: CivArchiveHub, fake: FakeCivArchive, model_id: int
    ) -> None:
        assert hub.model(model_id) is None
        assert hub.models([model_id]) == []
        assert hub.page_url(model_id) == ""
        assert fake.requests == []

    def test_several(self, hub: CivArchiveHub) -> None:
        assert [model.id for model in hub.models([900101, 8])] == [900101]


class TestFailures:
    def test_a_failure_of_its_own_is_its_way_to_say_no(
        self, hub: CivArchiveHub, fake: FakeCivArchive
    ) -> None:
        fake.plan.add(answer({"error": "Internal Server Error"}, 500), times=9)

        assert hub.model(900101) is None

    @pytest.mark.parametrize("status", [500, 503])
    def test_others_are_told(self, hub: CivArchiveHub, fake: FakeCivArchive, status: int) -> None:
        fake.plan.add(answer({}, status), times=9)
        with pytest.raises(HubUnavailable):
            hub.version_by_hash(SHA256)
        fake.plan.clear()
        fake.plan.add(text_as_json(b'{"data": '))
        with pytest.raises(HubUnexpectedAnswer):
            hub.version_by_hash(SHA256)

    @pytest.mark.parametrize(
        "trouble",
        [answer({}, 401), answer({}, 400), text_as_json(b"{"), Reply(302, {"Location": "/x"}, b"")],
    )
    def test_nobody_is_sent_to_the_settings_of_another_hub(
        self, hub: CivArchiveHub, fake: FakeCivArchive, trouble: Any
    ) -> None:
        fake.plan.add(trouble, times=9)
        with pytest.raises(HubError) as caught:
            hub.version_by_hash(SHA256)
        assert caught.value.hint is not None
        assert "LORADEX_HUB" not in caught.value.hint
        assert "login" not in caught.value.hint

    def test_asked_to_be_left_alone_it_is(
        self, hub: CivArchiveHub, fake: FakeCivArchive, time: FakeTime
    ) -> None:
        fake.plan.add(too_much(1500))
        with pytest.raises(HubRateLimited) as caught:
            hub.version_by_hash(SHA256)
        assert caught.value.retry_after == 1500
        time.now += 1400
        with pytest.raises(HubRateLimited):
            hub.version_by_hash(SHA256)
        assert len(fake.requests) == 1

        time.now += 101

        assert hub.version_by_hash(SHA256) is not None

    def test_it_is_asked_so_much_and_no_more(
        self, hub: CivArchiveHub, fake: FakeCivArchive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "MOST_QUESTIONS", 2)
        with pytest.raises(HubRateLimited, match="enough for now"):
            hub.ids_by_hash([f"{number:064x}" for number in range(5)])
        assert len(fake.requests) == 2

    def test_offline_nobody_is_asked(self, connect: Connect, fake: FakeCivArchive) -> None:
        with pytest.raises(HubOffline):
            connect(offline=True).version_by_hash(SHA256)
        assert fake.requests == []

    def test_a_person_may_stop_it(self, connect: Connect, fake: FakeCivArchive) -> None:
        cancel = CancelToken()
        hub = connect(cancel=cancel)
        cancel.cancel()
        with pytest.raises(Cancelled):
            hub.version_by_hash(SHA256)
        assert fake.requests == []


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("https://civarchive.com/models/5", {"model_id": 5}),
        (
            "https://civitaiarchive.com/models/5/a-name?modelVersionId=7",
            {"model_id": 5, "version_id": 7},
        ),
        (f"https://civarchive.com/sha256/{SHA256.upper()}", {"slug": f"sha256:{SHA256}"}),
        ("http://civarchive.com/models/5", None),
        ("https://civitai.com/models/5", None),
        ("https://civarchive.com/users/5", None),
        ("https://[", None),
        ("5", None),
    ],
)
def test_names(hub: CivArchiveHub, text: str, reference: dict[str, Any] | None) -> None:
    wanted = None if reference is None else HubReference("civarchive", **reference)

    assert hub.recognise(text) == wanted


def test_a_hash_can_be_looked_up(hub: CivArchiveHub) -> None:
    found = hub.look_up(HubReference("civarchive", slug=f"sha256:{SHA256}"))

    assert found is not None
    assert found[1] == found[0].versions[0]
    assert hub.look_up(HubReference("civarchive", slug=f"sha256:{OTHER}")) is None
    assert hub.look_up(HubReference("civarchive", version_id=5)) is None


def mirrors(*urls: tuple[str, str, str | None]) -> Callable[[dict[str, Any]], object]:
    entries = [{"source": s, "url": u, "deletedAt": d} for s, u, d in urls]
    return lambda d: d["version"]["files"][0].update(mirrors=entries)


CIVITAI = "https://civitai.com/api/download/models/910102"
PLACES = [
    pytest.param(lambda d: None, MIRROR, id="the sample"),
    pytest.param(
        mirrors(("civitai", CIVITAI, None), ("seaart", "https://s.example/a", None)),
        "https://s.example/a",
        id="CivitAI goes last",
    ),
    pytest.param(mirrors(("seaart", "https://s.example/a", "2026")), CIVITAI, id="deleted"),
    pytest.param(mirrors(("seaart", "http://s.example/a", None)), CIVITAI, id="an open line"),
    pytest.param(mirrors(("seaart", "https://u:p@s.example/a", None)), CIVITAI, id="a name in it"),
    pytest.param(mirrors(("x", "file:///etc/passwd", None)), CIVITAI, id="a file"),
    pytest.param(
        mirrors(("huggingface", "https://huggingface.co/a/b/blob/main/c.bin", None)),
        "https://huggingface.co/a/b/resolve/main/c.bin",
        id="a page",
    ),
]


@pytest.mark.parametrize(("change", "url"), PLACES)
def test_downloads_come_from_a_mirror(
    hub: CivArchiveHub, fake: FakeCivArchive, change, url: str
) -> None:
    fake.documents = [{"data": changed(change)}]
    version = hub.version_by_hash(SHA256)
    assert version is not None

    start = hub.download_start(version, version.files[0])

    assert (start.url, start.key, start.sha256_required) == (url, None, True)


def test_without_a_mirror_there_is_nothing_to_download(
    hub: CivArchiveHub, fake: FakeCivArchive
) -> None:
    fake.documents = [
        changed(lambda d: d["version"]["files"][0].update(mirrors=None, downloadUrl=None))
    ]
    version = hub.version_by_hash(SHA256)
    assert version is not None
    with pytest.raises(HubNotFound, match="no place"):
        hub.download_start(version, version.files[0])


def test_without_a_hash_nothing_is_downloaded(hub: CivArchiveHub, fake: FakeCivArchive) -> None:
    version = hub.version_by_hash(SHA256)
    assert version is not None
    before = len(fake.requests)
    with pytest.raises(HubError, match="could not be checked"):
        hub.download_start(version, replace(version.files[0], sha256=None))
    assert len(fake.requests) == before


def test_the_address_is_a_setting(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    context = connect()._archive._context
    assert CivArchiveHub(context)._archive.address == "https://civarchive.com"
    monkeypatch.setenv("LORADEX_CIVARCHIVE_URL", "http://127.0.0.1:9/")
    assert CivArchiveHub(context)._archive.address == "http://127.0.0.1:9"
