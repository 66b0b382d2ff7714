"""Custom fields: which there are, and their values on models."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.catalog.folding import folded
from loradex.catalog.reader import Reader, chunks
from loradex.catalog.writer import BULK
from loradex.domain.finding import CustomField, CustomValue, FieldType

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

_ALL = (
    "SELECT custom_field.id, custom_field.name, type, choices,"
    " (SELECT count(*) FROM custom_value WHERE field_id = custom_field.id) FROM custom_field"
    " ORDER BY name"
)


class FieldStore:
    """Fields that a person added, and what they say of models."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def all(self) -> list[CustomField]:
        """Return the fields by name."""
        return [
            CustomField(
                int(str(id_)),
                str(name),
                FieldType(str(type_)),
                tuple(json.loads(str(choices))),
                int(str(count)),
            )
            for id_, name, type_, choices, count in self._reader.rows_of(_ALL)
        ]

    def add(self, name: str, type_: FieldType, choices: Sequence[str]) -> None:
        """Add a field, whose name must be free."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO custom_field(name, type, choices, created_at) VALUES (?, ?, ?, ?)",
                (name, type_.value, json.dumps(list(choices), ensure_ascii=False), time.time()),
            )

    def remove(self, field_id: int) -> None:
        """Remove a field with all its values."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM custom_value WHERE field_id = ?", (field_id,))
            connection.exec_driver_sql("DELETE FROM custom_field WHERE id = ?", (field_id,))

    def values(self, content_ids: Sequence[int]) -> dict[int, dict[str, CustomValue]]:
        """Return the values of these models by field name; models without any are left out."""
        found: dict[int, dict[str, CustomValue]] = {}
        for chunk in chunks(content_ids):
            marks = ",".join("?" * len(chunk))
            for id_, name, type_, text, number in self._reader.rows_of(
                "SELECT content_id, custom_field.name, type, text_value, number_value"
                " FROM custom_value JOIN custom_field ON custom_field.id = field_id"
                f" WHERE content_id IN ({marks}) ORDER BY custom_field.name",
                chunk,
            ):
                value = _value(FieldType(str(type_)), text, number)
                found.setdefault(int(str(id_)), {})[str(name)] = value
        return found

    def uses(self, field_id: int, limit: int) -> list[tuple[int, CustomValue]]:
        """Return some models with their values of a field."""
        return [
            (int(str(id_)), _value(FieldType(str(type_)), text, number))
            for id_, type_, text, number in self._reader.rows_of(
                "SELECT content_id, type, text_value, number_value FROM custom_value"
                " JOIN custom_field ON custom_field.id = field_id WHERE field_id = ?"
                " ORDER BY content_id LIMIT ?",
                (field_id, limit),
            )
        ]

    def set(self, field: CustomField, content_ids: Sequence[int], value: CustomValue) -> None:
        """Give models a value; it must be one that the field's type holds."""
        text, number = _stored(field.type, value)
        for some in chunks(content_ids, BULK):
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(
                    "INSERT INTO custom_value(content_id, field_id, text_value, folded_value,"
                    " number_value) VALUES (?, ?, ?, ?, ?) ON CONFLICT(content_id, field_id)"
                    " DO UPDATE SET text_value = excluded.text_value,"
                    " folded_value = excluded.folded_value, number_value = excluded.number_value",
                    [
                        (id_, field.id, text, None if text is None else folded(text), number)
                        for id_ in some
                    ],
                )

    def clear(self, field: CustomField, content_ids: Sequence[int]) -> None:
        """Take the values of a field off models."""
        for some in chunks(content_ids, BULK):
            with self._writer.transaction() as connection:
                connection.exec_driver_sql(
                    "DELETE FROM custom_value WHERE field_id = ? AND content_id = ?",
                    [(field.id, id_) for id_ in some],
                )


def _stored(type_: FieldType, value: CustomValue) -> tuple[str | None, float | None]:
    if type_ in (FieldType.TEXT, FieldType.CHOICE):
        return str(value), None
    if type_ is FieldType.DATE:
        return None, datetime.fromisoformat(str(value)).replace(tzinfo=UTC).timestamp()
    return None, float(value)


def _value(type_: FieldType, text: object, number: object) -> CustomValue:
    if text is not None:
        return str(text)
    counted = float(str(number))
    if type_ is FieldType.DATE:
        return datetime.fromtimestamp(counted, UTC).strftime("%Y-%m-%d")
    if type_ is FieldType.FLAG:
        return bool(counted)
    return int(counted) if counted.is_integer() else counted
