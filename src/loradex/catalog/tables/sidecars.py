"""What other tools' files beside models said, and what loradex wrote into such files."""

from sqlmodel import Field, UniqueConstraint

from loradex.catalog.tables.naming import NEVER_REUSED, Table


class SidecarRow(Table, table=True):
    """A sidecar as it was last read or written; evidence of the source `sidecar` follows from it.

    It outlives the file: what it held is given back when it is written again.
    """

    __tablename__ = "sidecar"
    __table_args__ = (UniqueConstraint("library_id", "raw_path"),)

    id: int | None = Field(default=None, primary_key=True)
    library_id: int = Field(foreign_key="library.id", ondelete="CASCADE")
    raw_path: bytes
    path: str
    """Relative to the library's root, for people; `raw_path` are the same bytes the disk has."""
    content_id: int | None = Field(
        default=None, foreign_key="content.id", ondelete="CASCADE", index=True
    )
    """None for one that was refused."""
    dialect: str
    size: int
    mtime_ns: int
    state: str
    """`known`, `unproven`, `miss`, `stale` or `refused`."""
    problem: str = ""
    """Why it was refused, a sentence."""
    claims: str = "{}"
    """JSON: `SidecarClaims` without the hub's documents and the preview."""
    document: bytes | None = None
    """The file's bytes under zlib; None when it is larger than what is kept."""
    judged_by: str | None = None
    """The model's SHA-256 when this was read; None while it was not known."""
    ours: str = "[]"
    """JSON list of the keys that loradex itself wrote so."""
    disputed: str = "[]"
    """JSON list of what the person had said otherwise in loradex when this was read: `words`,
    `note`, `preferences`. Neither is known to be the newer word."""
    taken: str = ""
    """JSON: what became the person's own, so that it is taken once only."""
    read_at: float


class SidecarHub(Table, table=True):
    """A version of a hub that only sidecars told of. Once the hub itself was asked, its record has
    another time, and no sidecar changes it any more.
    """

    __tablename__ = "sidecar_hub"

    hub: str = Field(primary_key=True)
    version_id: int = Field(primary_key=True)
    fetched_at: float


class SidecarExport(Table, table=True):
    """One call that wrote sidecars."""

    __tablename__ = "sidecar_export"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, primary_key=True)
    tools: str
    """JSON list of the names after `--for`."""
    made_at: float
    undone_at: float | None = None


class SidecarWrite(Table, table=True):
    """A file that was written, noted before it is; with what stood there before."""

    __tablename__ = "sidecar_write"

    id: int | None = Field(default=None, primary_key=True)
    export_id: int = Field(foreign_key="sidecar_export.id", ondelete="CASCADE", index=True)
    raw_path: bytes
    """Absolute."""
    before: bytes | None = None
    """The file's former bytes under zlib; None when there was none."""
    before_mtime_ns: int | None = None
    after_digest: str
    """SHA-256 of what was written: only that is ever taken away again."""
    state: str
    """`planned`, `written`, `failed`, `undone` or `kept` (somebody has changed it since)."""
    reason: str = ""
