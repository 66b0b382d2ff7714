"""Whatever the Hub, the network or the person does ends in a sentence, soon enough."""

from __future__ import annotations

import importlib
import ssl
import threading
from dataclasses import replace

import pytest

from fakes.huggingface import FakeHuggingFace, limited, refusal, reply
from loradex.demo.hub_http import Reply
from loradex.demo.hub_trouble import CutShort, Reset, Slow, gzip_bomb, text_as_json
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_search import HubQuery
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    HubArchived,
    HubAuthRequired,
    HubBadRequest,
    HubError,
    HubForbidden,
    HubOffline,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex_plugins.huggingface import waiting
from loradex_plugins.huggingface.hub import HuggingFaceHub
from loradex_plugins.huggingface.refusals import translated
from loradex_plugins.huggingface.waiting import Patience

from .conftest import Connect

SLUG = "paperlantern/paper-lantern-xl"
WANTED = HubReference("huggingface", slug=SLUG)


class FakeTime:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now += seconds
        return False


@pytest.fixture
def time(hub: HuggingFaceHub) -> FakeTime:
    """Make the hub's waits pass at once."""
    fake = FakeTime()
    library = hub._library
    library.patience = Patience(library.host, library.context, pause=fake.pause, clock=fake.clock)
    return fake


FAILURES = [
    pytest.param(refusal(400, None, "Bad"), HubBadRequest, id="400"),
    pytest.param(refusal(401, None, "Invalid credentials"), HubAuthRequired, id="401"),
    pytest.param(refusal(403, None, "No"), HubForbidden, id="403"),
    pytest.param(refusal(403, "GatedRepo", "Ask"), HubForbidden, id="gated"),
    pytest.param(refusal(418, None, "Tea"), HubBadRequest, id="418"),
    pytest.param(refusal(451, None, "Law"), HubRegionBlocked, id="451"),
    pytest.param(refusal(500, None, "Oops"), HubUnavailable, id="500"),
    pytest.param(refusal(503, None, "Busy"), HubUnavailable, id="503"),
    pytest.param(limited(30), HubRateLimited, id="429"),
    pytest.param(
        Reply(200, {"Content-Type": "text/html"}, b"<html>"), HubUnexpectedAnswer, id="a page"
    ),
    pytest.param(text_as_json(b'{"id": "a/b", "sib'), HubUnexpectedAnswer, id="half a document"),
    pytest.param(text_as_json(b'{"id": "\xff"}'), HubUnexpectedAnswer, id="not UTF-8"),
    pytest.param(text_as_json(b"[]"), HubUnexpectedAnswer, id="a list"),
    pytest.param(text_as_json(b"{}"), HubUnexpectedAnswer, id="no id"),
    pytest.param(text_as_json(b'{"id": 5}'), HubUnexpectedAnswer, id="an id that is a number"),
    pytest.param(
        text_as_json(b'{"id": "a/b", "siblings": [{}]}'),
        HubUnexpectedAnswer,
        id="a file without a name",
    ),
    pytest.param(
        text_as_json(b'{"id": "a/b", "sha": "0", "siblings": [{"rfilename": "x.bin", "lfs": 7}]}'),
        HubUnexpectedAnswer,
        id="a hash that is none",
    ),
    pytest.param(
        text_as_json(b'{"id": "a/b", "createdAt": "yesterday"}'), HubUnexpectedAnswer, id="no time"
    ),
    pytest.param(text_as_json(b"[" * 100_000), HubUnexpectedAnswer, id="nested"),
    pytest.param(Reset(), HubUnreachable, id="reset"),
    pytest.param(CutShort(), HubUnreachable, id="cut short"),
]


@pytest.mark.usefixtures("time")
@pytest.mark.parametrize(("answer", "error"), FAILURES)
def test_every_failure_is_told(
    hub: HuggingFaceHub, fake: FakeHuggingFace, answer: Reply, error: type[HubError]
) -> None:
    fake.plan.add(answer, times=5)

    with pytest.raises(error) as caught:
        hub.look_up(WANTED)

    assert type(caught.value) is error
    assert "Traceback" not in str(caught.value)
    assert "X-Amz" not in str(caught.value)
    assert "Error" not in str(caught.value)


def test_what_passes_is_tried_again(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime, waits: list[HubWait]
) -> None:
    fake.plan.add(refusal(503, None, "Busy"))
    fake.plan.add(limited(20))

    assert hub.look_up(WANTED) is not None
    assert time.slept == [1.0, 21.0]
    assert [(wait.reason, wait.seconds) for wait in waits] == [("asked for a pause", 21.0)]


@pytest.mark.parametrize("seconds", [61, 300])
def test_a_long_pause_is_the_persons_affair(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime, seconds: int
) -> None:
    fake.plan.add(limited(seconds))

    with pytest.raises(HubRateLimited) as caught:
        hub.look_up(WANTED)

    assert caught.value.retry_after == seconds
    assert time.slept == []
    assert len(fake.requests) == 1


def test_a_pause_may_be_told_the_usual_way(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime
) -> None:
    answer = refusal(429, None, "Slow down")
    answer.headers["Retry-After"] = "7"
    fake.plan.add(answer)

    assert hub.look_up(WANTED) is not None
    assert time.slept == [8.0]


def test_requests_are_spaced(time: FakeTime, hub: HuggingFaceHub, waits: list[HubWait]) -> None:
    patience = hub._library.patience
    for _ in range(31):
        patience.ask(lambda: None)
    assert time.slept == [pytest.approx(0.7)]
    assert waits == []


