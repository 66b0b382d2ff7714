"""Plans that delete and link as well as move

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column("plan", sa.Column("about", _TEXT(), nullable=False, server_default="{}"))
    op.create_table(
        "plan_conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", _TEXT(), nullable=False),
        sa.Column("reason", _TEXT(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["plan.id"],
            name=op.f("fk_plan_conflict_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_conflict")),
    )
    op.create_index(
        op.f("ix_plan_conflict_plan_id_position"), "plan_conflict", ["plan_id", "position"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_plan_conflict_plan_id_position"), table_name="plan_conflict")
    op.drop_table("plan_conflict")
    op.drop_column("plan", "about")
