"""What each trouble becomes: the exception, its sentence, its hint, and how often we ask."""

from __future__ import annotations

import logging
import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from loradex.demo import hub_trouble
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    DownloadsDisabled,
    HubArchived,
    HubAuthRequired,
    HubBadRequest,
    HubEarlyAccess,
    HubError,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.client import CivitaiHub
from loradex.hub.failures import connection_failure
from loradex.hub.gates import PROCESS_GATES
from loradex.settings import Settings

HASH = "ab" * 32


def ask(client: CivitaiHub) -> HubError:
    """Return what a batch request raises."""
    with pytest.raises(HubError) as caught:
        client.ids_by_hash([HASH])
    return caught.value


REFUSALS = {
    "400": (json_reply({"error": "Bad \x1b[31mthing"}, 400), HubBadRequest, r"Bad \x1b[31mthing"),
    "400 zod": (
        json_reply({"error": {"name": "ZodError", "message": '[{"message": "Too big"}]'}}, 400),
        HubBadRequest,
        "Too big",
    ),
    "400 zod text": (
        json_reply({"error": {"name": "ZodError", "message": "not JSON"}}, 400),
        HubBadRequest,
        "not JSON",
    ),
    "400 issues": (
        json_reply([{"message": "Bad limit"}, {"message": "Bad page"}], 400),
        HubBadRequest,
        "Bad limit; Bad page",
    ),
    "400 nothing": (json_reply(7, 400), HubBadRequest, "does not accept the request."),
    "401": (hub_trouble.unauthorized(), HubAuthRequired, "wants a key"),
    "403": (json_reply({"error": "Forbidden"}, 403), HubForbidden, "Forbidden"),
    "401 disabled": (
        json_reply(
            {
                "error": "Unauthorized",
                "message": "The creator of this asset has disabled downloads on this file",
            },
            401,
        ),
        DownloadsDisabled,
        "its creator disabled downloads",
    ),
    "403 early": (
        json_reply({"error": "Early Access", "message": "Pay.", "deadline": "2026-09-30"}, 403),
        HubEarlyAccess,
        "early access until 2026-09-30T00:00:00Z",
    ),
    "403 early, for good": (
        json_reply({"error": "Early Access", "message": "Pay."}, 403),
        HubEarlyAccess,
        "who paid for early access.",
    ),
    "403 bot check": (hub_trouble.edge_page(403), HubForbidden, "took us for a robot"),
    "404": (json_reply({"error": "Not found"}, 404), HubNotFound, "knows no such thing"),
    "404 page": (hub_trouble.edge_page(404), HubNotFound, "knows no such thing."),
    "405": (json_reply({"message": "Method"}, 405), HubBadRequest, "Method"),
    "410": (json_reply({"error": "Model archived"}, 410), HubArchived, "Model archived"),
    "429 quota": (hub_trouble.download_quota(), HubRateLimited, "unusual amount"),
    "429 paging": (hub_trouble.too_many_pages(), HubRateLimited, "too many pages"),
    "429 own, silent": (json_reply({"error": "slow"}, 429), HubRateLimited, "too many requests"),
    "429 long": (hub_trouble.rate_limited("61"), HubRateLimited, "for 61 s"),
    "451": (hub_trouble.region_blocked(), HubRegionBlocked, "does not serve this country"),
    "503 long": (hub_trouble.overloaded("3600"), HubUnavailable, "overloaded"),
    "204": (json_reply(None, 204), HubUnexpectedAnswer, "status 204"),
    "html": (hub_trouble.edge_page(200), HubUnexpectedAnswer, "not JSON"),
    "object": (json_reply({"items": []}), HubUnexpectedAnswer, "other than a list"),
    "truncated": (
        hub_trouble.text_as_json(b'[{"modelVersionId": 1, "ha'),
        HubUnexpectedAnswer,
        "cannot be read",
    ),
    "not UTF-8": (hub_trouble.text_as_json(b'["\xff\xfe"]'), HubUnexpectedAnswer, "cannot be read"),
    "NaN": (hub_trouble.text_as_json(b"[NaN]"), HubUnexpectedAnswer, "cannot be read"),
    "huge number": (hub_trouble.text_as_json(b"[1e999]"), HubUnexpectedAnswer, "cannot be read"),
    "long number": (
        hub_trouble.text_as_json(b"[" + b"9" * 5000 + b"]"),
        HubUnexpectedAnswer,
        "cannot be read",
    ),
    "deep": (
        hub_trouble.text_as_json(b"[" * 100_000 + b"]" * 100_000),
        HubUnexpectedAnswer,
        "nested too deeply",
    ),
    "many values": (
        hub_trouble.text_as_json(b"[" + b"[]," * 2_000_000 + b"[]]"),
        HubUnexpectedAnswer,
        "too many values",
    ),
    "gzip bomb": (hub_trouble.gzip_bomb(64), HubUnexpectedAnswer, "more than 32 MiB"),
    "endless": (hub_trouble.Endless(), HubUnexpectedAnswer, "more than 32 MiB"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_get_better_is_asked_once(connect, hub: LocalHub, time, name: str) -> None:
    what, kind, words = REFUSALS[name]
    hub.trouble(what, times=5)

    error = ask(connect())

    assert type(error) is kind
    assert words in error.message
    assert error.hint
    assert "127.0.0.1" in error.message
    assert len(hub.requests) == 1
    assert time.slept == 0


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (hub_trouble.rate_limited(), HubRateLimited),
        (hub_trouble.rate_limited("7"), HubRateLimited),
        (hub_trouble.overloaded(), HubUnavailable),
        (hub_trouble.overloaded(None), HubUnavailable),
        (hub_trouble.edge_page(502), HubUnavailable),
        (hub_trouble.edge_page(524), HubUnavailable),
        (json_reply({"message": "An unexpected error occurred"}, 500), HubUnavailable),
        (hub_trouble.Reset(), HubUnreachable),
        (hub_trouble.CutShort(), HubUnreachable),
        (hub_trouble.Slow(0), HubUnreachable),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
@pytest.mark.parametrize("retries", [0, 2])
def test_what_may_get_better_is_asked_again(
    connect, hub: LocalHub, reply, kind: type[HubError], retries: int
) -> None:
    hub.trouble(reply, times=5)

    error = ask(connect(retries=retries))

    assert type(error) is kind
    assert error.hint
    assert len(hub.requests) == 1 + retries


def test_it_goes_on_as_soon_as_the_trouble_is_over(connect, hub: LocalHub) -> None:
    hub.trouble(hub_trouble.edge_page(524))
    hub.trouble(hub_trouble.Reset())
    hub.trouble(hub_trouble.rate_limited("1"))

    assert connect().model(100).id == 100
    assert len(hub.requests) == 4


def date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("wait", "slept"),
    [("7", (7.0, 7.0)), (40, (20, 40)), (-40, (0.25, 0.25)), ("0", (0.25, 0.25))],
)
def test_retry_after_is_honoured(
    connect, hub: LocalHub, time, wait: str | int, slept: tuple[float, float]
) -> None:
    """Seconds as text; a number stands for the date that many seconds from now."""
    hub.trouble(hub_trouble.rate_limited(date_in(wait) if isinstance(wait, int) else wait))

    connect().model(100)

    assert slept[0] - 0.001 <= time.slept <= slept[1] + 0.001


def test_a_rate_limit_says_how_long_it_asks_for(connect, hub: LocalHub) -> None:
    hub.trouble(hub_trouble.rate_limited("3600"))
    error = ask(connect())
    assert isinstance(error, HubRateLimited)
    assert (error.status, error.retry_after) == (429, 3600.0)

    hub.trouble(hub_trouble.download_quota())
    error = ask(connect())
    assert isinstance(error, HubRateLimited)
    assert (error.retry_after, error.scope) == (None, "downloads")

    hub.trouble(hub_trouble.too_many_pages())
    error = ask(connect())
    assert isinstance(error, HubRateLimited)
    assert error.scope == "pages"


def test_waits_grow(connect, hub: LocalHub, time) -> None:
    hub.trouble(hub_trouble.edge_page(502), times=9)

    ask(connect(retries=6))

    assert 1 + 2 + 4 + 8 + 16 + 30 <= time.slept <= 1.5 * (1 + 2 + 4 + 8 + 16) + 30 + 0.001


def test_a_hub_that_is_not_there(connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    error = ask(connect(url=f"http://127.0.0.1:{port}"))

    assert type(error) is HubUnreachable
    assert error.message == f"127.0.0.1:{port} cannot be reached: Connection refused."
    assert "LORADEX_HUB_URL" in (error.hint or "")


def test_a_name_that_does_not_exist(connect) -> None:
    error = ask(connect(url="http://hub.invalid", retries=0))

    assert type(error) is HubUnreachable
    assert error.message.startswith("hub.invalid cannot be reached: ")


def test_a_proxy_that_refuses(connect, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", hub.url)  # it knows no CONNECT

    error = ask(connect(url="https://hub.example", retries=0))

    assert type(error) is HubUnreachable
    assert error.message == "hub.example cannot be reached: the proxy does not let us through."


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectTimeout("x"), "no connection in time"),
        (httpx.ReadTimeout("x"), "it said nothing for 35 s"),
        (httpx.WriteError("x"), "the connection was cut"),
        (httpx.ConnectError("x"), "no connection"),
    ],
)
def test_reasons_that_are_hard_to_cause(error: httpx.HTTPError, reason: str) -> None:
    failure = connection_failure(error, "civitai.com", 35.0)

    assert failure.error.message == f"civitai.com cannot be reached: {reason}."
    assert failure.retry