def test_nobody_there(connect: Connect, time: FakeTime) -> None:
    hub = connect(endpoint="http://127.0.0.1:9")
    hub._library.patience = Patience("x", hub._library.context, pause=time.pause)

    with pytest.raises(HubUnreachable, match=r"cannot be reached: \w+ \w+.*\.$") as caught:
        hub.look_up(WANTED)
    assert len(time.slept) == 2
    assert "Error" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ConnectTimeout", "no connection in time"),
        ("ReadTimeout", "it said nothing for too long"),
        ("ProxyError", "the proxy does not let us through"),
        ("RemoteProtocolError", "it broke off or did not speak HTTP"),
        ("ReadError", "the connection was cut"),
        ("ConnectError", "no connection"),
    ],
)
def test_what_cut_us_off_is_told_in_words(name: str, said: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    client = importlib.import_module(HfHubHTTPError.__bases__[0].__module__.partition(".")[0])
    if not hasattr(client, name):
        pytest.skip(f"the library's client has no {name}")
    assert told_of(getattr(client, name)("x")) == f"hub.example cannot be reached: {said}."


def test_the_systems_own_words_are_told() -> None:
    error = OSError("a long story")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert told_of(error) == "hub.example cannot be reached: Connection refused."
    error.__cause__ = ssl.SSLCertVerificationError(1, "x")
    assert told_of(error).endswith("its certificate is not trusted.")


def told_of(error: Exception) -> str:
    def fail() -> None:
        raise error

    with pytest.raises(HubUnreachable) as caught:
        translated(fail, SLUG, "https://hub.example")
    return caught.value.message


def test_a_hub_that_says_nothing_is_left(
    hub: HuggingFaceHub,
    fake: FakeHuggingFace,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[HubWait],
) -> None:
    monkeypatch.setattr(waiting, "_TRIES", 1)
    monkeypatch.setattr(waiting, "_SILENCE", 0.0)
    library = hub._library
    library.patience = Patience(library.host, library.context, seconds=0.3)
    fake.plan.add(Slow(30))

    with pytest.raises(HubUnreachable, match="did not answer"):
        hub.look_up(WANTED)
    assert [wait.reason for wait in waits] == ["has not answered yet"]


def test_a_person_may_stop_it(connect: Connect, fake: FakeHuggingFace) -> None:
    cancel = CancelToken()
    hub = connect(cancel=cancel)
    fake.plan.add(Slow(30))
    threading.Timer(0.2, cancel.cancel).start()

    with pytest.raises(Cancelled):
        hub.look_up(WANTED)


def test_offline_nobody_is_asked(connect: Connect, fake: FakeHuggingFace) -> None:
    hub = connect(offline=True)

    for ask in (lambda: hub.look_up(WANTED), lambda: hub.search(HubQuery())):
        with pytest.raises(HubOffline):
            ask()
    assert hub.recognise(f"hf:{SLUG}") == WANTED
    assert fake.requests == []


def test_the_librarys_own_switch_is_obeyed(
    hub: HuggingFaceHub, monkeypatch: pytest.MonkeyPatch, fake: FakeHuggingFace
) -> None:
    from huggingface_hub import constants  # noqa: PLC0415

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    with pytest.raises(HubOffline, match="HF_HUB_OFFLINE"):
        hub.look_up(WANTED)
    assert fake.requests == []


def test_a_search_is_told_of_a_long_pause_at_once(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime
) -> None:
    fake.plan.add(limited(300))

    with pytest.raises(HubRateLimited):
        hub.search(HubQuery())
    assert len(fake.requests) == 1


def test_private_and_missing_look_alike(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    fake.repos["my/secret"] = replace(fake.repos[SLUG], id="my/secret", private=True)

    for slug in ("my/secret", "no/such"):
        assert hub.look_up(HubReference("huggingface", slug=slug)) is None


def test_what_was_taken_down_is_gone(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    found = hub.look_up(WANTED)
    assert found is not None
    version = found[0].versions[0]
    fake.repos[SLUG] = replace(fake.repos[SLUG], disabled=True)

    assert hub.look_up(replace(WANTED, revision="main")) is None
    with pytest.raises(HubArchived, match="taken down"):
        hub.download_start(version, version.files[0])


def test_a_search_that_fails_is_told(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime
) -> None:
    fake.plan.add(refusal(400, None, "Bad"))
    with pytest.raises(HubBadRequest):
        hub.search(HubQuery())
    fake.plan.add(reply({"error": "no list"}))
    with pytest.raises(HubUnexpectedAnswer):
        hub.search(HubQuery())


def test_an_answer_that_unpacks_without_end_is_no_document(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime
) -> None:
    fake.plan.add(gzip_bomb(64))
    with pytest.raises(HubUnexpectedAnswer):
        hub.look_up(WANTED)


def test_the_library_writes_nothing_across_the_screen(
    hub: HuggingFaceHub, fake: FakeHuggingFace, time: FakeTime, capfd: pytest.CaptureFixture[str]
) -> None:
    fake.plan.add(refusal(400, None, "Bad"))
    answer = reply([])
    answer.headers["X-HF-Warning"] = "topic; Upgrade now!"
    fake.plan.add(answer)
    with pytest.raises(HubBadRequest):
        hub.look_up(WANTED)
    hub.search(HubQuery())

    assert capfd.readouterr() == ("", "")
