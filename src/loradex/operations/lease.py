"""Hold a job while a block of work runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from loradex.catalog.job_store import LEASE_SECONDS, JobStore, Lease
from loradex.errors import CatalogError

RENEW_EVERY = LEASE_SECONDS / 4

READING = "reading"
"""The job of reading files in full: whoever hashes or verifies, so that disks are not shared."""


@contextmanager
def leased(jobs: JobStore, lease: Lease, *, lost: Callable[[], None]) -> Iterator[None]:
    """Renew a lease in the background while the block runs, and release it at its end.

    `lost` is called once, from another thread, when the job was given to somebody else: this
    process did not get to renew it in time.
    """
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEW_EVERY):
            try:
                if jobs.renew(lease):
                    continue
            except CatalogError:
                continue  # busy for once; the lease runs longer than one renewal
            lost()
            return

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        with suppress(CatalogError):  # it expires, and at once when this process has ended
            jobs.release(lease)


def busy_sentence(jobs: JobStore) -> str:
    """Say who reads files in full at present, and what becomes of those that wait for it."""
    holder = jobs.holder(READING)
    if holder is None:  # it ended just now
        return "Another loradex has just read the files: run `loradex scan` again for the rest."
    if holder.task == "verify":
        return (
            f"`loradex verify` ({holder.process}) is reading the files; run `loradex scan` again"
            " when it is done to hash what is new."
        )
    return f"Another loradex ({holder.process}) is hashing; it hashes these files as well."


def verify_busy_sentence(jobs: JobStore) -> str:
    """Say who reads files in full at present, to somebody who wants to verify."""
    holder = jobs.holder(READING)
    if holder is None:
        return "Another loradex has just read the files: run `loradex verify` again."
    task = "verifying" if holder.task == "verify" else "hashing"
    return (
        f"Another loradex ({holder.process}) is {task}; run `loradex verify` again when it is done."
    )
