"""`loradex hub login`, `logout`, `whoami`, and where a key that was given may show up: nowhere."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.kit import Ended, Run
from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_http import LoopbackServer, json_reply
from loradex.demo.hub_server import LocalHub
from loradex.paths import Home
from operations.downloads.world import KEY, make_library, make_world

WRONG = "key-that-nobody-has-0123456789"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub that the settings name."""
    with LocalHub(make_world(tmp_path / "shelf")) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        monkeypatch.setenv("LORADEX_HUB_RETRIES", "0")
        yield hub


Login = Callable[..., Ended]


@pytest.fixture
def login(run: Run, monkeypatch: pytest.MonkeyPatch) -> Login:
    def call(key: str, *arguments: str) -> Ended:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\n"))
        return run("hub", "login", *arguments)

    return call


def test_a_key_is_checked_then_kept_and_used(
    run: Run, login: Login, hub: LocalHub, home: Home
) -> None:
    ended = login(KEY, "--key-stdin")
    assert ended.code == 0
    assert ended.out == (
        f"Signed in: mosskettle (free) at {hub.url}. The key lies in {home.keys}.\n"
    )
    ended = run("hub", "whoami")
    assert ended.out == f"mosskettle (free) at {hub.url}. The key comes from {home.keys}.\n"
    assert json.loads(run("hub", "whoami", "--json").out) == {
        "hub_url": hub.url,
        "name": "mosskettle",
        "tier": "free",
        "key_from": str(home.keys),
    }
    assert "example.com" not in ended.out  # the account's e-mail
    assert json.loads(run("config", "--json").out)["hub_token"] == "set"
    run("hub", "match")
    assert run("hub", "logout").out == f"The key for {hub.url} is gone from {home.keys}.\n"
    assert json.loads(run("config", "--json").out)["hub_token"] is None
    assert run("hub", "logout").out == f"No key was kept for {hub.url}.\n"
    assert run("hub", "whoami").out == f"No key is known for {hub.url}: loradex hub login\n"


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (WRONG, 1, "refuses the key"),
        ("two words", 1, "characters that no key has"),
        ("", 2, "No key was given"),
        ("x" * 5000, 2, "too long for a key"),
    ],
)
def test_a_wrong_key_is_not_kept_and_an_earlier_one_stays(
    login: Login, hub: LocalHub, home: Home, *, key: str, code: int, words: str
) -> None:
    login(KEY)
    before = home.keys.read_bytes()
    ended = login(key)
    assert (ended.code, home.keys.read_bytes()) == (code, before)
    assert words in ended.err
    assert not key or key not in ended.out + ended.err


@pytest.mark.parametrize("name", ["cut", "overloaded", "edge"])
def test_what_cannot_be_checked_is_not_kept(
    login: Login, hub: LocalHub, home: Home, name: str
) -> None:
    troubles = {
        "cut": hub_trouble.Reset(),
        "overloaded": hub_trouble.overloaded(),
        "edge": hub_trouble.edge_page(200),
    }
    hub.trouble(troubles[name], path="/api/v1/me")
    ended = login(KEY)
    assert ended.code == 1
    assert not home.keys.exists()


