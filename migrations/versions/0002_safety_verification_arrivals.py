"""Safety verdicts, the day of verification, and what is done with arrivals

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column("content", sa.Column("safety", _TEXT(), nullable=True))
    op.create_index(op.f("ix_content_identified_by"), "content", ["identified_by"])
    op.add_column(
        "content_header", sa.Column("findings", _TEXT(), nullable=False, server_default="[]")
    )
    op.add_column("file", sa.Column("verified_at", sa.Float(), nullable=True))
    op.create_index(
        op.f("ix_file_unhashed"),
        "file",
        ["content_id"],
        sqlite_where=sa.text("hashed_at IS NULL AND state = 'present'"),
    )
    op.add_column("library", sa.Column("folders", _TEXT(), nullable=False, server_default="{}"))
    op.add_column("library", sa.Column("arrivals", _TEXT(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("library", "arrivals")
    op.drop_column("library", "folders")
    op.drop_index(op.f("ix_file_unhashed"), "file")
    op.drop_column("file", "verified_at")
    op.drop_column("content_header", "findings")
    op.drop_index(op.f("ix_content_identified_by"), "content")
    op.drop_column("content", "safety")
