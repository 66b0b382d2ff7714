"""What was cut off is told until it is done, or nobody wants to hear of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from killed_kit import killed
from loradex.catalog.catalog import Catalog
from loradex.catalog.lease_owner import this_process
from loradex.operations.cut_off import cut_off, forget, note_begun, note_ended
from loradex.paths import Home
from tui.shelf import draw_cells, few, grid, shelf

pytestmark = pytest.mark.skipif(
    not this_process("x", "", 0).started, reason="this system does not tell when a process began"
)


def told(catalog: Catalog) -> list[tuple[str, str]]:
    return [(one.told, one.command) for one in cut_off(catalog)]


def test_what_is_begun_here_is_not_cut_off(catalog: Catalog) -> None:
    note = note_begun(catalog, "scan", "loradex scan")
    assert note is not None
    assert note_begun(catalog, "trash", "loradex trash empty --yes") is None  # never unasked
    assert not cut_off(catalog)
    assert not catalog.jobs.holders()  # a note is no lease
    note_ended(catalog, [note])
    assert not catalog.begun.cut_off()


def test_what_was_killed_is_told_until_it_is_done(home: Home, tmp_path: Path) -> None:
    with shelf(home, few()) as catalog:
        check_the_killed(catalog, tmp_path)


def check_the_killed(catalog: Catalog, tmp_path: Path) -> None:
    killed(
        catalog.home,
        [
            ("scan", "loradex scan"),
            ("match", "loradex hub match"),
            ("grid", "loradex grid --spec -"),
            ("download", "loradex hub downloads run"),  # nothing is left in the queue
            ("move", "loradex apply 99"),  # there is no such plan
        ],
        ["verify", "scan"],
    )
    number = grid(catalog, tmp_path / "grid")
    draw_cells(catalog, tmp_path / "grid", 5)
    assert told(catalog) == [
        ("a scan", "loradex scan"),
        ("matching with the hub", "loradex hub match"),
        (f"grid {number} after 5 of 12 cells", f"loradex grid --resume {number}"),
        ("verifying the files", "loradex verify"),
    ]
    draw_cells(catalog, tmp_path / "grid", 12)
    assert len(cut_off(catalog)) == 3
    scan, match, _verify = cut_off(catalog)
    note_begun(catalog, "scan", scan.command)  # it goes on
    assert cut_off(catalog)[0].command == match.command
    forget(catalog, cut_off(catalog))
    assert [one.task for one in cut_off(catalog)] == ["verify", "scan"]  # leases go when it is done
    lease = catalog.jobs.acquire("verify", task="verify")
    assert lease is not None
    catalog.jobs.release(lease)
    assert [one.task for one in cut_off(catalog)] == ["scan"]
