"""Changes to a person's files, and work that can be resumed: plans, jobs, downloads."""

from sqlmodel import Field, Index

from loradex.catalog.tables.naming import NEVER_REUSED, Table


class Plan(Table, table=True):
    """A set of file changes: drawn up, applied, undone."""

    __tablename__ = "plan"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    state: str
    created_at: float
    applied_at: float | None = None
    undone_at: float | None = None
    note: str = ""
    about: str = "{}"
    """JSON: what was asked for, as `plan show` tells it."""


class PlanConflict(Table, table=True):
    """A file that a plan leaves where it is, as it was drawn up; `source` is JSON."""

    __tablename__ = "plan_conflict"
    __table_args__ = (Index(None, "plan_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", ondelete="CASCADE")
    position: int
    source: str
    reason: str
    file_id: int | None = None


class JournalEntry(Table, table=True):
    """One step of a plan, committed before it is done; `before` and `after` are JSON."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "plan_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", ondelete="RESTRICT")
    position: int
    action: str
    before: str
    after: str
    state: str
    changed_at: float


class Job(Table, table=True):
    """Work that runs or was cut off. A lease that is not renewed expires by time."""

    __tablename__ = "job"
    __table_args__ = (Index(None, "kind", "state"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    state: str
    subject: str = ""
    payload: str = "{}"
    owner: str = ""
    lease_until: float = 0.0
    created_at: float
    finished_at: float | None = None
    error: str | None = None


class DownloadRow(Table, table=True):
    """A file in the download queue. Paths are bytes, as the disk has them."""

    __tablename__ = "download"
    __table_args__ = (Index(None, "state", "id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    hub: str
    model_id: int
    version_id: int
    file_id: int | None = None
    name: str
    size_bytes: int | None = None
    sha256: str | None = None
    library_id: int = Field(foreign_key="library.id", ondelete="CASCADE")
    root: bytes
    relative: bytes
    state: str
    done_bytes: int = 0
    tries: int = 0
    not_before: float = 0.0
    error: str | None = None
    hint: str | None = None
    content_id: int | None = Field(default=None, foreign_key="content.id", ondelete="SET NULL")
    created_at: float
    finished_at: float | None = None


class ServeKey(Table, table=True):
    """A key that lets others ask `hub serve`; the key itself is kept nowhere."""

    __tablename__ = "serve_key"

    name: str = Field(primary_key=True)
    salt: bytes
    digest: bytes
    created_at: float
    used_at: float | None = None
