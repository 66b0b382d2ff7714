"""Which pictures were made with which models

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString

_INDEXES = (
    ("recipe", ("made_at",)),
    ("recipe", ("print",)),
    ("recipe_model", ("name_key",)),
    ("recipe_model", ("hash",)),
    ("recipe_model", ("version_id",)),
    ("recipe_model", ("content_id",)),
    ("recipe_use", ("recipe_model_id", "recipe_id")),
    ("content_use", ("uses",)),
    ("content_use", ("last_used",)),
    ("output_name", ("name_key",)),
)


def upgrade() -> None:
    op.create_table(
        "recipe",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("raw_path", sa.LargeBinary(), nullable=False),
        sa.Column("path", _TEXT(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("tool", _TEXT(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("imported_at", sa.Float(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("print", _TEXT(), nullable=False),
        sa.Column("prompt", _TEXT(), nullable=False),
        sa.Column("negative_prompt", _TEXT(), nullable=False),
        sa.Column("settings", _TEXT(), nullable=False),
        sa.Column("problem", _TEXT(), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe")),
        sa.UniqueConstraint("raw_path", name=op.f("uq_recipe_raw_path")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recipe_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", _TEXT(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("name_key", _TEXT(), nullable=False),
        sa.Column("hash", _TEXT(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=True),
        sa.Column("matched_by", _TEXT(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("candidates", _TEXT(), nullable=False),
        _to("recipe_model", "content_id", "content", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe_model")),
        sa.UniqueConstraint(
            "role",
            "name",
            "hash",
            "version_id",
            "model_id",
            name=op.f("uq_recipe_model_role_name_hash_version_id_model_id"),
        ),
    )
    op.create_table(
        "recipe_use",
        sa.Column("recipe_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("recipe_model_id", sa.Integer(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=True),
        sa.Column("strength_clip", sa.Float(), nullable=True),
        _to("recipe_use", "recipe_id", "recipe", "CASCADE"),
        _to("recipe_use", "recipe_model_id", "recipe_model", "CASCADE"),
        sa.PrimaryKeyConstraint("recipe_id", "position", name=op.f("pk_recipe_use")),
    )
    op.create_table(
        "content_use",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("first_used", sa.Float(), nullable=False),
        sa.Column("last_used", sa.Float(), nullable=False),
        sa.Column("strength_low", sa.Float(), nullable=True),
        sa.Column("strength_high", sa.Float(), nullable=True),
        _to("content_use", "content_id", "content", "CASCADE"),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_content_use")),
    )
    op.create_table(
        "output_name",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("name_key", _TEXT(), nullable=False),
        _to("output_name", "content_id", "content", "CASCADE"),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_output_name")),
    )
    for table, columns in _INDEXES:
        op.create_index(op.f("_".join(("ix", table, *columns))), table, columns)
    op.create_index("ix_recipe_uncounted", "recipe", ["id"], sqlite_where=sa.text("NOT counted"))


def downgrade() -> None:
    for table in ("output_name", "content_use", "recipe_use", "recipe_model", "recipe"):
        op.drop_table(table)


def _to(table: str, column: str, other: str, ondelete: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