def test_no_key_over_a_way_that_others_can_read(
    login: Login, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORADEX_HUB_URL", "http://nas.lan:8000")
    ended = login(KEY)
    assert (ended.code, home.keys.exists()) == (1, False)
    assert "others could read it" in ended.err
    assert KEY not in ended.err


def test_hugging_face_keeps_its_own(login: Login, hub: LocalHub) -> None:
    ended = login(KEY, "--hub", "huggingface")
    assert (ended.code, hub.requests) == (2, [])
    assert "hf auth login" in ended.err


def test_the_environment_is_named_when_it_counts_first(
    run: Run, login: Login, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORADEX_HUB_TOKEN", KEY)
    assert "LORADEX_HUB_TOKEN is set and counts before it" in login(KEY).err
    assert "comes from LORADEX_HUB_TOKEN" in run("hub", "whoami").out
    assert "LORADEX_HUB_TOKEN is still set" in run("hub", "logout").err


def test_a_key_given_for_one_hub_is_not_sent_to_another(
    run: Run, login: Login, hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(KEY)
    monkeypatch.setenv("CIVITAI_API_KEY", KEY)
    with LocalHub(make_world(tmp_path / "other")) as nas:
        monkeypatch.setenv("LORADEX_HUB_URL", nas.url)
        assert "No key is known" in run("hub", "whoami").out
        (tmp_path / "models").mkdir()
        assert run("hub", "get", "version:102").code != 0
        assert nas.requests
        assert all("authorization" not in request.headers for request in nas.requests)


def test_a_file_that_lies_open_stops_what_would_use_it(
    run: Run, login: Login, hub: LocalHub, home: Home
) -> None:
    login(KEY)
    home.keys.chmod(0o644)
    before = len(hub.requests)
    for command in ("whoami", "match", "logout"):
        ended = run("hub", command)
        assert ended.code == 1
        assert "open to other people" in ended.err
        assert KEY not in ended.err
    assert len(hub.requests) == before


def test_the_key_is_typed_without_being_shown(hub: LocalHub, home: Home) -> None:
    """On a terminal of its own, which shows what a person would see."""
    ours, theirs = pty.openpty()
    seen = bytearray()

    def read() -> None:
        try:
            while piece := os.read(ours, 1024):
                seen.extend(piece)
        except OSError:  # the other end was closed
            return

    reader = threading.Thread(target=read, daemon=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "loradex", "hub", "login"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    reader.start()
    end = time.monotonic() + 60
    while b"(not shown)" not in seen:
        assert process.poll() is None, seen
        assert time.monotonic() < end, seen
        time.sleep(0.01)
    os.write(ours, f"{KEY}\n".encode())
    assert process.wait(60) == 0
    reader.join(10)
    os.close(ours)
    assert b"Signed in: mosskettle" in seen
    assert KEY.encode() not in seen
    assert KEY in home.keys.read_text()


def test_two_hosts_and_a_redirects_target_never_see_the_key(
    run: Run,
    login: Login,
    hub: LocalHub,
    home: Home,
    tmp_path: Path,
    *,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The hub sees it in its header; storage, pictures, redirects, logs and errors never do."""
    caplog.set_level(logging.DEBUG)
    login(KEY)
    with Catalog.open(home) as catalog:
        models = make_library(catalog, tmp_path / "models")
    shown: list[str] = []

    def call(*arguments: str) -> Ended:
        ended = run(*arguments)
        shown.append(ended.out + ended.err)
        return ended

    assert call("hub", "get", "version:102").code == 0
    assert list(models.rglob("lantern.safetensors"))
    call("hub", "match")
    call("hub", "whoami")

    elsewhere = LoopbackServer(lambda request: json_reply({"username": "thief"}))
    elsewhere.open()
    try:
        for status in (301, 302, 303, 307, 308):
            hub.trouble(hub_trouble.redirect(f"{elsewhere.url}/api/v1/me", status))
            call("hub", "whoami")
        hub.download_scenario.location = f"{elsewhere.url}/file"
        call("hub", "get", "version:201")
    finally:
        elsewhere.close()
    for what in (hub_trouble.Reset(), hub_trouble.overloaded(), hub_trouble.edge_page(403)):
        hub.trouble(what)
        process = subprocess.run(
            [sys.executable, "-X", "dev", "-m", "loradex", "--debug", "hub", "whoami"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
            timeout=60,
        )
        assert "Traceback" in process.stderr
        shown.append(process.stdout + process.stderr)

    for request in (*hub.storage_requests, *elsewhere.requests):
        told = f"{request.method} {request.path} {request.query} {request.headers}"
        assert "authorization" not in request.headers
        assert KEY not in told
        assert KEY.encode() not in request.body
    assert hub.storage_requests
    assert all(KEY not in f"{r.path} {r.query}" for r in hub.requests)
    sent = [r for r in hub.requests if r.headers.get("authorization") == f"Bearer {KEY}"]
    assert len(sent) > 8
    assert KEY not in "".join(shown)
    assert KEY not in caplog.text
    kept_elsewhere = [
        path
        for folder in (home.root, models)
        for path in folder.rglob("*")
        if path.is_file() and path != home.keys and KEY.encode() in path.read_bytes()
    ]
    assert kept_elsewhere == []
