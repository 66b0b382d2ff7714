"""What is kept ready so that a search never reads every row: folders, places, training, filters."""

from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import Table


class Folder(Table, table=True):
    """A folder with models in it. `path` is relative to `root`; empty is the root itself.

    `folded` is `/root/path/` as it is searched: any part of it, with its slashes, is a needle.
    """

    __tablename__ = "folder"
    __table_args__ = (UniqueConstraint("root", "path"),)

    id: int | None = Field(default=None, primary_key=True)
    root: str
    path: str
    folded: str


class ContentPlace(Table, table=True):
    """A content lies in a folder under a name, folded. Derived from `file`; nothing else writes it.

    A content without a file keeps its last place.
    """

    __tablename__ = "content_place"
    __table_args__ = (Index(None, "content_id"), {"sqlite_with_rowid": False})

    folder_id: int = Field(primary_key=True, foreign_key="folder.id", ondelete="CASCADE")
    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)


class Training(Table, table=True):
    """What the header says of who trained it and when; only for contents whose header says any."""

    __tablename__ = "training"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    title: str | None = None
    author: str | None = None
    trained_at: float | None = None
    """Unix time."""
    alpha: float | None = None
