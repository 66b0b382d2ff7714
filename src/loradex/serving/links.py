"""Addresses on this server, as they stand in its documents."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Links:
    """Builds addresses below `base`, the server as the one who asks knows it."""

    base: str

    def download(self, version_id: int, file_id: int) -> str:
        """Return the download of one file."""
        return f"{self.base}/api/download/models/{version_id}?fileId={file_id}"

    def picture(self, ticket: str, version_id: int, picture_id: int) -> str:
        """Return the address of a picture; clients fetch it without their key."""
        return f"{self.base}/pictures/{ticket}/{version_id}/{picture_id}.jpg"

    def listing(self, path: str, parameters: list[tuple[str, str]]) -> str:
        """Return the address of a page of a list."""
        return f"{self.base}{path}?{urlencode(parameters, quote_via=quote)}"
