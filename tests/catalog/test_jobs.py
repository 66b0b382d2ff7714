"""Leases: one owner at a time, none for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from loradex.catalog import lease_owner
from loradex.catalog.catalog import Catalog
from loradex.catalog.job_store import LEASE_SECONDS
from loradex.paths import Home

OWNER = """
import sys, time
from pathlib import Path
from loradex.catalog.catalog import Catalog
from loradex.paths import Home
with Catalog.open(Home(Path(sys.argv[1]))) as catalog:
    assert catalog.jobs.acquire("reading", task="hash")
    print("mine", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(home: Home, catalog: Catalog) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the job."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home.root)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"mine\n"
    yield process
    process.kill()
    process.wait(60)
    process.stdout.close()


def changed(catalog: Catalog, owner: dict[str, object], until: float | None = None) -> None:
    """Rewrite who holds the job."""
    with catalog._writer.transaction() as connection:
        run = connection.exec_driver_sql
        before = json.loads(run("SELECT owner FROM job").scalar_one())
        run("UPDATE job SET owner = ?", (json.dumps({**before, **owner}),))
        if until is not None:
            run("UPDATE job SET lease_until = ?", (until,))


def test_one_at_a_time(catalog: Catalog) -> None:
    lease = catalog.jobs.acquire("reading", task="hash")
    assert lease is not None
    assert catalog.jobs.acquire("reading") is None
    assert catalog.jobs.acquire("reading", "another subject") is not None
    assert catalog.jobs.acquire("moving") is not None
    holder = catalog.jobs.holder("reading")
    assert holder is not None
    assert (holder.task, holder.process) == ("hash", f"process {os.getpid()}")
    assert catalog.jobs.renew(lease)
    catalog.jobs.release(lease)
    assert catalog.jobs.holder("reading") is None
    assert not catalog.jobs.renew(lease)
    again = catalog.jobs.acquire("reading")
    assert again is not None
    assert again.id == lease.id  # a row a job, however often it is done
    assert not catalog.jobs.renew(lease)
    catalog.jobs.release(lease)  # another's by now: left alone
    assert catalog.jobs.acquire("reading") is None


def test_another_process_has_it_until_it_is_killed(
    catalog: Catalog, other: subprocess.Popen[bytes]
) -> None:
    holder = catalog.jobs.holder("reading")
    assert holder is not None
    assert holder.process == f"process {other.pid}"
    assert catalog.jobs.acquire("reading") is None
    other.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while catalog.jobs.holder("reading") and time.monotonic() < deadline:
        time.sleep(0.01)  # not waited for: a zombie is gone as well
    assert catalog.jobs.acquire("reading") is not None


HERE = lease_owner.this_process("x", "hash", 0)
NOW = time.monotonic()


@pytest.mark.parametrize(
    ("owner", "ends_in", "held"),
    [
        ({}, 0.0, True),  # this boot's clock counts, whatever the wall clock says
        ({}, 9e12, True),
        ({"until": NOW - 1}, None, False),  # stopped for too long
        ({"until": NOW - 1}, 9e12, False),
        ({"started": "1"}, None, False),  # its number was given to a later process
        ({"pid": 2**22 + 1}, None, False),
        ({"boot": "another"}, None, False),  # the machine was started again
        ({"namespace": "pid:[1]", "pid": 2**22 + 1}, None, True),  # a container: who knows
        ({"machine": "elsewhere", "boot": "another"}, 50.0, True),
        ({"machine": "elsewhere", "boot": "another"}, -1.0, False),
        ({"machine": "elsewhere", "boot": "another"}, 9999.0, False),  # set back
        ({"unknown field": 1}, 50.0, True),
        ({"unknown field": 1}, -1.0, False),
    ],
)
@pytest.mark.skipif(not HERE.started, reason="this system does not tell when a process began")
def test_when_a_lease_is_in_force(
    catalog: Catalog, owner: dict[str, object], ends_in: float | None, held: bool
) -> None:
    catalog.jobs.acquire("reading")
    changed(catalog, owner, None if ends_in is None else time.time() + ends_in)
    assert (catalog.jobs.holder("reading") is not None) is held
    assert (catalog.jobs.acquire("reading") is None) is held


def test_a_renewed_lease_runs_on(catalog: Catalog) -> None:
    lease = catalog.jobs.acquire("reading", task="hash")
    assert lease is not None
    changed(catalog, {"until": time.monotonic() - 1})
    assert catalog.jobs.renew(lease)  # late, but nobody took it
    holder = catalog.jobs.holder("reading")
    assert holder is not None
    assert holder.task == "hash"
    owner = lease_owner.read_owner(str(catalog._reader.rows_of("SELECT owner FROM job")[0][0]))
    assert owner is not None
    assert 0 < owner.until - time.monotonic() <= LEASE_SECONDS


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"token": 1}'])
def test_an_owner_that_cannot_be_read(text: str) -> None:
    assert lease_owner.read_owner(text) is None
