"""Where keys are kept, for whom, and what becomes of a store that is not private."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import PasswordSetError

from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, SettingsError
from loradex.hub import keys, system_keyring
from loradex.hub.keys import KEYRING, KeyStore, key_in_force, with_key
from loradex.hub.origin import Origin
from loradex.paths import Home
from loradex.settings import Secret, Settings, load_settings

KEY = "key-of-mosskettle-0123456789"
OTHER = "key-of-paperlantern-98765432"
SITE = Origin.of(httpx.URL("https://civitai.com"))
NAS = Origin.of(httpx.URL("https://nas.lan:8443"))


class Drawer(KeyringBackend):
    """A keyring as good as any, in memory."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlainText(Drawer):
    """What the library does not recommend."""

    priority = 0.5


class Forgetful(Drawer):
    """Says it kept the key, and did not."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Loud(Drawer):
    """Fails with the key in its words."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"cannot keep {password}")


class NotEvenAnError(Drawer):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise SystemExit(3)


class Hung(Drawer):
    """Waits for a window that nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait(10)
        return None

    set_password = get_password  # type: ignore[assignment]


Use = Callable[[KeyringBackend], KeyringBackend]


@pytest.fixture
def use() -> Iterator[Use]:
    """Put a backend in the place of the system's."""
    before = keyring.get_keyring()

    def put(backend: KeyringBackend) -> KeyringBackend:
        keyring.set_keyring(backend)
        return backend

    yield put
    keyring.set_keyring(before)


@pytest.fixture
def store(home: Home) -> KeyStore:
    return KeyStore(home.keys)


def found(store: KeyStore, origin: Origin = SITE) -> tuple[str, str] | None:
    key = store.find(origin)
    return None if key is None else (key.key.reveal(), key.where)


def test_a_keyring_takes_the_key_and_the_file_only_notes_it(
    store: KeyStore, home: Home, use: Use
) -> None:
    drawer = use(Drawer())
    assert store.keep(SITE, Secret(KEY)) == KEYRING
    assert found(store) == (KEY, KEYRING)
    assert isinstance(drawer, Drawer)
    assert drawer.kept == {("loradex", "https://civitai.com"): KEY}
    assert json.loads(home.keys.read_text()) == {"https://civitai.com": None}
    assert store.place(SITE) == KEYRING

    assert store.forget(SITE) == KEYRING
    assert drawer.kept == {}
    assert (found(store), store.forget(SITE)) == (None, None)


@pytest.mark.parametrize(
    "backend", [fail.Keyring, null.Keyring, PlainText, Forgetful, Loud, NotEvenAnError]
)
def test_without_a_usable_keyring_the_key_lies_in_a_private_file(
    store: KeyStore, home: Home, use: Use, backend: type[KeyringBackend]
) -> None:
    use(backend())
    before = os.umask(0)
    try:
        where = store.keep(SITE, Secret(KEY))
    finally:
        os.umask(before)
    assert where == str(home.keys)
    assert found(store) == (KEY, str(home.keys))
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o600
    assert [path.name for path in home.root.iterdir()] == [home.keys.name]


def test_a_keyring_that_hangs_is_left_behind(
    store: KeyStore, home: Home, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_keyring, "PATIENCE", 0.05)
    hung = use(Hung())
    assert isinstance(hung, Hung)
    assert store.keep(SITE, Secret(KEY)) == str(home.keys)
    home.keys.write_text('{"https://civitai.com": null}')
    assert found(store) is None
    with pytest.raises(SettingsError, match="does not let go"):
        store.forget(SITE)
    assert store.place(SITE) == KEYRING
    hung.released.set()


def test_a_keyring_that_hangs_can_be_stopped(store: KeyStore, home: Home, use: Use) -> None:
    hung = use(Hung())
    assert isinstance(hung, Hung)
    home.keys.write_text('{"https://civitai.com": null}')
    home.keys.chmod(0o600)
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(Cancelled):
        store.find(SITE, cancel)
    hung.released.set()


def test_a_key_belongs_to_one_origin(store: KeyStore) -> None:
    store.keep(SITE, Secret(KEY))
    store.keep(NAS, Secret(OTHER))
    assert found(store, NAS) == (OTHER, store.place(NAS))
    for url in (
        "http://civitai.com",
        "https://civitai.com:8443",
        "https://civitai.red",
        "https://www.civitai.com",
        "https://b2.civitai.com",
        "https://civitai.com.evil.example",
        "https://nas.lan",
        "http://nas.lan:8443",
    ):
        assert found(store, Origin.of(httpx.URL(url))) is None, url
    assert found(store, Origin.of(httpx.URL("https://CIVITAI.com:443/x"))) == found(store, SITE)
    store.forget(SITE)
    assert found(store, NAS) is not None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601])
def test_a_file_that_others_may_open_is_not_used(store: KeyStore, home: Home, mode: int) -> None:
    store.keep(SITE, Secret(KEY))
    home.keys.chmod(mode)
    for act in (
        lambda: store.find(SITE),
        lambda: store.place(SITE),
        lambda: store.keep(NAS, Secret(OTHER)),
        lambda: store.forget(SITE),
    ):
        with pytest.raises(SettingsError) as caught:
            act()
        assert "open to other people" in caught.value.message
        assert "chmod 600" in (caught.value.hint or "")
        assert KEY not in str(caught.value)


def test_a_folder_that_anybody_may_write_to_is_not_used(store: KeyStore, home: Home) -> None:
    home.root.chmod(0o777)
    with pytest.raises(SettingsError, match="Anybody on this machine can write"):
        store.keep(SITE, Secret(KEY))
    assert not home.keys.exists()
    home.root.chmod(0o755)
    store.keep(SITE, Secret(KEY))
    home.root.chmod(0o777)
    with pytest.raises(SettingsError, match="Anybody on this machine can write"):
        store.find(SITE)


