"""The writing door: one connection for many transactions, of many threads, on the right file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from loradex.catalog.writer import Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE number(n)")
    return path


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    writer = Writer(path)
    yield writer
    writer.close()


def add(writer: Writer, number: int) -> None:
    with writer.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO number VALUES (?)", (number,))


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return sorted(row[0] for row in connection.execute("SELECT n FROM number"))


def test_what_several_threads_write_is_all_there(writer: Writer, path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: add(writer, number), range(40)))
    assert numbers(path) == list(range(40))


def test_nothing_of_a_transaction_that_fails_is_kept(writer: Writer, path: Path) -> None:
    add(writer, 1)
    with pytest.raises(ZeroDivisionError), writer.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO number VALUES (2)")
        _ = 1 // 0
    add(writer, 3)
    assert numbers(path) == [1, 3]


def test_a_database_put_back_from_a_copy_is_the_one_written_to(writer: Writer, path: Path) -> None:
    add(writer, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    add(writer, 2)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    copy.replace(path)
    add(writer, 3)
    assert numbers(path) == [1, 3]
