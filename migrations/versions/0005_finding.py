"""Full-text search, and what collections and custom fields need

Revision: 0005
Follows: 0004

One index holds what filters ask for, in the order of lists. Names are kept without case and
accents beside the real ones. Folders have rows of their own, so that looking for a part of a path
reads some thousand folders, not a hundred thousand paths; the index of three letters holds names
only. What hubs say at length has an index of its own.
"""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString

_FILTERS = (
    "sort_name", "kind", "base", "derivative", "state", "format", "safety", "size", "rank",
    "rating", "favourite", "matched", "copies", "content_level", "added_at", "algorithm", "dtype",
    "variant", "quantisation", "prediction", "dora", "broken", "partial",
)  # fmt: skip
_DIGESTS = ("blake3", "crc32", "autov1")
_PLACES = 20


def upgrade() -> None:
    op.add_column("content", sa.Column("sort_name", _TEXT(), nullable=False, server_default=""))
    op.drop_index("ix_content_kind_base_name", "content")
    op.drop_index("ix_content_base_name", "content")
    _make_tables()
    _change_person()
    _fill_names()
    _fill_places()
    _fill_training()
    _fill_about()
    op.create_index("ix_content_filters", "content", list(_FILTERS))
    op.create_index("ix_content_size", "content", ["size"])
    for name, condition in (("untagged", "tags = '[]'"), ("wordless", "words = '[]'")):
        op.create_index(f"ix_content_{name}", "content", ["id"], sqlite_where=sa.text(condition))
    for digest in _DIGESTS:
        where = sa.text(f"{digest} IS NOT NULL")
        op.create_index(f"ix_content_{digest}", "content", [digest], sqlite_where=where)
    op.create_index(
        "ix_hub_model_filters",
        "hub_model",
        ["hub", "id", "name", "type", "creator", "downloads", "likes", "licence", "gone_at"],
    )
    op.create_index(
        "ix_hub_version_filters",
        "hub_version",
        ["hub", "id", "name", "base_model", "published_at", "gone_at", "early_access_until"],
    )
    op.create_index("ix_match_models", "match", ["hub", "model_id", "version_id", "content_id"])
    op.create_index("ix_file_times", "file", ["library_id", "mtime_ns", "content_id"])


def downgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run("DROP TABLE content_fts_about")
    run("DROP TABLE content_fts_parts")
    run("CREATE VIRTUAL TABLE content_fts_parts USING fts5(name, path, tokenize='trigram')")
    run("INSERT INTO content_fts_parts(rowid, name, path) SELECT id, name, path FROM content")
    for table in ("training", "content_place", "folder"):
        op.drop_table(table)
    for name, table in (
        ("ix_content_filters", "content"), ("ix_content_size", "content"),
        ("ix_content_untagged", "content"), ("ix_content_wordless", "content"),
        *((f"ix_content_{digest}", "content") for digest in _DIGESTS),
        ("ix_hub_model_filters", "hub_model"), ("ix_hub_version_filters", "hub_version"),
        ("ix_match_models", "match"), ("ix_file_times", "file"),
        ("ix_collection_folded", "collection"),
        ("ix_collection_member_content_id", "collection_member"),
        ("ix_custom_value_field_id_folded_value_content_id", "custom_value"),
        ("ix_custom_value_field_id_number_value_content_id", "custom_value"),
    ):  # fmt: skip
        op.drop_index(name, table)
    for table, column in (
        ("content", "sort_name"), ("collection", "folded"), ("custom_field", "choices"),
        ("custom_field", "created_at"), ("custom_value", "folded_value"),
    ):  # fmt: skip
        run(f"ALTER TABLE {table} DROP COLUMN {column}")
    for value in ("text_value", "number_value"):
        op.create_index(f"ix_custom_value_field_id_{value}", "custom_value", ["field_id", value])
    op.create_index("ix_content_kind_base_name", "content", ["kind", "base", "name"])
    op.create_index("ix_content_base_name", "content", ["base", "name"])


