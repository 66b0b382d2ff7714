"""Libraries and files: where contents were seen."""

from sqlalchemy import text
from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import NEVER_REUSED, Table


class LibraryRow(Table, table=True):
    """A root folder. `raw_root` is the path as bytes: names need not be valid Unicode."""

    __tablename__ = "library"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    root: str
    raw_root: bytes = Field(unique=True)
    layout: str = "plain"
    ignore: str = "[]"
    """JSON list of globs."""
    device: int | None = None
    """Device of the root when last online: a bare mount point has another one."""
    folders: str = "{}"
    """JSON: relative folder to the kind of model its tool looks for there."""
    arrivals: str = "{}"
    """JSON: what a person wants done with files that arrive while it is watched."""
    online: bool = True
    added_at: float
    scanned_at: float | None = None


UNHASHED = "hashed_at IS NULL AND state = 'present'"
"""Places that wait for a full read: few or none, in a library of any size."""


class File(Table, table=True):
    """A place. `path` is relative, for people; `raw_path` are the same bytes the disk has."""

    __tablename__ = "file"
    __table_args__ = (
        UniqueConstraint("library_id", "raw_path"),
        Index(None, "device", "inode"),
        Index(None, "content_id", "state"),
        Index("ix_file_times", "library_id", "mtime_ns", "content_id"),
        Index("ix_file_unhashed", "content_id", sqlite_where=text(UNHASHED)),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    library_id: int = Field(foreign_key="library.id", ondelete="CASCADE")
    raw_path: bytes
    path: str
    size: int
    mtime_ns: int
    device: int
    inode: int
    state: str
    problem: str | None = None
    content_id: int | None = Field(default=None, foreign_key="content.id", ondelete="RESTRICT")
    first_seen: float
    """When its content was first seen there. The oldest place gives a model its name; of those seen
    together, the file that was written first."""
    last_seen: float
    hashed_at: float | None = None
    """When all of it was read in its present state; None until then."""
    verified_at: float | None = None
    """When its bytes were last read again and found to be the ones that were hashed; 0 when they
    were found to be others, or could not be read."""
