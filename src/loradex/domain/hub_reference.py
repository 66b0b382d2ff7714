"""A model, version or file of a hub, as a person names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubReference:
    """At least one of model, version and slug is there.

    `slug` names things on hubs whose ids are text (`owner/name`), `revision` and `path` go with it.
    """

    hub: str
    model_id: int | None = None
    version_id: int | None = None
    file_id: int | None = None
    slug: str | None = None
    revision: str | None = None
    path: str | None = None