def test_silence_ends_at_the_read_timeout(connect, hub: LocalHub) -> None:
    hub.trouble(hub_trouble.Slow(60))

    error = ask(connect(timeout=0.05, retries=0))

    assert type(error) is HubUnreachable
    assert "said nothing for 0.05 s" in error.message


def test_an_answer_that_drips_ends_at_the_total_limit(connect, hub: LocalHub) -> None:
    hub.trouble(hub_trouble.Dripping(pause=0.01))

    client = connect(total_seconds=0.2, retries=0)
    error = ask(client)

    assert type(error) is HubUnreachable
    assert "not complete after" in error.message
    # The stuck connection is gone; the client itself is not.
    assert connect().model(100).id == 100


def test_a_person_need_not_wait_for_a_silent_hub(connect, hub: LocalHub) -> None:
    token = CancelToken()

    class StopsThePerson(hub_trouble.Slow):
        def perform(self, connection) -> None:
            token.cancel()
            super().perform(connection)

    hub.trouble(StopsThePerson(60))

    with pytest.raises(Cancelled):
        connect(cancel=token, timeout=60).ids_by_hash([HASH])


def test_a_person_need_not_wait_out_a_pause(connect, hub: LocalHub, time) -> None:
    token = CancelToken()
    hub.trouble(hub_trouble.rate_limited("50"))
    time.after_sleep = lambda: token.cancel() if time.slept > 10 else None

    with pytest.raises(Cancelled):
        connect(cancel=token).ids_by_hash([HASH])
    assert time.slept < 11
    assert len(hub.requests) == 1


