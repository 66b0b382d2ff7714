"""The system's own store of secrets, if it has a usable one. Never fails, never waits for good.

Backends talk to other programs (D-Bus, a keychain that asks for a password): they raise whatever
those raise, and may never come back. Each call is therefore made on a thread that can be left
behind, and every failure is the same to the caller: there is no keyring.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from loradex.domain.progress import CancelToken
from loradex.hub.bounded import OutOfTime, call_bounded

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "loradex"
PATIENCE = 30.0
"""Seconds: long enough to type the password of a locked keyring."""
_RECOMMENDED = 1
"""The library's own mark: backends below it are absent, empty or keep plain text."""

_T = TypeVar("_T")


def read_secret(account: str, cancel: CancelToken | None = None) -> str | None:
    """Return what is kept for `account`; None when there is nothing, or no keyring to ask.

    Raises `Cancelled` soon after the token is set: a locked keyring may wait for a person.
    """
    return _ask(lambda backend: backend.get_password(SERVICE, account), cancel)


def write_secret(account: str, secret: str) -> bool:
    """Keep a secret; False when there is no keyring, or it did not really keep it."""

    def write(backend: KeyringBackend) -> bool:
        backend.set_password(SERVICE, account, secret)
        return backend.get_password(SERVICE, account) == secret

    return bool(_ask(write))


def erase_secret(account: str) -> bool:
    """Forget a secret; tell whether nothing is left of it."""

    def erase(backend: KeyringBackend) -> bool:
        if backend.get_password(SERVICE, account) is not None:
            backend.delete_password(SERVICE, account)
        return backend.get_password(SERVICE, account) is None

    return bool(_ask(erase))


def _ask(question: Callable[[KeyringBackend], _T], cancel: CancelToken | None = None) -> _T | None:
    """Return the backend's answer, None without a usable one.

    What a backend raises is dropped unread: it may quote the secret.
    """

    def ask() -> _T | None:
        try:
            import keyring  # noqa: PLC0415 - slow, and it looks for backends

            backend = keyring.get_keyring()
            return question(backend) if backend.priority >= _RECOMMENDED else None
        except BaseException:  # noqa: BLE001 - see the module's promise
            return None

    try:
        return call_bounded(ask, seconds=PATIENCE, cancel=cancel or CancelToken())
    except OutOfTime:
        return None
