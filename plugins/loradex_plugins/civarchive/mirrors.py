"""From where a file of the archive can be fetched."""

from __future__ import annotations

from urllib.parse import urlsplit

from loradex_plugins.civarchive.reading import Document, table, tables, text, version_in

_MOST = 100


def mirrors_of(answer: Document, sha256: str) -> list[str]:
    """Return https addresses of these bytes, best first; what was deleted is left out.

    CivitAI goes last: what the archive is asked for is most likely gone there.
    """
    found: list[tuple[bool, str]] = []
    listed = version_in(answer).get("files") or answer.get("files")
    for file in tables(listed, _MOST):
        if (text(file.get("sha256")) or "").lower() != sha256:
            continue
        for mirror in tables(file.get("mirrors"), _MOST):
            if not mirror.get("deletedAt") and not table(mirror).get("is_gated"):
                found.append((mirror.get("source") == "civitai", text(mirror.get("url")) or ""))
        found.append((True, text(file.get("downloadUrl")) or ""))
    usable = [(last, address) for last, url in found if (address := _address(url)) is not None]
    return list(dict.fromkeys(address for _, address in sorted(usable, key=lambda pair: pair[0])))


def _address(url: str) -> str | None:
    """Return an address that files are fetched from; None for a page, or what is no address."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return None
    if parts.scheme != "https" or not host or "@" in parts.netloc:
        return None
    if host == "huggingface.co":
        # A link to the page of a file, made one to its bytes.
        return url.replace("/blob/", "/resolve/", 1)
    return url