def test_keys_that_are_given_at_the_same_time_are_all_kept(home: Home, use: Use) -> None:
    use(fail.Keyring())
    origins = [Origin("https", f"hub{number}.example", 443) for number in range(12)]
    start = threading.Barrier(len(origins))

    def give(origin: Origin) -> None:
        start.wait(60)
        KeyStore(home.keys).keep(origin, Secret(f"key-of-{origin.host}"))

    threads = [threading.Thread(target=give, args=(origin,), daemon=True) for origin in origins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert json.loads(home.keys.read_text()) == {
        origin.text: f"key-of-{origin.host}" for origin in origins
    }


def test_a_file_that_another_process_holds_is_told(
    home: Home, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(fail.Keyring())
    monkeypatch.setattr(keys, "_PATIENCE", 0.1)
    home.root.mkdir(parents=True, exist_ok=True)
    folder = os.open(home.root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="Another loradex"):
            KeyStore(home.keys).keep(SITE, Secret(KEY))
    finally:
        os.close(folder)
    assert KeyStore(home.keys).find(SITE) is None


def test_a_link_is_no_file_of_keys(store: KeyStore, home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "keys.json"
    elsewhere.write_text(json.dumps({SITE.text: KEY}))
    elsewhere.chmod(0o600)
    home.keys.symlink_to(elsewhere)
    with pytest.raises(SettingsError, match="cannot be read"):
        store.find(SITE)


def test_a_pipe_is_no_file_of_keys(store: KeyStore, home: Home) -> None:
    os.mkfifo(home.keys, 0o600)
    with pytest.raises(SettingsError, match="not a file of keys"):
        store.find(SITE)


@pytest.mark.parametrize(
    "text",
    ["", "{", f'"{KEY}"', "[]", f'{{"https://civitai.com": ["{KEY}"]}}', "[" * 9999, "\udcff"],
)
def test_a_damaged_file_is_told_without_its_words(store: KeyStore, home: Home, text: str) -> None:
    home.keys.write_text(text, errors="surrogateescape")
    home.keys.chmod(0o600)
    with pytest.raises(SettingsError, match="not a file of keys") as caught:
        store.find(SITE)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_file_of_any_size_is_not_read(store: KeyStore, home: Home) -> None:
    home.keys.touch(0o600)
    os.truncate(home.keys, 1 << 40)
    with pytest.raises(SettingsError, match="not a file of keys"):
        store.find(SITE)


def test_what_cannot_be_written_leaves_what_was_there(
    store: KeyStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.keep(SITE, Secret(KEY))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SettingsError, match="No space left"):
        store.keep(SITE, Secret(OTHER))
    assert found(store) == (KEY, str(home.keys))
    assert [path.name for path in home.root.iterdir()] == [home.keys.name]


def test_the_environment_counts_before_what_was_kept(home: Home, store: KeyStore) -> None:
    settings = load_settings(home, {})
    assert key_in_force(settings, home) is None
    assert with_key(settings, home) is settings
    store.keep(SITE, Secret(KEY))

    def told(**environ: str) -> tuple[str, str]:
        key = key_in_force(load_settings(home, environ), home)
        assert key is not None
        return key.key.reveal(), key.where

    assert told() == (KEY, str(home.keys))
    assert told(CIVITAI_API_KEY="b") == ("b", "CIVITAI_API_KEY")
    assert told(CIVITAI_API_KEY="b", LORADEX_HUB_TOKEN="a") == ("a", "LORADEX_HUB_TOKEN")
    kept = with_key(settings, home)
    assert kept.hub_token is not None
    assert (kept.hub_token.reveal(), kept.hub_token_from) == (KEY, str(home.keys))
    assert key_in_force(replace(settings, hub_url="https://nas.lan"), home) is None


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://civitai.com", True),
        ("https://civitai.com/", True),
        ("https://CIVITAI.com:443/api", True),
        ("https://civitai.red", True),
        ("https://civitai.green", True),
        ("https://civitai.blue", True),
        ("http://civitai.com", False),
        ("https://civitai.com:8443", False),
        ("https://civitai.org", False),
        ("https://b2.civitai.com", False),
        ("https://civitai.com.evil.example", False),
        ("https://civitai.com@evil.example", False),
        ("https://civitai.com:443@evil.example", False),
        ("https://civitai.com\\@evil.example", False),
        ("https://evil.example/https://civitai.com", False),
        ("https://nas.lan:8443", False),
        ("http://127.0.0.1:8000", False),
    ],
)
def test_the_key_that_every_tool_reads_goes_to_civitai_only(
    home: Home, url: str, sent: bool
) -> None:
    environ = {"CIVITAI_API_KEY": KEY, "LORADEX_HUB_URL": url}
    assert (load_settings(home, environ).hub_token is not None) is sent
    own = load_settings(home, environ | {"LORADEX_HUB_TOKEN": OTHER})
    assert own.hub_token is not None
    assert own.hub_token.reveal() == OTHER
    home.settings.write_text(f"hub_url = {json.dumps(url)}\n")
    assert (load_settings(home, {"CIVITAI_API_KEY": KEY}).hub_token is not None) is sent


def test_nothing_asks_a_keyring_that_holds_nothing_of_ours(home: Home) -> None:
    script = (
        "import sys; from loradex.paths import default_home as home;"
        " from loradex.hub.keys import key_in_force; from loradex.settings import load_settings;"
        " print(key_in_force(load_settings(home()), home()), 'keyring' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "None False"
    assert Settings().hub_token is None
