"""What other tools' files beside models say

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "sidecar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("raw_path", sa.LargeBinary(), nullable=False),
        sa.Column("path", _TEXT(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=True),
        sa.Column("dialect", _TEXT(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("problem", _TEXT(), nullable=False),
        sa.Column("claims", _TEXT(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("judged_by", _TEXT(), nullable=True),
        sa.Column("ours", _TEXT(), nullable=False),
        sa.Column("disputed", _TEXT(), nullable=False),
        sa.Column("taken", _TEXT(), nullable=False),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content.id"],
            name=op.f("fk_sidecar_content_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["library_id"],
            ["library.id"],
            name=op.f("fk_sidecar_library_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidecar")),
        sa.UniqueConstraint("library_id", "raw_path", name=op.f("uq_sidecar_library_id_raw_path")),
    )
    op.create_index(op.f("ix_sidecar_content_id"), "sidecar", ["content_id"])
    op.create_table(
        "sidecar_hub",
        sa.Column("hub", _TEXT(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "version_id", name=op.f("pk_sidecar_hub")),
    )
    op.create_table(
        "sidecar_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tools", _TEXT(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("undone_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidecar_export")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sidecar_write",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("raw_path", sa.LargeBinary(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("before_mtime_ns", sa.Integer(), nullable=True),
        sa.Column("after_digest", _TEXT(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("reason", _TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["sidecar_export.id"],
            name=op.f("fk_sidecar_write_export_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidecar_write")),
    )
    op.create_index(op.f("ix_sidecar_write_export_id"), "sidecar_write", ["export_id"])


def downgrade() -> None:
    for table in ("sidecar_write", "sidecar_export", "sidecar_hub", "sidecar"):
        op.drop_table(table)
