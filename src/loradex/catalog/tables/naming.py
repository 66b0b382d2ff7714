"""Names for constraints, so that a later migration can find and change them."""

from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """Base of every table, so that the naming convention is in force before the first of them."""


NEVER_REUSED = {"sqlite_autoincrement": True}
"""Table option: an id is never given to another row, so nobody edits what they did not see."""
