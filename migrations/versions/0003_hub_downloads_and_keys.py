"""More of what hubs say, ignored updates, the download queue, keys of the own hub

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString

_NEW_COLUMNS = (
    ("hub_model", sa.Column("slug", _TEXT(), nullable=True)),
    ("hub_model", sa.Column("downloads", sa.Integer(), nullable=True)),
    ("hub_model", sa.Column("likes", sa.Integer(), nullable=True)),
    ("hub_version", sa.Column("slug", _TEXT(), nullable=True)),
    ("hub_version", sa.Column("position", sa.Integer(), nullable=True)),
    ("hub_version", sa.Column("early_access_until", _TEXT(), nullable=True)),
    ("hub_version", sa.Column("paid", sa.Boolean(), nullable=False, server_default="0")),
    ("hub_file", sa.Column("size_type", _TEXT(), nullable=True)),
    ("hub_file", sa.Column("quantisation", _TEXT(), nullable=True)),
    ("hub_file", sa.Column("pickle_scan", _TEXT(), nullable=True)),
    ("hub_file", sa.Column("virus_scan", _TEXT(), nullable=True)),
    ("hub_file", sa.Column("hashes", _TEXT(), nullable=False, server_default="{}")),
)


def upgrade() -> None:
    for table, column in _NEW_COLUMNS:
        op.add_column(table, column)
    op.create_table(
        "hub_ignored",
        sa.Column("hub", _TEXT(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("ignored_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "model_id", "version_id", name=op.f("pk_hub_ignored")),
    )
    op.create_table(
        "download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hub", _TEXT(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", _TEXT(), nullable=True),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("relative", sa.LargeBinary(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("done_bytes", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("error", _TEXT(), nullable=True),
        sa.Column("hint", _TEXT(), nullable=True),
        sa.Column("content_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content.id"],
            name=op.f("fk_download_content_id_content"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["library_id"],
            ["library.id"],
            name=op.f("fk_download_library_id_library"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_download_state_id"), "download", ["state", "id"])
    op.create_table(
        "serve_key",
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_serve_key")),
    )


def downgrade() -> None:
    op.drop_table("serve_key")
    op.drop_index(op.f("ix_download_state_id"), "download")
    op.drop_table("download")
    op.drop_table("hub_ignored")
    for table, column in reversed(_NEW_COLUMNS):
        op.drop_column(table, column.name)
