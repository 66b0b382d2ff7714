"""Alembic's entry: upgrades the catalog within one real transaction.

loradex passes its own connection in `config.attributes["connection"]`. From the command line
(`alembic check`, `alembic revision --autogenerate`) `LORADEX_CATALOG` names the database.
"""

import os
from pathlib import Path

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.schema import SchemaItem

from loradex.catalog.engine import open_engine
from loradex.catalog.tables import metadata


def include_object(
    _item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None
) -> bool:
    """Leave out the full-text tables: SQLite makes and owns them."""
    return not (kind == "table" and name is not None and "_fts" in name)


def run(connection: Connection) -> None:
    """Run on a connection whose transaction has begun."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        include_object=include_object,
    )
    context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    path = Path(os.environ.get("LORADEX_CATALOG", "catalog.db"))
    with open_engine(path, foreign_keys=False).begin() as own:
        run(own)