def test_a_hub_that_is_down_is_left_alone_for_a_while(connect, hub: LocalHub, time) -> None:
    client = connect(retries=1)
    hub.trouble(hub_trouble.edge_page(502), times=99)
    for _ in range(3):
        assert type(ask(client)) is HubUnavailable
    assert len(hub.requests) == 6

    error = ask(client)
    assert type(error) is HubUnavailable
    assert re.search(r"did not answer 3 times in a row: .* before \d\d:\d\d:\d\d\.", error.message)
    assert len(hub.requests) == 6

    time.now += 30
    ask(client)
    assert len(hub.requests) == 8, "it is tried again, and left alone for longer"
    time.now += 59
    ask(client)
    assert len(hub.requests) == 8

    time.now += 1
    hub.calm()
    assert client.model(100).id == 100
    assert client.model(200).id == 200


def test_three_rate_limits_in_a_row_end_it(connect, hub: LocalHub, time) -> None:
    client = connect(retries=9)
    hub.trouble(hub_trouble.rate_limited("2"), times=99)

    first, second = ask(client), ask(client)

    assert type(first) is type(second) is HubRateLimited
    assert "too many requests" in first.message
    assert "nothing is asked before" in second.message
    assert len(hub.requests) == 3
    hub.calm()
    time.now += 60
    assert client.model(100).id == 100


def test_what_the_account_may_not_has_nothing_to_do_with_speed(connect, hub: LocalHub) -> None:
    client = connect()
    hub.trouble(hub_trouble.download_quota(), times=5)
    for _ in range(5):
        ask(client)

    assert client.model(100).id == 100


def test_clients_of_one_process_share_a_hosts_gate(hub: LocalHub) -> None:
    label = hub.url.removeprefix("http://")
    gate = PROCESS_GATES.of(label)
    for _ in range(3):
        gate.failed()
    try:
        with CivitaiHub.from_settings(Settings(hub_url=hub.url)) as client:
            assert "3 times in a row" in ask(client).message
    finally:
        PROCESS_GATES._gates.pop(label)

    assert hub.requests == []


def test_every_long_wait_is_told_with_its_reason(hub: LocalHub, time) -> None:
    told: list[HubWait] = []
    client = CivitaiHub.from_settings(
        Settings(hub_url=hub.url), tell=told.append, sleep=time.sleep, clock=time.clock
    )
    hub.trouble(hub_trouble.Reset())
    hub.trouble(hub_trouble.rate_limited("7"))

    with client:
        client.model(100)

    host = hub.url.removeprefix("http://")
    assert [(wait.host, wait.reason) for wait in told] == [
        (host, "is tried again after a pause"),
        (host, "asked for a pause"),
    ]
    assert 1 <= told[0].seconds <= 1.5
    assert told[1].seconds == pytest.approx(7)


def test_cancelled_before_it_begins(connect, hub: LocalHub) -> None:
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        connect(cancel=token).ids_by_hash([HASH])
    assert hub.requests == []


def test_entries_left_out_are_noted_in_the_log(
    connect, hub: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.trouble(json_reply([{"id": "\x1b[2J"}, None]))

    with caplog.at_level(logging.INFO, logger="loradex.hub"):
        assert connect().versions_by_hash([HASH]) == []

    assert [record.getMessage() for record in caplog.records] == [
        "Entry left out: The hub sent a version that cannot be read."
    ]
