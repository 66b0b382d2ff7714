"""Where loradex keeps its own things. All of it lies under one folder, `LORADEX_HOME`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds all state, and what lies where in it."""

    root: Path

    @property
    def catalog(self) -> Path:
        """The SQLite database."""
        return self.root / "catalog.db"

    @property
    def backups(self) -> Path:
        """Copies of the catalog."""
        return self.root / "backups"

    @property
    def renders(self) -> Path:
        """Finished cells, named by their keys."""
        return self.root / "renders"

    @property
    def grids(self) -> Path:
        """Sheets and pages, a folder per grid."""
        return self.root / "grids"

    @property
    def plugins(self) -> Path:
        """The person's own plugins."""
        return self.root / "plugins"

    @property
    def cache(self) -> Path:
        """What can be fetched again: answers of hubs, previews. May be deleted at any time."""
        return self.root / "cache"

    @property
    def keys(self) -> Path:
        """Keys of hubs, where the system has no keyring; readable by its owner alone."""
        return self.root / "keys.json"

    @property
    def settings(self) -> Path:
        """The person's settings."""
        return self.root / "loradex.toml"

    @property
    def tagging(self) -> Path:
        """The person's tagging rules."""
        return self.root / "tagging.toml"


def default_home() -> Home:
    """Return `$LORADEX_HOME`, else the platform's data directory for loradex."""
    override = os.environ.get("LORADEX_HOME")
    if override:
        return Home(Path(override).expanduser().absolute())
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed when the override is set

    return Home(user_data_path("loradex", appauthor=False))


def expanded(path: str | Path) -> Path:
    """Return `path` with a leading `~` or `~user` resolved; one that names nobody stays as it is.

    Unlike `Path.expanduser`, which raises `RuntimeError` for it: a file may be called `~draft`.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - see above
