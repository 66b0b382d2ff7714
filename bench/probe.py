"""Verdicts against truth: probe LoRAs whose truth is known, and print what came of it.

    python -m bench.zoo make /tmp/zoo --set tuned
    python bench/probe.py /tmp/zoo/tuned [--thorough] [--only NAME …]

A folder holds `truth.json` (what `bench/zoo` writes and tells the form of), the checkpoint and
the LoRAs. Each LoRA is right when everything that must be said of it is said and nothing that must
not; what is said of each of its words counts, too. A finding that must not be said is a confident
wrong one; `undecided` in place of what must be said is not right, but honest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.probing import Depth
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.verdicts import Finding, VerdictKind
from loradex.operations.grid_models import CHECKPOINT_KINDS, ModelFinder
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.probing.many import probe_room
from loradex.operations.probing.probe import Probed, ProbeRoom, probe_lora
from loradex.operations.probing.request import ProbeRequest, ProbeSettings
from loradex.operations.scan import scan
from loradex.paths import Home
from loradex.plugin_manager import Plugins

_RANGES = (VerdictKind.USABLE, VerdictKind.BEST)


@dataclass(frozen=True)
class Truth:
    """What is known of one LoRA."""

    file: Path
    base: Path
    claimed: tuple[str, ...]
    expected: frozenset[str]
    forbidden: frozenset[str]
    usable: tuple[float, float] | None
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each word, which of its findings are true; `undecided` is true of all."""


@dataclass
class Tally:
    """How probes did: right, honestly undecided, wrong, and their cells."""

    rows: list[tuple[str, str, int, int]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)


def main() -> int:
    """Probe every LoRA of a folder, print the tables; return 1 when one was confidently wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--home", type=Path, help="keep the catalog and the pictures here")
    asked = parser.parse_args()
    depth = Depth.QUICK if asked.quick else Depth.THOROUGH if asked.thorough else Depth.NORMAL
    with tempfile.TemporaryDirectory() as scratch:
        home = Home(asked.home or Path(scratch) / "home")
        tally = run(asked.folder.resolve(), home, depth, asked.only)
    print_tables(tally)
    return 1 if tally.outcomes["wrong"] else 0


def run(folder: Path, home: Home, depth: Depth, only: Sequence[str]) -> Tally:
    """Probe the LoRAs of a folder, and say after each how it went."""
    facts = json.loads((folder / "truth.json").read_text("utf-8"))
    settings = read_settings(facts["settings"])
    tally = Tally()
    with Catalog.open(home) as catalog:
        if not catalog.files.libraries():
            add_library(catalog, folder, name="zoo")
        sink, cancel = SilentSink(), CancelToken()
        scan(catalog, catalog.files.libraries(), workers=2, sink=sink, cancel=cancel)
        hash_pass(catalog, sink=sink, cancel=cancel)
        request = ProbeRequest(depth=depth, prompts=tuple(facts["prompts"]), settings=settings)
        with probe_room(catalog, request, Plugins(), sink=sink, cancel=cancel) as room:
            for truth in truths(folder, facts):
                if only and truth.file.stem not in only:
                    continue
                _probe(room, truth, request, tally)
    return tally


def read_settings(facts: dict[str, str | int | float]) -> ProbeSettings:
    """Return how a folder's pictures are to be drawn."""
    side = int(facts["size"])
    return ProbeSettings(
        width=side,
        height=side,
        num_inference_steps=int(facts["steps"]),
        guidance_scale=float(facts["guidance"]),
        sampler=str(facts["sampler"]),
        dtype="float32",
    )


def truths(folder: Path, facts: dict[str, list[dict[str, object]]]) -> Iterator[Truth]:
    """Yield what a folder's `truth.json` says of each LoRA."""
    for entry in facts["loras"]:
        usable = entry.get("usable")
        yield Truth(
            file=folder / str(entry["file"]),
            base=folder / str(entry.get("base") or "base"),
            claimed=tuple(map(str, _list(entry, "claimed"))),
            expected=frozenset(map(str, _list(entry, "expected"))),
            forbidden=frozenset(map(str, _list(entry, "forbidden"))),
            usable=(float(usable[0]), float(usable[1])) if isinstance(usable, list) else None,
            words=dict(_words(entry)),
        )


