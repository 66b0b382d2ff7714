"""Cells stand at a place among any axes, and know their picture without a LoRA

Revision: 0004
Follows: 0003

Before, every grid was LoRAs x prompts x seeds x strengths. Such grids become grids of these four
axes; pictures and keys stay as they are.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString

_OLD_AXES = ("lora", "prompt", "seed", "strength")
"""In the order in which their places are counted, the last one fastest."""

_LONGEST_LABEL = 60

_CONVERT = sa.text(
    "INSERT INTO cell(id, grid_id, place, key, base_key)"
    " SELECT old.id, old.grid_id,"
    " ((old.lora * :prompts + old.prompt) * :seeds + old.seed) * :strengths + old.strength,"
    " old.key, nullif(base.key, old.key)"
    " FROM cell_before AS old LEFT JOIN cell_before AS base ON base.grid_id = old.grid_id"
    " AND base.lora = old.lora AND base.prompt = old.prompt AND base.seed = old.seed"
    " AND base.strength = :zero WHERE old.grid_id = :grid"
)


def upgrade() -> None:
    _set_cells_aside()
    op.create_table(
        "cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("key", _TEXT(), nullable=False),
        sa.Column("base_key", _TEXT(), nullable=True),
        *_constraints("place"),
    )
    op.create_index(op.f("ix_cell_key"), "cell", ["key"])
    for grid_id, spec in _grids():
        try:
            old = json.loads(spec)
            strengths = [float(strength) for strength in old["strengths"]]
            new = _general(old)
            lengths = {f"{name}s": len(old[f"{name}s"]) for name in _OLD_AXES}
        except (ValueError, LookupError, TypeError):
            continue  # nobody can tell where its cells stood; its pictures stay
        zero = strengths.index(0) if 0 in strengths else None
        op.get_bind().execute(_CONVERT, {"grid": grid_id, "zero": zero, **lengths})
        _set_spec(grid_id, new)
    op.drop_table("cell_before")


def downgrade() -> None:
    """Keep the grids that the older schema can tell of: of its four axes, in any order."""
    _set_cells_aside()
    op.create_table(
        "cell",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _OLD_AXES),
        sa.Column("key", _TEXT(), nullable=False),
        *_constraints(*_OLD_AXES),
    )
    op.create_index(op.f("ix_cell_key"), "cell", ["key"])
    connection = op.get_bind()
    for grid_id, spec in _grids():
        try:
            new = json.loads(spec)
            axes = {axis["kind"]: len(axis["values"]) for axis in new["axes"]}
            if len(axes) < len(new["axes"]) or not axes.keys() <= set(_OLD_AXES):
                _forget(grid_id)
                continue
            old = _of_four_axes(new)
        except (ValueError, LookupError, TypeError):
            continue
        for id_, place, key in connection.execute(
            sa.text("SELECT id, place, key FROM cell_before WHERE grid_id = :grid"),
            {"grid": grid_id},
        ).all():
            numbers = dict.fromkeys(_OLD_AXES, 0)
            rest = place
            for kind in reversed(axes):
                rest, numbers[kind] = divmod(rest, axes[kind])
            connection.execute(
                sa.text(
                    "INSERT INTO cell(id, grid_id, lora, prompt, seed, strength, key)"
                    " VALUES (:id, :grid, :lora, :prompt, :seed, :strength, :key)"
                ),
                {"id": id_, "grid": grid_id, "key": key, **numbers},
            )
        _set_spec(grid_id, old)
    op.drop_table("cell_before")


def _set_cells_aside() -> None:
    op.drop_index(op.f("ix_cell_key"), "cell")
    op.rename_table("cell", "cell_before")


def _constraints(*place: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grid.id"], name=op.f("fk_cell_grid_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
        sa.UniqueConstraint("grid_id", *place, name=op.f("_".join(("uq_cell_grid_id", *place)))),
    )


def _grids() -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in op.get_bind().execute(sa.text("SELECT id, spec FROM grid"))]


def _set_spec(grid_id: int, spec: Mapping[str, Any]) -> None:
    op.get_bind().execute(
        sa.text("UPDATE grid SET spec = :spec WHERE id = :grid"),
        {"spec": json.dumps(spec), "grid": grid_id},
    )


def _forget(grid_id: int) -> None:
    for table, column in (("grid_model", "grid_id"), ("grid", "id")):
        op.get_bind().execute(
            sa.text(f"DELETE FROM {table} WHERE {column} = :grid"), {"grid": grid_id}
        )
    op.get_bind().execute(
        sa.text("UPDATE verdict SET grid_id = NULL WHERE grid_id = :grid"), {"grid": grid_id}
    )


def _general(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return an old spec as one of four axes. Prompts were taken as they were: no triggers."""
    return {
        "title": old["title"],
        "base": {
            "checkpoint": old["checkpoint"],
            "prompt": old["prompts"][0],
            "lora": old["loras"][0],
            "strength": float(old["strengths"][0]),
            "trigger": False,
            "negative_prompt": old["negative_prompt"],
            "seed": old["seeds"][0],
            "settings": old["settings"],
        },
        "axes": [
            _axis("lora", [(lora["name"], {"model": lora}) for lora in old["loras"]]),
            _axis("prompt", [(_short(prompt), prompt) for prompt in old["prompts"]]),
            _axis("seed", [(str(seed), seed) for seed in old["seeds"]]),
            _axis("strength", [(f"{number:g}", float(number)) for number in old["strengths"]]),
        ],
        "layout": {"x": [3], "y": [1, 2], "pages": [0]},
    }


def _axis(kind: str, values: list[tuple[str, object]]) -> dict[str, Any]:
    return {"kind": kind, "values": [{"label": label, "value": value} for label, value in values]}


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= _LONGEST_LABEL else prompt[: _LONGEST_LABEL - 1] + "…"


def _of_four_axes(new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec as it was kept before; what no axis varies comes from the base."""
    base = new["base"]
    values = {axis["kind"]: [each["value"] for each in axis["values"]] for axis in new["axes"]}
    loras = values.get("lora", [base["lora"] and {"model": base["lora"]}])
    return {
        "checkpoint": base["checkpoint"],
        "loras": [lora["model"] for lora in loras if lora is not None],
        "strengths": values.get("strength", [base["strength"]]),
        "prompts": values.get("prompt", [base["prompt"]]),
        "seeds": values.get("seed", [base["seed"]]),
        "negative_prompt": base["negative_prompt"],
        "settings": base["settings"],
        "title": new["title"],
    }
