"""Whether a file of the hub can be downloaded, as far as its record tells, and where to ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.text import display_text
from loradex.errors import DownloadsDisabled, HubArchived, HubEarlyAccess, HubNotFound
from loradex.hub.links import Links


def download_address(
    links: Links, label: str, version: HubVersion, file: HubFile, *, has_key: bool
) -> str:
    """Return the address to ask for a file at the hub called `label`; raise if nobody gets it.

    Early access is left to the hub when there is a key: its owner may have paid.
    """
    name = display_text(file.name, 120) or "The file"
    if not version.open_here:
        _check_may(label, version, name, has_key=has_key)
    url = links.download(version.id, file.id, file.primary)
    if url is None:
        raise HubNotFound(
            f"Nothing tells {name} from the other files of its version.",
            hint="Download it on the page of the model.",
        )
    return url


def _check_may(label: str, version: HubVersion, name: str, *, has_key: bool) -> None:
    """Raise for what the hub gives to nobody, or not to us."""
    if version.usage_control not in (None, "Download"):
        raise DownloadsDisabled(
            f"{name} is not for download: its creator lets it be used on {label} only.",
            status=401,
            hint="Look for another version.",
        )
    if _archived(version):
        raise HubArchived(
            f"{name} belongs to an archived model: {label} gives it to nobody any more.",
            status=410,
            hint="Look for it elsewhere by its hash.",
        )
    if not has_key:
        _check_open(version, name)


def _check_open(version: HubVersion, name: str) -> None:
    """Raise `HubEarlyAccess` for what only those get who paid."""
    if version.paid:
        raise HubEarlyAccess(
            f"{name} is only for those who paid for it.",
            hint="With `loradex hub login` it can be had by an account that has access.",
        )
    until = version.early_access_until
    if until is not None and until > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"):
        raise HubEarlyAccess(
            f"{name} is in early access until {until}: only those who paid for it get it.",
            until=until,
            hint="Try again after that time, or log in with an account that has access.",
        )


def _archived(version: HubVersion) -> bool:
    """Tell whether a version's own document says that its model was archived."""
    try:
        document = json.loads(version.raw)
    except (ValueError, RecursionError):
        return False
    model = document.get("model") if isinstance(document, dict) else None
    return isinstance(model, dict) and model.get("mode") == "Archived"
