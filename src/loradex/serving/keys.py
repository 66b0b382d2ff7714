"""Keys for those who may ask: made once, shown once, kept as salt and hash.

A key has 256 bits from the system's own source, so a fast keyed hash is enough: there is nothing
to guess, and a slow one would let strangers keep the server busy.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from loradex.catalog.catalog import Catalog
from loradex.catalog.serve_store import StoredKey
from loradex.domain.secret import Secret
from loradex.domain.text import display_text
from loradex.errors import UsageError

LONGEST_NAME = 60
_SALT_BYTES = 16
_PREFIX = "ldx_"


def add_key(catalog: Catalog, name: str) -> Secret:
    """Make a key, keep its hash under `name`, and return it: it cannot be shown again.

    Raises `UsageError` for a name that is taken or none.
    """
    clean = " ".join(name.split())
    if not clean or len(clean) > LONGEST_NAME or display_text(clean) != clean:
        raise UsageError(
            f"A key's name has 1 to {LONGEST_NAME} characters, all of them visible.",
            hint="Name it after who or what uses it: loradex hub serve keys add laptop",
        )
    key = Secret(_PREFIX + secrets.token_urlsafe(32))
    salt = secrets.token_bytes(_SALT_BYTES)
    if not catalog.serving.add_key(clean, salt=salt, digest=digest_of(key.reveal(), salt)):
        raise UsageError(
            f"There is a key named {clean!r} already.",
            hint="Choose another name, or remove the old key first.",
        )
    return key


def remove_key(catalog: Catalog, name: str) -> None:
    """Forget a key, at once and for good; raise `UsageError` when there is none of that name."""
    if not catalog.serving.remove_key(name):
        raise UsageError(
            f"There is no key named {name!r}.", hint="`loradex hub serve keys list` lists them."
        )


def digest_of(key: str, salt: bytes) -> bytes:
    """Return the hash under which a key is kept."""
    return hmac.digest(salt, key.encode("utf-8", "surrogateescape"), "sha256")


def key_behind(given: str, keys: Iterable[StoredKey]) -> StoredKey | None:
    """Return the key that was given, None when it is none of them. Takes the same time for any."""
    found = None
    for key in keys:
        if hmac.compare_digest(digest_of(given, key.salt), key.digest):
            found = key
    return found


def ticket(key: StoredKey, version_id: int, picture_id: int) -> str:
    """Return what lets one picture be fetched without the key, for as long as the key is good."""
    text = f"picture {version_id} {picture_id}".encode()
    return hmac.digest(key.digest, text, "sha256").hex()[:32]


def good_ticket(given: str, keys: Iterable[StoredKey], version_id: int, picture_id: int) -> bool:
    """Tell whether a ticket for this picture was made for any of these keys."""
    text = given.encode("utf-8", "surrogatepass")
    good = [hmac.compare_digest(text, ticket(key, version_id, picture_id).encode()) for key in keys]
    return any(good)


class Guesses:
    """Counts wrong keys by the address they came from: too many, and it is told to wait.

    `clock` gives seconds that never go back. Safe to share between threads.
    """

    ALLOWED = 10
    SECONDS = 60.0
    ADDRESSES = 1024

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, deque[float]] = {}

    def wait(self, address: str) -> float:
        """Return for how many seconds this address is told to wait; 0 when it may try again."""
        with self._lock:
            wrong = self._recent(address)
            if len(wrong) < self.ALLOWED:
                return 0.0
            return max(wrong[0] + self.SECONDS - self._clock(), 0.0)

    def note(self, address: str) -> None:
        """Note a wrong key."""
        with self._lock:
            wrong = self._recent(address)
            wrong.append(self._clock())
            self._wrong[address] = wrong
            while len(self._wrong) > self.ADDRESSES:
                del self._wrong[next(iter(self._wrong))]

    def _recent(self, address: str) -> deque[float]:
        wrong = self._wrong.pop(address, deque(maxlen=self.ALLOWED))
        while wrong and wrong[0] <= self._clock() - self.SECONDS:
            wrong.popleft()
        if wrong:
            self._wrong[address] = wrong
        return wrong
