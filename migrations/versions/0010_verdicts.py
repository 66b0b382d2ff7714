"""What probes and persons say of models, finding by finding

Revision: 0010
Follows: 0009

Strengths that a person, a hub, a sidecar or a header tells are worked out once, for searches.
"""

import json
import math

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString

_KINDS = (
    "no-effect", "always-on", "needs-trigger", "dead-trigger", "redundant-trigger", "usable",
    "best", "burns", "collapses", "does-not-fit", "undecided",
)  # fmt: skip
_SOURCES = ("verdict", "hub", "sidecar", "header")
_TOLD = ("preferred_strength", "preferred_strength_min", "preferred_strength_max")
_BOUND = 10
"""A strength beyond it is a mistake."""


def upgrade() -> None:
    op.drop_index(op.f("ix_verdict_content_id"), "verdict")
    op.rename_table("verdict", "verdict_before")
    _make_verdicts()
    _take_over()
    op.drop_table("verdict_before")
    op.create_table(
        "content_strength",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("best", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        _to("content_strength", "content_id", "content", "CASCADE"),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_content_strength")),
    )
    op.create_index(
        op.f("ix_content_strength_low_high"), "content_strength", ["low", "high", "content_id"]
    )
    _work_out_strengths()


def downgrade() -> None:
    op.drop_table("content_strength")
    op.create_table(
        "verdict_before",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("checkpoint_id", sa.Integer(), nullable=True),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column("verdict", _TEXT(), nullable=False),
        sa.Column("numbers", _TEXT(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        _to("verdict", "content_id", "content", "RESTRICT"),
        _to("verdict", "checkpoint_id", "content", "RESTRICT"),
        _to("verdict", "grid_id", "grid", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    run = op.get_bind().exec_driver_sql
    run(
        "INSERT INTO verdict_before(content_id, checkpoint_id, grid_id, verdict, numbers,"
        " created_at) SELECT v.content_id, checkpoint_id, grid_id, kind, numbers, created_at"
        " FROM verdict AS v JOIN verdict_finding ON verdict_id = v.id WHERE NOT dismissed"
        " ORDER BY v.id, position"
    )
    op.drop_table("verdict_finding")
    op.drop_table("verdict")
    op.rename_table("verdict_before", "verdict")
    op.create_index(op.f("ix_verdict_content_id"), "verdict", ["content_id"])
    run("DELETE FROM evidence WHERE source = 'verdict'")
    run("DELETE FROM trigger_word WHERE source = 'verdict'")


def _make_verdicts() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("source", _TEXT(), nullable=False),
        sa.Column("checkpoint_id", sa.Integer(), nullable=True),
        sa.Column("checkpoint", _TEXT(), nullable=False),
        sa.Column("checkpoint_sha256", _TEXT(), nullable=True),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column("note", _TEXT(), nullable=False),
        sa.Column("origin", _TEXT(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("engine", _TEXT(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        _to("verdict", "content_id", "content", "RESTRICT"),
        _to("verdict", "checkpoint_id", "content", "SET NULL"),
        _to("verdict", "grid_id", "grid", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint(
            "content_id",
            "source",
            "checkpoint_id",
            name=op.f("uq_verdict_content_id_source_checkpoint_id"),
        ),
    )
    op.create_index(
        "ix_verdict_alone",
        "verdict",
        ["content_id", "source", "checkpoint"],
        unique=True,
        sqlite_where=sa.text("checkpoint_id IS NULL"),
    )
    for columns in (("checkpoint_id",), ("grid_id",), ("source", "created_at", "content_id")):
        op.create_index(op.f("_".join(("ix_verdict", *columns))), "verdict", columns)
    op.create_table(
        "verdict_finding",
        sa.Column("verdict_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("kind", _TEXT(), nullable=False),
        sa.Column("word", _TEXT(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("sentence", _TEXT(), nullable=False),
        sa.Column("numbers", _TEXT(), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        _to("verdict_finding", "verdict_id", "verdict", "CASCADE"),
        _to("verdict_finding", "content_id", "content", "RESTRICT"),
        sa.PrimaryKeyConstraint("verdict_id", "position", name=op.f("pk_verdict_finding")),
    )
    op.create_index(
        "ix_verdict_finding_counting",
        "verdict_finding",
        ["kind", "low", "high", "content_id", "counts"],
        sqlite_where=sa.text("counts"),
    )
    op.create_index(
        op.f("ix_verdict_finding_content_id_kind"), "verdict_finding", ["content_id", "kind"]
    )


def _take_over() -> None:
    """Keep what stands in the table of before: the newest word on each model and checkpoint."""
    run = op.get_bind().exec_driver_sql
    rows = run(
        "SELECT id, content_id, checkpoint_id, (SELECT name FROM content WHERE id = checkpoint_id),"
        " grid_id, verdict, numbers, created_at FROM verdict_before ORDER BY created_at DESC, id"
    ).fetchall()
    for id_, content_id, checkpoint_id, name, grid_id, said, numbers, created_at in rows:
        kind = said.strip().lower().replace(" ", "-").replace("_", "-")
        written = run(
            "INSERT OR IGNORE INTO verdict(id, content_id, source, checkpoint_id, checkpoint,"
            " grid_id, note, origin, engine, version, created_at)"
            " VALUES (?, ?, 'probe', ?, ?, ?, '', '', '', 0, ?)",
            (id_, content_id, checkpoint_id, name or "", grid_id, created_at),
        ).rowcount
        if written:
            run(
                "INSERT INTO verdict_finding(verdict_id, position, content_id, kind, word,"
                " sentence, numbers, dismissed, counts) VALUES (?, 0, ?, ?, '', ?, ?, 0, 1)",
                (id_, content_id, kind if kind in _KINDS else "undecided", said, numbers),
            )


def _work_out_strengths() -> None:
    """Write for each model the strengths that its most trusted source tells."""
    run = op.get_bind().exec_driver_sql
    told: dict[int, dict[int, list[float | None]]] = {}

    def tell(content_id: int, rank: int, place: int, value: object) -> None:
        number = _strength(value)
        if number is not None:
            said = told.setdefault(content_id, {}).setdefault(rank, [None, None, None])
            said[place] = number

    for content_id, *own in run(
        "SELECT content_id, strength, strength_min, strength_max FROM preference"
    ):
        for place, value in enumerate(own):
            tell(content_id, 0, place, value)
    for content_id, source, field, value in run(
        "SELECT content_id, source, field, value FROM evidence"
        f" WHERE field IN {_TOLD} AND source IN {_SOURCES}"
    ):
        tell(content_id, 1 + _SOURCES.index(source), _TOLD.index(field), value)
    for content_id, metadata in run(
        "SELECT content_id, metadata_json FROM content_header"
        " WHERE metadata_json LIKE '%modelspec.lora_default_weight%'"
    ):
        try:
            weight = json.loads(metadata).get("modelspec.lora_default_weight")
        except (ValueError, AttributeError):
            continue
        header = 1 + _SOURCES.index("header")
        if told.get(content_id, {}).get(header, [None])[0] is None:
            tell(content_id, header, 0, weight)
    rows = [(id_, *_range(by_rank[min(by_rank)])) for id_, by_rank in told.items()]
    if rows:
        run("INSERT INTO content_strength(content_id, best, low, high) VALUES (?, ?, ?, ?)", rows)


def _range(said: list[float | None]) -> tuple[float | None, float, float]:
    best, first, last = said
    known = [number for number in (first, last) if number is not None] or [best or 0.0]
    low = first if first is not None else best if best is not None else known[0]
    high = last if last is not None else best if best is not None else known[-1]
    return best, min(low, high), max(low, high)


def _strength(value: object) -> float | None:
    try:
        number = float(str(value)[:40])
    except ValueError:
        return None
    return round(number, 4) if math.isfinite(number) and abs(number) <= _BOUND else None


def _to(table: str, column: str, other: str, ondelete: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
