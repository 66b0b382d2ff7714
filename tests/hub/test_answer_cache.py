"""Kept answers: what costs no request, what is asked on a condition, what works offline."""

from __future__ import annotations

import math
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loradex.demo import hub_trouble
from loradex.demo.hub_http import JSON, Reply
from loradex.demo.hub_server import LocalHub
from loradex.domain.hub_search import HubQuery
from loradex.domain.progress import CancelToken
from loradex.errors import HubBadRequest, HubError, HubOffline, HubUnreachable
from loradex.hub.answer_cache import AnswerCache
from loradex.hub.client import CivitaiHub
from loradex.hub.gates import HostGates
from loradex.hub.transport import HubTransport, Surroundings
from loradex.settings import Secret, Settings

KEY = "key-of-mosskettle-0123456789"
HASH = "ab" * 32


@pytest.fixture
def cache(tmp_path: Path, time) -> AnswerCache:
    return AnswerCache(tmp_path / "cache" / "answers.db", clock=time.clock)


Open = Callable[..., CivitaiHub]


@pytest.fixture
def open_hub(hub: LocalHub, cache: AnswerCache, time) -> Iterator[Open]:
    """Make clients that keep answers; they are closed at the end."""
    clients: list[CivitaiHub] = []

    def make(*, refresh: bool = False, key: str | None = None, **more: object) -> CivitaiHub:
        settings = Settings(
            hub_url=hub.url,
            hub_token=Secret(key) if key else None,
            **more,  # type: ignore[arg-type]
        )
        around = Surroundings(
            CancelToken(),
            cache=cache,
            refresh=refresh,
            gates=HostGates(time.clock),
            sleep=time.sleep,
        )
        clients.append(CivitaiHub(HubTransport(settings, around)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def go_through(client: CivitaiHub) -> list[object]:
    """Ask for everything that is kept: a list, a page of it, its models, a version, a file."""
    page = client.search(HubQuery(page_size=1))
    return [
        page,
        client.search(HubQuery(page_size=1), page.cursor),
        client.models([100, 200]),
        client.model(100),
        client.version(102),
    ]


def test_going_through_a_list_twice_costs_one_fetch(open_hub: Open, hub: LocalHub) -> None:
    first = go_through(open_hub())
    asked = len(hub.requests)

    assert go_through(open_hub()) == first
    assert len(hub.requests) == asked == 5


def test_answers_grow_old(open_hub: Open, hub: LocalHub, time) -> None:
    client = open_hub()
    client.search(HubQuery())
    client.model(100)

    time.now += 301
    client.search(HubQuery())
    client.model(100)
    assert len(hub.requests) == 3

    time.now += 300
    client.model(100)
    assert len(hub.requests) == 4


def test_a_clock_set_back_makes_nothing_fresh(cache: AnswerCache, time) -> None:
    cache.put("GET x", b"{}", None, None)
    time.now -= 50

    kept = cache.get("GET x")
    assert kept is not None
    assert kept.age == math.inf


def test_asking_anew_skips_what_is_kept(open_hub: Open, hub: LocalHub) -> None:
    open_hub().model(100)
    open_hub(refresh=True).model(100)
    open_hub().model(100)

    assert len(hub.requests) == 2


def test_what_has_not_changed_is_not_sent_again(open_hub: Open, hub: LocalHub, time) -> None:
    tags = {"Content-Type": JSON, "ETag": '"one"', "Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT"}
    hub.trouble(Reply(200, tags, b'{"id": 7, "name": "tagged"}'))
    hub.trouble(Reply(304, {}))
    client = open_hub()

    names = []
    for _ in range(3):
        model = client.model(7)
        names.append(model.name if model else None)
        time.now += 590
    time.now -= 2 * 590

    assert names == ["tagged"] * 3
    assert len(hub.requests) == 2, "the third is fresh again since the second"
    assert "if-none-match" not in hub.requests[0].headers
    assert hub.requests[1].headers["if-none-match"] == '"one"'
    assert hub.requests[1].headers["if-modified-since"] == tags["Last-Modified"]


def test_not_changed_without_a_condition_is_no_answer(open_hub: Open, hub: LocalHub) -> None:
    hub.trouble(Reply(304, {}))

    with pytest.raises(HubBadRequest):
        open_hub().model(100)


@pytest.mark.parametrize(
    "what", [hub_trouble.overloaded(), hub_trouble.edge_page(200), hub_trouble.Reset()]
)
def test_failures_are_not_kept(open_hub: Open, hub: LocalHub, what: Reply) -> None:
    client = open_hub(hub_retries=0)
    hub.trouble(what)

    with pytest.raises(HubError):
        client.model(100)
    assert client.model(100) is not None
    assert len(hub.requests) == 2


def test_what_the_hub_does_not_know_is_asked_again(open_hub: Open, hub: LocalHub) -> None:
    client = open_hub()

    assert client.model(999) is client.model(999) is None
    assert len(hub.requests) == 2


def test_with_and_without_a_key_are_two_answers(open_hub: Open, hub: LocalHub) -> None:
    open_hub().model(100)
    open_hub(key=KEY).model(100)
    open_hub(key=KEY).model(100)

    assert ["authorization" in request.headers for request in hub.requests] == [False, True]


def test_neither_keys_nor_what_is_personal_nor_questions_are_written(
    open_hub: Open, cache: AnswerCache, tmp_path: Path
) -> None:
    client = open_hub(key=KEY)
    client.me()
    client.me()
    client.search(HubQuery(text="secret lantern"))

    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
    assert KEY.encode() not in kept
    assert b"mosskettle@" not in kept
    assert b"secret" not in kept
    [file] = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_offline_answers_of_any_age_count_and_nothing_leaves(
    open_hub: Open, hub: LocalHub, time
) -> None:
    first = go_through(open_hub())
    asked = len(hub.requests)
    time.now += 90 * 86_400
    offline = open_hub(offline=True)

    assert go_through(offline) == first
    for question in (
        lambda: offline.model(300),
        lambda: offline.search(HubQuery(text="other")),
        lambda: offline.ids_by_hash([HASH]),
        lambda: offline.versions_by_hash([HASH]),
        lambda: offline.version_by_hash(HASH),
        offline.me,
    ):
        with pytest.raises(HubOffline) as caught:
            question()
        assert "offline" in caught.value.message
        assert "--offline" in (caught.value.hint or "")
    version = offline.version(102)
    assert version is not None
    with pytest.raises(HubOffline):
        offline.download_start(version, version.files[0])
    assert len(hub.requests) == asked


def test_a_hub_that_is_down_is_not_papered_over(open_hub: Open, hub: LocalHub, time) -> None:
    client = open_hub(hub_retries=0)
    client.model(100)
    time.now += 700
    hub.trouble(hub_trouble.Reset())

    with pytest.raises(HubUnreachable):
        client.model(100)


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
def test_a_damaged_cache_is_thrown_away(cache: AnswerCache, tmp_path: Path, damage: bytes) -> None:
    cache.put("GET x", b"{}", None, None)
    (tmp_path / "cache" / "answers.db").write_bytes(damage)

    assert cache.get("GET x") is None
    cache.put("GET x", b"[1]", None, None)
    kept = cache.get("GET x")
    assert kept is not None
    assert kept.body == b"[1]"


@pytest.mark.parametrize("body", [b"not packed", "text", 5])
def test_a_body_that_we_did_not_keep_is_none(
    cache: AnswerCache, tmp_path: Path, body: object
) -> None:
    cache.put("GET x", b"{}", None, None)
    with sqlite3.connect(tmp_path / "cache" / "answers.db") as connection:
        connection.execute("UPDATE answer SET body = ?", (body,))
    connection.close()

    assert cache.get("GET x") is None


def test_a_place_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = AnswerCache(tmp_path / "file" / "answers.db")

    cache.put("GET x", b"{}", None, None)
    cache.confirm("GET x")
    assert cache.get("GET x") is None


def test_the_oldest_make_room(tmp_path: Path, time) -> None:
    cache = AnswerCache(tmp_path / "answers.db", most_bytes=20_000, clock=time.clock)
    for number in range(200):
        time.now += 1
        cache.put(f"GET {number}", bytes(hash((number, n)) & 0xFF for n in range(500)), None, None)

    kept = [number for number in range(200) if cache.get(f"GET {number}")]
    assert kept == list(range(kept[0], 200)), "the newest, without gaps"
    assert 20 < len(kept) < 120


def test_processes_and_threads_share_one_cache(cache: AnswerCache, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "answers.db"
    code = (
        "import sys; from pathlib import Path; from loradex.hub.answer_cache import AnswerCache\n"
        "cache = AnswerCache(Path(sys.argv[1]))\n"
        "for n in range(30): cache.put(f'GET {sys.argv[2]} {n}', b'{}', None, None)\n"
    )
    programs = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b")
    ]

    def put() -> None:
        for number in range(30):
            cache.put(f"GET thread {number}", b"{}", None, None)

    threads = [threading.Thread(target=put, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [program.wait(60) for program in programs] == [0, 0]

    names = [f"GET {who} {n}" for who in ("a", "b", "thread") for n in range(30)]
    assert all(cache.get(name) is not None for name in names)
