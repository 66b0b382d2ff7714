"""Cut, stalled, killed, replaced: a fetch goes on where it may, and starts over where it must."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from hub.fetching.kit import Depot, Impatient, model_bytes
from loradex.demo.hub_http import Reply
from loradex.demo.hub_trouble import Reset, rate_limited
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken
from loradex.errors import (
    Cancelled,
    HubAuthRequired,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.fetching import FetchOptions, kept_bytes

QUICK = FetchOptions(stall_seconds=0.3)


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_connection_is_gone_on_with(depot: Depot, reset: bool) -> None:
    depot.scenario.cut_after = 100_000
    depot.scenario.reset = reset

    fetched = depot.fetch()

    assert fetched.sha256 == depot.sha256
    assert fetched.resumed_from == 0
    assert depot.ranges()[0] is None
    assert len(depot.at_store) >= 3
    assert depot.asked == 1  # the link is still good


def test_every_range_names_the_file_it_belongs_to(depot: Depot) -> None:
    depot.scenario.cut_after = 100_000

    depot.fetch()

    etags = {request.headers.get("if-range") for request in depot.at_store[1:]}
    assert len(etags) == 1
    assert str(etags.pop()).startswith('"')


def test_a_stall_is_cut_and_gone_on_with(depot: Depot) -> None:
    depot.fetcher_options = QUICK
    depot.scenario.stall_after = 160_000

    assert depot.fetch().sha256 == depot.sha256
    assert len(depot.at_store) == 2


def test_a_silent_server_is_given_up(depot: Depot) -> None:
    depot.fetcher_options = FetchOptions(stall_seconds=0.2, tries=2)
    depot.scenario.stall_after = 0

    with pytest.raises(HubUnreachable, match=r"next to nothing came for 0\.2 s"):
        depot.fetch()


def test_tries_count_only_without_progress(depot: Depot) -> None:
    depot.fetcher_options = FetchOptions(tries=2)
    depot.scenario.cut_after = 20_000  # 15 connections

    assert depot.fetch().sha256 == depot.sha256


def test_a_server_that_only_cuts_is_given_up(depot: Depot) -> None:
    depot.scenario.cut_after = 0
    cancel = Impatient()

    with pytest.raises(HubUnreachable, match="cut"):
        depot.fetch(cancel=cancel)

    assert len(depot.at_store) == 5
    assert [round(wait.seconds) >= 1 for wait in depot.waits] == [True] * 3
    assert depot.waits[-1].seconds > depot.waits[0].seconds
    assert {wait.host for wait in depot.waits} == {depot.store.server.url.removeprefix("http://")}
    assert depot.waits[0].reason.endswith("the connection was cut")


def test_resets_before_any_answer_are_tried_again(depot: Depot) -> None:
    troubles = [Reset(), Reset()]
    depot.on_store = lambda _: troubles.pop() if troubles else None

    assert depot.fetch().sha256 == depot.sha256


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_expired_link_is_asked_for_anew(depot: Depot, status: int) -> None:
    depot.scenario.cut_after = 120_000
    refusals = [None, Reply(status, {"Content-Type": "application/xml"}, b"<Error/>")]
    depot.on_store = lambda _: refusals.pop(0) if refusals else None

    fetched = depot.fetch()

    assert fetched.sha256 == depot.sha256
    assert depot.asked == 2
    assert str(depot.ranges()[-1]).startswith("bytes=")
    assert [request.headers.get("range") for request in depot.at_front] == [None, None]


def test_links_that_are_never_good_are_given_up_by_name(depot: Depot) -> None:
    depot.scenario.link_seconds = -1

    with pytest.raises(HubForbidden, match="AccessDenied: Request has expired"):
        depot.fetch()

    assert depot.asked == 5


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, {"Content-Type": "application/json"}, b'{"error":"x"}'), HubAuthRequired),
        (Reply(403, {"Content-Type": "application/json"}, b'{"error":"x"}'), HubForbidden),
        (Reply(404, {"Content-Type": "application/json"}, b'{"error":"x"}'), HubNotFound),
    ],
)
def test_what_the_hub_itself_refuses_is_not_asked_again(depot: Depot, reply, error) -> None:
    depot.on_front = lambda _: reply

    with pytest.raises(error):
        depot.fetch()

    assert len(depot.at_front) == 1


@pytest.mark.parametrize(
    ("reply", "error", "times"),
    [
        (Reply(503, {"Retry-After": "2"}), HubUnavailable, 5),
        (Reply(500, {}), HubUnavailable, 5),
        (rate_limited("3"), HubRateLimited, 5),
        (rate_limited("3600"), HubRateLimited, 1),
    ],
)
def test_a_server_in_trouble_is_waited_for(depot: Depot, reply, error, times: int) -> None:
    depot.on_store = lambda _: reply

    with pytest.raises(error):
        depot.fetch()

    assert len(depot.at_store) == times
    assert len(depot.waits) == times - 1


def test_an_earlier_fetch_is_gone_on_with(depot: Depot) -> None:
    depot.leave((0, 100_000))

    fetched = depot.fetch()

    assert fetched.sha256 == depot.sha256
    assert fetched.resumed_from == 100_000
    assert depot.ranges() == ["bytes=100000-"]
    assert depot.at_store[0].headers["if-range"].startswith('"')
    assert depot.told[0] == (100_000, 300_000)


def test_gaps_are_filled(depot: Depot) -> None:
    depot.leave((50_000, 100_000), (200_000, 250_000))

    assert depot.fetch().sha256 == depot.sha256
    assert depot.ranges() == ["bytes=0-49999", "bytes=100000-199999", "bytes=250000-"]


def test_a_part_that_is_whole_needs_no_network(depot: Depot) -> None:
    depot.leave((0, 300_000))

    fetched = depot.fetch()

    assert (fetched.sha256, depot.asked) == (depot.sha256, 0)


def test_bytes_beyond_the_state_are_not_trusted(depot: Depot) -> None:
    depot.leave((0, 100_000))
    with depot.part.open("ab") as file:
        file.write(b"\xee" * 400_000)

    assert depot.fetch().sha256 == depot.sha256
    assert depot.part.stat().st_size == 300_000


def test_a_part_that_lost_bytes_is_trusted_only_as_far_as_it_goes(depot: Depot) -> None:
    depot.leave((0, 100_000))
    os.truncate(depot.part, 60_000)

    assert kept_bytes(depot.part) == 60_000
    assert depot.fetch().resumed_from == 60_000


def test_bytes_that_rotted_are_found(depot: Depot) -> None:
    depot.leave((0, 100_000))
    with depot.part.open("r+b") as file:
        file.seek(5000)
        file.write(b"rotten")

    with pytest.raises(Exception, match="not the file that was promised") as caught:
        depot.fetch()

    assert caught.value.found.resumed_from == 100_000  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"promised": {"size": None, "sha256": "0" * 64}},
        {"size": -1},
        {"size": "300000"},
        {"spans": [[0]]},
        {"spans": "all"},
        {"spans": [[0, 10**30]]},
        {"etag": "evil\r\nX-Header: 1"},
        {"etag": 5},
    ],
)
def test_a_state_that_is_broken_or_of_another_file_is_not_used(depot: Depot, change) -> None:
    depot.leave((0, 100_000), **change)

    fetched = depot.fetch()

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 0)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", "[]", "1" * 300_000])
def test_a_state_that_is_no_state(depot: Depot, text: str) -> None:
    depot.leave((0, 100_000))
    depot.state.write_text(text)

    assert kept_bytes(depot.part) == 0
    assert depot.fetch().resumed_from == 0


def test_a_replaced_file_is_started_over(depot: Depot) -> None:
    depot.leave((0, 100_000), content=model_bytes(300_000, seed=2), etag='"another"')

    fetched = depot.fetch()

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 0)
    assert depot.ranges() == ["bytes=100000-", None]


def test_a_file_replaced_while_it_comes_is_started_over(depot: Depot) -> None:
    depot.scenario.cut_after = 100_000
    old = model_bytes(300_000, seed=2)
    new = depot.content
    depot.source.write_bytes(old)
    promise = depot.promise(sha256=None)

    def replace(_request):
        if len(depot.at_store) == 2:
            depot.scenario.cut_after = None
            depot.source.write_bytes(new)

    depot.on_store = replace

    depot.fetch(promise)

    assert depot.part.read_bytes() == new


def test_a_server_that_ignores_ranges_is_started_over(depot: Depot) -> None:
    depot.leave((0, 100_000))
    depot.scenario.ignore_range = True

    fetched = depot.fetch()

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 0)


def test_a_server_that_ignores_ranges_and_cuts_is_given_up(depot: Depot) -> None:
    depot.scenario.ignore_range = True
    depot.scenario.cut_after = 100_000

    with pytest.raises(HubUnexpectedAnswer, match="one piece"):
        depot.fetch()


def test_a_refused_range_is_started_over(depot: Depot) -> None:
    depot.leave((0, 100_000))
    depot.scenario.refuse_range = True

    assert depot.fetch().sha256 == depot.sha256


@pytest.mark.parametrize(
    "content_range",
    [None, "bytes 0-199999/300000", "bytes 100000-299999/300001", "bytes 100000-299999/*", "junk"],
)
def test_another_range_than_asked_for_is_not_used(depot: Depot, content_range) -> None:
    depot.leave((0, 100_000))
    headers = {} if content_range is None else {"Content-Range": content_range}
    odd = [Reply(206, headers, bytes(200_000))]
    depot.on_store = lambda _: odd.pop() if odd else None

    fetched = depot.fetch()

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 0)


def test_a_shorter_range_than_asked_for_is_asked_on(depot: Depot) -> None:
    depot.leave((0, 100_000))
    headers = {"Content-Range": "bytes 100000-149999/300000"}
    short = [Reply(206, headers, depot.content[100_000:150_000])]
    depot.on_store = lambda _: short.pop() if short else None

    fetched = depot.fetch()

    assert (fetched.sha256, fetched.resumed_from) == (depot.sha256, 100_000)
    assert depot.ranges() == ["bytes=100000-", "bytes=150000-"]


@pytest.mark.parametrize(("etag", "ranges"), [("", 0), ('W/"weak"', 0)])
def test_without_a_strong_tag_and_a_promise_nothing_is_put_together(
    depot: Depot, etag: str, ranges: int
) -> None:
    depot.scenario.etag = etag
    depot.scenario.cut_after = 100_000
    healed = []

    def heal(_request):
        if healed:
            depot.scenario.cut_after = None
        healed.append(1)

    depot.on_store = heal
    depot.fetch(depot.promise(sha256=None))

    assert depot.part.read_bytes() == depot.content
    assert sum(one is not None for one in depot.ranges()) == ranges


def test_without_a_tag_the_promised_hash_is_enough(depot: Depot) -> None:
    depot.scenario.etag = ""
    depot.scenario.cut_after = 100_000

    assert depot.fetch().sha256 == depot.sha256
    assert sum(one is not None for one in depot.ranges()) >= 2


def test_a_hub_that_gives_the_bytes_itself_is_asked_for_ranges(depot: Depot) -> None:
    link = depot.store.link_to(depot.file)
    depot.leave((0, 100_000), origin=depot.store.server.url)

    fetched = depot.fetch(ask=lambda: FetchStart(link))

    assert fetched.resumed_from == 100_000
    assert depot.ranges()[-1] == "bytes=100000-"


def test_a_stop_keeps_what_came(large: Depot) -> None:
    cancel = CancelToken()
    large.scenario.stall_after = 5_000_000

    def stop() -> None:
        while large.part.stat().st_size < 1_000_000:
            time.sleep(0.01)
        cancel.cancel()

    def watch(_request) -> None:
        threading.Thread(target=stop, daemon=True).start()

    large.on_store = watch
    with pytest.raises(Cancelled):
        large.fetch(cancel=cancel)

    kept = kept_bytes(large.part)
    assert kept >= 1_000_000
    large.scenario.stall_after = None
    large.on_store = lambda _: None
    assert large.fetch().resumed_from == kept


def test_a_stop_is_heard_while_nothing_comes(depot: Depot) -> None:
    cancel = CancelToken()
    depot.scenario.stall_after = 0

    def stop(_request) -> None:
        cancel.cancel()

    depot.on_store = stop
    with pytest.raises(Cancelled):
        depot.fetch(cancel=cancel)


def test_killed_in_the_middle_and_gone_on_with(large: Depot) -> None:
    large.scenario.per_second = 8_000_000
    program = textwrap.dedent(f"""
        from pathlib import Path
        from loradex.domain.hub_source import FetchStart
        from loradex.domain.progress import CancelToken
        from loradex.hub.fetching import Fetcher, Promise, keeping
        keeping._LOOK, keeping._EVERY = 0.1, 0
        with Fetcher() as fetcher:
            fetcher.fetch(
                lambda: FetchStart("{large.front.url}/f"),
                Path("{large.part}"),
                Promise(name="x", sha256="{large.sha256}"),
                cancel=CancelToken(),
            )
    """)
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        end = time.monotonic() + 30
        while kept_bytes(large.part) < 1_000_000:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    state = json.loads(large.state.read_text())
    kept = kept_bytes(large.part)
    large.scenario.per_second = None

    fetched = large.fetch()

    assert fetched.resumed_from == kept == sum(stop - start for start, stop in state["spans"])
    assert fetched.sha256 == large.sha256
    assert large.part.read_bytes() == large.content


def test_nothing_secret_is_kept_or_told(depot: Depot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    depot.scenario.cut_after = 100_000
    refuse = Reply(403, {"Content-Type": "application/xml"}, b"<Error><Code>No</Code></Error>")
    depot.on_store = lambda _: refuse if len(depot.at_store) > 1 else None

    with pytest.raises(HubForbidden) as caught:
        depot.fetch()

    shown = " ".join([
        depot.state.read_text(), str(caught.value), repr(caught.value), caplog.text,
        *(wait.reason for wait in depot.waits),
    ])  # fmt: skip
    assert "127.0.0.1" in shown
    for secret in ("X-Amz", "Signature", "key-of-mosskettle"):
        assert secret not in shown
