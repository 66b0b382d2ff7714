"""Whether a file of the hub can be downloaded, as far as its record tells, and where to ask."""

from __future__ import annotations

from datetime import UTC, datetime

from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.text import display_text
from loradex.errors import DownloadsDisabled, HubEarlyAccess, HubNotFound
from loradex.hub.links import Links


def check_downloadable(links: Links, label: str, version: HubVersion, file: HubFile) -> str:
    """Return the address to ask for a file at the hub called `label`; raise if nobody gets it."""
    name = display_text(file.name, 120)
    if version.usage_control not in (None, "Download"):
        raise DownloadsDisabled(
            f"{name} is not for download: its creator lets it be used on {label} only.",
            status=401,
            hint="Look for another version.",
        )
    until = version.early_access_until
    if until is not None and until > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"):
        raise HubEarlyAccess(
            f"{name} is in early access until {until}: only those who paid for it get it.",
            until=until,
            hint="Try again after that time.",
        )
    url = links.download(version.id, file.id, file.primary)
    if url is None:
        raise HubNotFound(
            f"Nothing tells {name} from the other files of its version.",
            hint="Download it on the page of the model.",
        )
    return url
