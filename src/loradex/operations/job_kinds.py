"""Work that can be started at any time and needs nothing said: a table of commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.operations.child_job import ChildJob
from loradex.paths import Home

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.settings import Settings


@dataclass(frozen=True, slots=True)
class JobKind:
    """Work in a process of its own. `arguments` follow `loradex`."""

    id: str
    title: str
    tells: str
    """What it does, in a few words."""
    arguments: tuple[str, ...]
    asks_hub: bool = False

    @property
    def command(self) -> str:
        """The same on a command line."""
        return " ".join(("loradex", *self.arguments))


SCAN = JobKind("scan", "Scan", "index what is new, then hash it", ("scan",))
QUICK_SCAN = JobKind(
    "scan-only", "Scan, hash later", "index what is new, read nothing in full",
    ("scan", "--hash", "later"),
)  # fmt: skip
MATCH = JobKind(
    "match", "Match with the hub", "names, trigger words, tags and base models",
    ("hub", "match"), asks_hub=True,
)  # fmt: skip
PREVIEWS = JobKind(
    "previews", "Fetch previews", "the hub's picture of each matched model",
    ("hub", "previews"), asks_hub=True,
)  # fmt: skip
UPDATES = JobKind(
    "updates", "Check for updates", "newer versions of what you own", ("hub", "updates"),
    asks_hub=True,
)  # fmt: skip
REFRESH = JobKind(
    "refresh", "Refresh from the hub", "ask again what it says of matched models",
    ("hub", "refresh"), asks_hub=True,
)  # fmt: skip
PROPOSE = JobKind(
    "inbox", "Propose tags", "look through all models; the inbox is where you decide",
    ("inbox", "--counts"),
)  # fmt: skip
VERIFY = JobKind(
    "verify", "Verify", "read files again and compare their hashes", ("verify",)
)  # fmt: skip
DOCTOR = JobKind("doctor", "Doctor", "look for what is wrong with files and catalog", ("doctor",))

JOB_KINDS = (SCAN, QUICK_SCAN, MATCH, PROPOSE, PREVIEWS, UPDATES, REFRESH, VERIFY, DOCTOR)


def why_not(kind: JobKind, catalog: Catalog, settings: Settings) -> str | None:
    """Return why this work cannot be done now, None when it can."""
    if kind is not DOCTOR and not catalog.files.libraries():
        return "There is no library yet."
    if kind.asks_hub and settings.offline:
        return "The settings say offline."
    return None


def start_job(home: Home, kind: JobKind) -> ChildJob:
    """Start it; it is given the keys of hubs only where it asks one."""
    return ChildJob(home, kind.arguments, keys=kind.asks_hub)
