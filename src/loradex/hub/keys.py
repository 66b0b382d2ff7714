"""Keys of hubs that a person gave us: one per origin, in the system's keyring or a private file.

The file names every origin that has a key, with the key itself only where no keyring could take
it. So nobody waits for a keyring that holds nothing of ours, and whether there is a key can be
told without asking one.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.errors import SettingsError
from loradex.hub.origin import Origin, hub_address
from loradex.hub.system_keyring import erase_secret, read_secret, write_secret
from loradex.paths import Home
from loradex.settings import Settings

KEYRING = "the system keyring"
_FILE_LIMIT = 256 * 1024
_PATIENCE = 10.0
"""Seconds to wait for another process that changes the file, which takes it a moment."""
_LOOK = 0.02
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_Kept = dict[str, str | None]
"""Origin to its key; None where the keyring has it."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key, and where it lies: a variable, a file, or the keyring."""

    key: Secret
    where: str


class KeyStore:
    """The keys in `file` and in the keyring.

    Raises `SettingsError` when the file cannot be read or written, or is open to other people.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def place(self, origin: Origin) -> str | None:
        """Return where the key of `origin` lies, None when there is none. Asks no keyring."""
        kept = self._read()
        if origin.text not in kept:
            return None
        return KEYRING if kept[origin.text] is None else str(self._file)

    def find(self, origin: Origin, cancel: CancelToken | None = None) -> FoundKey | None:
        """Return the key of exactly this origin; None as well when its keyring does not answer.

        Raises `Cancelled` soon after the token is set.
        """
        where = self.place(origin)
        if where is None:
            return None
        value = self._read().get(origin.text) or read_secret(origin.text, cancel)
        return None if value is None else FoundKey(Secret(value), where)

    def keep(self, origin: Origin, key: Secret) -> str:
        """Keep the key of an origin in the place of an earlier one; return where it lies now."""
        self._read()  # before anything is changed: it may not be ours to change
        in_keyring = write_secret(origin.text, key.reveal())
        with self._alone():
            kept = self._read()
            self._write(kept | {origin.text: None if in_keyring else key.reveal()})
        return KEYRING if in_keyring else str(self._file)

    def forget(self, origin: Origin) -> str | None:
        """Forget the key of an origin; return where it lay, None when there was none.

        Raises `SettingsError`, and keeps its note of it, when the keyring does not let go.
        """
        where = self.place(origin)
        if where is None:
            return None
        if where == KEYRING and not erase_secret(origin.text):
            raise SettingsError(
                f"The system keyring does not let go of the key for {origin.text}.",
                hint="Unlock it and try again, or remove the entry `loradex` in it yourself.",
            )
        with self._alone():
            kept = self._read()
            kept.pop(origin.text, None)
            self._write(kept)
        return where

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process change the file meanwhile: its keys would be lost, or ours."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(self._file.parent, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise self._not_written(error) from error
        try:
            self._lock(folder)
            yield
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise SettingsError(
                        f"Another loradex is changing {self._file}.",
                        hint="The key was not kept: try again when that one is done.",
                    ) from error
                time.sleep(_LOOK)
            except OSError:
                return  # a file system without locks
            else:
                return

    def _read(self) -> _Kept:
        try:
            text = _read_private(self._file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(
                f"{self._file} cannot be read: {error.strerror or error}.",
                hint="It holds the keys of hubs: check its permissions, or remove it.",
            ) from error
        return _parsed(text, self._file)

    def _write(self, kept: _Kept) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _check_folder(self._file.parent)
            _write_private(self._file, json.dumps(kept, indent=1))
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"{self._file} cannot be written: {error.strerror or error}.",
            hint="The key was not kept: check the folder's permissions and free space.",
        )


def key_in_force(
    settings: Settings, home: Home, cancel: CancelToken | None = None
) -> FoundKey | None:
    """Return the key for the hub in `settings`: from the environment, else as kept for its origin.

    Raises `SettingsError` when the address is none, or the file of keys is not private, and
    `Cancelled` soon after the token is set.
    """
    if settings.hub_token is not None:
        return FoundKey(settings.hub_token, settings.hub_token_from or "the settings")
    return KeyStore(home.keys).find(Origin.of(hub_address(settings.hub_url)), cancel)


def with_key(settings: Settings, home: Home, cancel: CancelToken | None = None) -> Settings:
    """Return the settings with the key in force; see `key_in_force`."""
    found = key_in_force(settings, home, cancel)
    if found is None:
        return settings
    return replace(settings, hub_token=found.key, hub_token_from=found.where)


def _parsed(text: str, file: Path) -> _Kept:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not all(
        value is None or isinstance(value, str) for value in document.values()
    ):
        # Nothing of it is quoted, and no cause is chained: both would show keys.
        raise SettingsError(
            f"{file} is not a file of keys.", hint="Remove it, and run `loradex hub login` again."
        )
    return document


def _read_private(file: Path) -> str:
    """Return a file's text; raise `OSError`, or `SettingsError` when others could read it.

    What is checked is what was opened, and a link is not followed.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    opened = os.open(file, flags)
    try:
        info = os.fstat(opened)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _FILE_LIMIT:
            raise SettingsError(f"{file} is not a file of keys.", hint="Put it out of the way.")
        if os.name == "posix" and (info.st_uid != os.geteuid() or info.st_mode & _OTHERS):
            raise SettingsError(
                f"{file} is open to other people: the keys in it are not used.",
                hint=f"Run `chmod 600 {file}`; whoever had access may know the keys by now.",
            )
        _check_folder(file.parent)
        return os.read(opened, _FILE_LIMIT).decode("utf-8", "replace")
    finally:
        os.close(opened)


def _check_folder(folder: Path) -> None:
    """Raise `SettingsError` when anybody could put another file in the place of ours."""
    if os.name == "posix" and folder.stat().st_mode & stat.S_IWOTH:
        raise SettingsError(
            f"Anybody on this machine can write to {folder}: keys in it are not used.",
            hint=f"Run `chmod o-w {folder}`.",
        )


def _write_private(file: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone from its first moment on."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
