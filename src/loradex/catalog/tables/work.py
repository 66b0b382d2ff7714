"""Changes to a person's files, and work that can be resumed."""

from sqlmodel import Field, Index

from loradex.catalog.tables.naming import Table


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