def _words(entry: dict[str, object]) -> Iterator[tuple[str, frozenset[str]]]:
    said = entry.get("words")
    for word, kinds in said.items() if isinstance(said, dict) else ():
        yield str(word), frozenset([kinds] if isinstance(kinds, str) else map(str, kinds))


def _list(entry: dict[str, object], name: str) -> list[object]:
    value = entry.get(name)
    return value if isinstance(value, list) else []


def _probe(room: ProbeRoom, truth: Truth, request: ProbeRequest, tally: Tally) -> None:
    lora = room.catalog.resolve(str(truth.file))
    finder = ModelFinder(room.catalog, room.sink, room.cancel)
    asked = ProbeRequest(
        depth=request.depth,
        prompts=request.prompts,
        settings=request.settings,
        words=truth.claimed,
    )
    started = time.perf_counter()
    base = finder.model(room.catalog.resolve(str(truth.base)), CHECKPOINT_KINDS)
    checkpoint = finder.completed(base)
    probed = probe_lora(room, lora, checkpoint, asked)
    outcome = judged(truth, probed)
    cells = own_cells(probed)
    kinds = [one.kind.value for one in probed.verdict.findings]
    tally.outcomes[outcome] += 1
    for expected in truth.expected:
        said = expected if expected in kinds else "undecided" if "undecided" in kinds else "—"
        tally.said[expected, said] += 1
    for kind in truth.forbidden & set(kinds):
        tally.said["not " + kind, kind] += 1
    seconds = time.perf_counter() - started
    tally.rows.append((truth.file.stem, outcome, cells, round(seconds)))
    line = ", ".join(map(_short, probed.verdict.findings))
    print(f"{outcome:9} {truth.file.stem:28} {cells:3} cells {seconds:4.0f} s  {line}", flush=True)
    if outcome != "right":
        print(f"{'':10}must say {sorted(truth.expected)}, never {sorted(truth.forbidden)}")


def _short(finding: Finding) -> str:
    about = f" {finding.word}" if finding.word else ""
    if finding.low is not None:
        about += f" {finding.low:g}" + (f"–{finding.high:g}" if finding.high is not None else "")
    return finding.kind.value + about


def judged(truth: Truth, probed: Probed) -> str:
    """Return `right`, `wrong` (something untrue was said) or `undecided` (something is missing)."""
    kinds = {one.kind.value for one in probed.verdict.findings}
    if kinds & truth.forbidden or any(untrue(truth, one) for one in probed.verdict.findings):
        return "wrong"
    return "right" if truth.expected <= kinds else "undecided"


def untrue(truth: Truth, finding: Finding) -> bool:
    """Tell whether a word is said to do what it does not."""
    true = truth.words.get(finding.word or "")
    return true is not None and finding.kind.value not in {*true, VerdictKind.UNDECIDED.value}


def own_cells(probed: Probed) -> int:
    """Return the pictures a probe cost, without those that all LoRAs of a checkpoint share."""
    evidence = probed.verdict.evidence
    return evidence.drawn + evidence.reused - evidence.shared if evidence else 0


def print_tables(tally: Tally) -> None:
    """Print the confusion of verdicts and the totals."""
    print("\nmust be said -> was said")
    for (expected, said), count in sorted(tally.said.items()):
        print(f"  {expected:20} {said:20} {count:3}")
    total = sum(tally.outcomes.values())
    cells = [row[2] for row in tally.rows]
    right = tally.outcomes["right"]
    print(
        f"\n{right} of {total} right ({right / max(total, 1):.0%}),"
        f" {tally.outcomes['undecided']} undecided, {tally.outcomes['wrong']} confidently wrong;"
        f" cells a LoRA: mean {sum(cells) / max(len(cells), 1):.0f}, most {max(cells, default=0)};"
        f" of those that were right: median {_median(tally):.0f}"
    )


def _median(tally: Tally) -> float:
    right = [cells for _, outcome, cells, _ in tally.rows if outcome == "right"]
    return statistics.median(right) if right else 0.0


if __name__ == "__main__":
    sys.exit(main())
