"""Show a page of a hub in the person's browser: http and https only, and never by a shell."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from loradex.domain.text import display_text
from loradex.errors import UsageError
from loradex.operations.outside import show_outside

_HOSTS = ("civitai.com", "huggingface.co", "civarchive.com")


def show_page(address: str, hubs: Collection[str] = ()) -> None:
    """Show a page of a hub; `hubs` are the addresses of further hubs whose pages are trusted.

    Raises `UsageError` for an address that is no page of a hub, and where there is no browser.
    """
    check_page(address, hubs)
    refusal = UsageError(f"There is no browser here. The page is {address}", hint="y copies it.")
    show_outside(address, refusal)


def check_page(address: str, hubs: Collection[str] = ()) -> None:
    """Raise `UsageError` unless an address is a page of a hub, by http or https."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        own = {urlsplit(hub).netloc.lower() for hub in hubs}
    except ValueError:
        host, parts, own = "", urlsplit(""), set()
    known = any(host == each or host.endswith(f".{each}") for each in _HOSTS)
    plain = address.isprintable() and not any(character.isspace() for character in address)
    good = parts.scheme in ("http", "https") and plain and not parts.username
    if not good or not (known or parts.netloc.lower() in own):
        raise UsageError(
            f"{display_text(address, 120)} is no page of a hub: it is not opened.",
            hint="y copies it.",
        )