def _make_tables() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("root", _TEXT(), nullable=False),
        sa.Column("path", _TEXT(), nullable=False),
        sa.Column("folded", _TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
        sa.UniqueConstraint("root", "path", name=op.f("uq_folder_root_path")),
    )
    op.create_table(
        "content_place",
        sa.Column("folder_id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"],
            ["folder.id"],
            name=op.f("fk_content_place_folder_id"),
            ondelete="CASCADE",
        ),
        _of_content("content_place"),
        sa.PrimaryKeyConstraint("folder_id", "content_id", "name", name=op.f("pk_content_place")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_content_place_content_id"), "content_place", ["content_id"])
    op.create_table(
        "training",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("title", _TEXT(), nullable=True),
        sa.Column("author", _TEXT(), nullable=True),
        sa.Column("trained_at", sa.Float(), nullable=True),
        sa.Column("alpha", sa.Float(), nullable=True),
        _of_content("training"),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_training")),
    )
    op.execute(
        "CREATE VIRTUAL TABLE content_fts_about USING fts5(about,"
        " tokenize='unicode61 remove_diacritics 2')"
    )


def _of_content(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["content_id"], ["content.id"], name=op.f(f"fk_{table}_content_id"), ondelete="CASCADE"
    )


def _change_person() -> None:
    """Nothing wrote to these tables before: there is nothing to convert but what others put in."""
    op.add_column("collection", sa.Column("folded", _TEXT(), nullable=False, server_default=""))
    run = op.get_bind().exec_driver_sql
    for id_, name in run("SELECT id, name FROM collection").all():
        run("UPDATE collection SET folded = ? WHERE id = ?", (_folded(name), id_))
    op.create_index("ix_collection_folded", "collection", ["folded"], unique=True)
    op.create_index("ix_collection_member_content_id", "collection_member", ["content_id"])
    op.add_column(
        "custom_field", sa.Column("choices", _TEXT(), nullable=False, server_default="[]")
    )
    op.add_column(
        "custom_field", sa.Column("created_at", sa.Float(), nullable=False, server_default="0")
    )
    op.add_column("custom_value", sa.Column("folded_value", _TEXT(), nullable=True))
    for value in ("text_value", "number_value"):
        op.drop_index(f"ix_custom_value_field_id_{value}", "custom_value")
    for value in ("folded_value", "number_value"):
        op.create_index(
            f"ix_custom_value_field_id_{value}_content_id",
            "custom_value",
            ["field_id", value, "content_id"],
        )


def _folded(text: str) -> str:
    """As `loradex.catalog.folding.folded` did when this was written."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    letters = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"}
    return unicodedata.normalize("NFC", bare).translate(str.maketrans(letters))


def _many(sql: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        op.get_bind().exec_driver_sql(sql, rows)


def _fill_names() -> None:
    run = op.get_bind().exec_driver_sql
    names = run("SELECT id, name FROM content").all()
    _many(
        "UPDATE content SET sort_name = ? WHERE id = ?",
        [(_folded(name), id_) for id_, name in names],
    )


def _fill_places() -> None:
    """Give contents their folders, and the index of three letters names without accents."""
    run = op.get_bind().exec_driver_sql
    said = {row[0]: row[1] for row in run("SELECT rowid, name FROM content_fts_parts").all()}
    folders: dict[tuple[str, str], int] = {}
    places: dict[tuple[int, int, str], None] = {}
    files: dict[int, dict[str, None]] = {}
    for id_, root, path in _known_places():
        folder, _, name = path.rpartition("/")
        number = folders.setdefault((root, folder), len(folders) + 1)
        names = files.setdefault(id_, {})
        if len(names) < _PLACES:
            names.setdefault(_folded(name))
        places.setdefault((number, id_, _folded(name)))
    _many(
        "INSERT INTO folder(id, root, path, folded) VALUES (?, ?, ?, ?)",
        [(n, root, path, _folded(f"{root}/{path}".rstrip("/") + "/"))
         for (root, path), n in folders.items()],
    )  # fmt: skip
    _many("INSERT INTO content_place(folder_id, content_id, name) VALUES (?, ?, ?)", list(places))
    run("DROP TABLE content_fts_parts")
    run("CREATE VIRTUAL TABLE content_fts_parts USING fts5(name, file, tokenize='trigram')")
    _many(
        "INSERT INTO content_fts_parts(rowid, name, file) VALUES (?, ?, ?)",
        [(id_, _folded(name), "\n".join(files.get(id_, ()))) for id_, name in said.items()],
    )


def _known_places() -> Iterator[tuple[int, str, str]]:
    run = op.get_bind().exec_driver_sql
    yield from run(
        "SELECT content_id, root, file.path FROM file JOIN library ON library.id = library_id"
        " WHERE content_id IS NOT NULL ORDER BY content_id, first_seen, mtime_ns, file.id"
    ).all()
    for id_, path in run(
        "SELECT id, path FROM content WHERE path <> ''"
        " AND id NOT IN (SELECT content_id FROM file WHERE content_id IS NOT NULL)"
    ).all():
        yield id_, "", path


def _fill_training() -> None:
    run = op.get_bind().exec_driver_sql
    rows: list[tuple[object, ...]] = []
    for id_, stored in run(
        "SELECT content_id, metadata_json FROM content_header WHERE metadata_json <> '{}'"
    ):
        try:
            told = json.loads(stored)
        except ValueError:
            continue
        row = _trained(told) if isinstance(told, dict) else ()
        if any(value is not None for value in row):
            rows.append((id_, *row))
    _many(
        "INSERT INTO training(content_id, title, author, trained_at, alpha) VALUES (?, ?, ?, ?, ?)",
        rows,
    )


def _trained(told: dict[str, object]) -> tuple[object, ...]:
    def first(*keys: str) -> str | None:
        texts = (told.get(key) for key in keys)
        return next((t.strip()[:500] for t in texts if isinstance(t, str) and t.strip()), None)

    def number(text: str | None) -> float | None:
        try:
            value = float(text or "")
        except ValueError:
            return None
        return value if 0 < value < 1e11 else None

    at = number(first("ss_training_finished_at", "ss_training_started_at"))
    if at is None:
        try:
            moment = datetime.fromisoformat(first("modelspec.date") or "")
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            at = None
    return (
        first("modelspec.title", "ss_output_name", "general.name"),
        first("modelspec.author", "general.author"),
        at,
        number(first("ss_network_alpha")),
    )


def _fill_about() -> None:
    run = op.get_bind().exec_driver_sql
    texts: dict[int, str] = {}
    for id_, model, version in run(
        "SELECT content_id, m.description, v.description FROM match"
        " JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
        " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    ):
        said = " ".join(text for text in (texts.get(id_), _plain(version), _plain(model)) if text)
        if said:
            texts[id_] = said[:4_096]
    _many("INSERT INTO content_fts_about(rowid, about) VALUES (?, ?)", list(texts.items()))


def _plain(text: str | None) -> str:
    """As `loradex.catalog.about.plain` did when this was written."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", (text or "")[:16_384])).split())
