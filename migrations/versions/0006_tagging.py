"""Rules, names and parents of tags; groups of trigger words; preferred settings

Revision: 0006
Follows: 0005

Tags that differ in case, spaces or underscores only become one. What file names had suggested
becomes what rules make of all evidence, so that the rules can take it back.
"""

import re
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column("content_tag", sa.Column("rule", _TEXT(), nullable=False, server_default=""))
    _make_tag_tables()
    _make_word_tables()
    op.create_table(
        "preference",
        sa.Column("content_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, kind(), nullable=True)
            for name, kind in (
                ("strength", sa.Float),
                ("strength_min", sa.Float),
                ("strength_max", sa.Float),
                ("clip_strength", sa.Float),
                ("clip_skip", sa.Integer),
                ("sampler", _TEXT),
                ("schedule", _TEXT),
                ("steps", sa.Integer),
                ("guidance_scale", sa.Float),
                ("width", sa.Integer),
                ("height", sa.Integer),
                ("negative_prompt", _TEXT),
            )
        ),
        sa.Column("changed_at", sa.Float(), nullable=False),
        _of_content("preference"),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_preference")),
    )
    _fold_again()
    run = op.get_bind().exec_driver_sql
    run("UPDATE content_tag SET source = 'auto', rule = 'filename_tags' WHERE source = 'file name'")
    run(
        "INSERT INTO tag_effective(tag_id, content_id, direct) SELECT tag_id, content_id, 1"
        " FROM content_tag GROUP BY tag_id, content_id HAVING max(removed) = 0"
    )


def downgrade() -> None:
    for table in (
        "preference",
        "word_choice",
        "word_group",
        "tag_effective",
        "tag_parent",
        "tag_alias",
    ):
        op.drop_table(table)
    run = op.get_bind().exec_driver_sql
    run("UPDATE content_tag SET source = 'file name' WHERE source = 'auto'")
    with op.batch_alter_table("content_tag") as batch:
        batch.drop_column("rule")


def _of_content(table: str, ondelete: str = "RESTRICT") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["content_id"], ["content.id"], name=op.f(f"fk_{table}_content_id"), ondelete=ondelete
    )


def _of_tag(table: str, column: str = "tag_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["tag.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def _make_tag_tables() -> None:
    op.create_table(
        "tag_alias",
        sa.Column("folded", _TEXT(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=True),
        _of_tag("tag_alias"),
        sa.PrimaryKeyConstraint("folded", name=op.f("pk_tag_alias")),
    )
    op.create_index(op.f("ix_tag_alias_tag_id"), "tag_alias", ["tag_id"])
    op.create_table(
        "tag_parent",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        _of_tag("tag_parent"),
        _of_tag("tag_parent", "parent_id"),
        sa.PrimaryKeyConstraint("tag_id", "parent_id", name=op.f("pk_tag_parent")),
    )
    op.create_index(op.f("ix_tag_parent_parent_id"), "tag_parent", ["parent_id"])
    op.create_table(
        "tag_effective",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        _of_tag("tag_effective"),
        _of_content("tag_effective", "CASCADE"),
        sa.PrimaryKeyConstraint("tag_id", "content_id", name=op.f("pk_tag_effective")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tag_effective_content_id"), "tag_effective", ["content_id"])


def _make_word_tables() -> None:
    op.create_table(
        "word_group",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("key", _TEXT(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("note", _TEXT(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("state", _TEXT(), nullable=True),
        _of_content("word_group"),
        sa.PrimaryKeyConstraint("content_id", "key", name=op.f("pk_word_group")),
    )
    op.create_table(
        "word_choice",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("group_key", _TEXT(), nullable=False),
        sa.Column("folded", _TEXT(), nullable=False),
        sa.Column("text", _TEXT(), nullable=False),
        sa.Column("state", _TEXT(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        _of_content("word_choice"),
        sa.PrimaryKeyConstraint("content_id", "group_key", "folded", name=op.f("pk_word_choice")),
    )


def _fold_again() -> None:
    """Fold all tags by today's rule, and let those that are one now be one row."""
    run = op.get_bind().exec_driver_sql
    kept: dict[str, int] = {}
    changed: list[tuple[str, int]] = []
    merged: list[tuple[int, int]] = []
    for id_, name, folded in run("SELECT id, name, folded FROM tag ORDER BY id").all():
        now = _fold(name)
        if now in kept:
            merged.append((kept[now], id_))
            continue
        kept[now] = id_
        if now != folded:
            changed.append((now, id_))
    _merge(merged)
    for now, id_ in changed:
        run("UPDATE tag SET folded = ? WHERE id = ?", (now, id_))


def _merge(pairs: Sequence[tuple[int, int]]) -> None:
    """Move tags of the second to the first; of two words of a person the later one stands."""
    run = op.get_bind().exec_driver_sql
    for winner, loser in pairs:
        run(
            "DELETE FROM content_tag WHERE tag_id = ?1 AND source = 'person' AND EXISTS"
            " (SELECT 1 FROM content_tag AS other WHERE other.tag_id = ?2"
            " AND other.content_id = content_tag.content_id AND other.source = 'person'"
            " AND other.added_at > content_tag.added_at)",
            (winner, loser),
        )
        run("UPDATE OR IGNORE content_tag SET tag_id = ? WHERE tag_id = ?", (winner, loser))
        run("DELETE FROM content_tag WHERE tag_id = ?", (loser,))
        run("DELETE FROM tag WHERE id = ?", (loser,))
        run(
            "UPDATE content SET tags = (SELECT json_group_array(name) FROM (SELECT name"
            " FROM content_tag JOIN tag ON tag.id = tag_id WHERE content_id = content.id"
            " GROUP BY tag_id HAVING max(removed) = 0 ORDER BY name))"
            " WHERE id IN (SELECT content_id FROM content_tag WHERE tag_id = ?)",
            (winner,),
        )


def _fold(name: str) -> str:
    """As `loradex.domain.tags.fold_tag` did when this was written."""
    folded = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    return " ".join(re.sub(r"(?<=\w)_+(?=\w)", " ", folded).split())
