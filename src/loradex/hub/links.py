"""Addresses on the hub, built from ids: links inside answers are not to be trusted."""

from __future__ import annotations

import httpx


class Links:
    """Builds addresses below the hub's own, which may carry another host than its answers say.

    The hub takes the host of its links from wherever the answer was made, and its batch answers
    say `https://undefined` (docs/civitai.md).
    """

    def __init__(self, address: httpx.URL) -> None:
        self._base = str(address).rstrip("/")

    def page(self, model_id: int, version_id: int | None = None) -> str:
        """Return the page of a model, opened at one version."""
        version = "" if version_id is None else f"?modelVersionId={version_id}"
        return f"{self._base}/models/{model_id}{version}"

    def download(self, version_id: int, file_id: int | None, primary: bool) -> str | None:
        """Return the download of one file; None when nothing tells it from its neighbours.

        `fileId` names a file exactly; without it the hub sends the primary one.
        """
        link = f"{self._base}/api/download/models/{version_id}"
        if file_id is not None:
            return f"{link}?fileId={file_id}"
        return link if primary else None
