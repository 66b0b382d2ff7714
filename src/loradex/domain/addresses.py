"""Addresses as they may be shown: people paste them with the keys that they were given in them."""

from __future__ import annotations

import re

HIDDEN = "…"

# What the hubs' own pages and downloads have in their addresses, lower case.
_HARMLESS = frozenset(
    {"modelid", "modelversionid", "fileid", "type", "format", "size", "fp", "primary"}
    | {"revision", "download", "tab", "page", "limit", "sort", "period", "hf"}
)
# Up to the last @ before the path; behind a colon that no port follows, slashes belong to it, too.
_USER = re.compile(r"//(?:[^/]*@|[^/@:]*:(?!\d{0,5}(?:[/?#]|$)).*@)")
_PARAMETER = re.compile(r"([?&;#])([^?&;#=]*)(=?)([^?&;#]*)")


def shown_address(text: str) -> str:
    """Return an address, or any other text, without what may be secret in it.

    That is who signs in with which password, and the value of every parameter that is not known to
    be harmless: no list of the names of keys would be complete. Text without an address or a
    parameter in it stays as it is. What is returned is still untrusted text.
    """
    mark = re.search(r"[?#]", text)
    if mark is None and "@" not in text:
        return text
    start = text.find("//")
    shown = text if start < 0 else text[:start] + _USER.sub(f"//{HIDDEN}@", text[start:], count=1)
    mark = re.search(r"[?#]", shown)
    if mark is None or not ("=" in shown[mark.start() :] or "/" in shown[: mark.start()]):
        return shown
    return shown[: mark.start()] + _PARAMETER.sub(_without_value, shown[mark.start() :])


def _without_value(match: re.Match[str]) -> str:
    begin, name, equals, value = match.groups()
    if not equals:
        return begin + (HIDDEN if name else "")
    if name.lower() in _HARMLESS or not value:
        return match.group()
    return f"{begin}{name}={HIDDEN}"
