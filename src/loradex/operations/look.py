"""Look into one file: its header, what it is, and the facts that follow. Runs in workers."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from loradex.domain.evidence import Evidence, Source
from loradex.domain.header import Header
from loradex.domain.identity import Identity
from loradex.domain.look import Look, Training
from loradex.domain.safety import SafetyReport
from loradex.domain.scanning import Found
from loradex.domain.text import storable
from loradex.errors import FormatError
from loradex.formats.fingerprint import fingerprint_of, quick_fingerprint
from loradex.formats.headers import read_alone, read_header, read_open
from loradex.formats.metadata_text import json_text
from loradex.formats.model_file import ModelFile
from loradex.formats.safety.folders import judge_folder, judge_shards
from loradex.formats.safety.verdicts import judge
from loradex.formats.shards import problem_of, siblings, with_siblings
from loradex.formats.training import TrainingFacts, describe
from loradex.identify import identify


def prepare_worker() -> None:
    """Make a worker process quick and quiet: no garbage collector, Ctrl-C is the parent's.

    It ends when its parent does, however that ended.
    """
    gc.disable()
    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def keep_memory() -> None:
    """Let the C library keep what headers of megabytes needed, for the next header.

    glibc gives large blocks back to the system at once, and each page of the next one costs a
    fault: a tenth of a worker's time. Elsewhere there is no `mallopt`, and nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(parameter, _MEMORY_KEPT)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)"""
_MEMORY_KEPT = 32 * 1024 * 1024


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def look_at_all(root: bytes, batch: Sequence[Found]) -> bytes:
    """Look into each file of a batch, for `looks_in`; never raises for a file.

    Looks pass between processes as MessagePack: pickling their many small objects takes three
    times as long.
    """
    return _encode([look_at(root, found) for found in batch])


def looks_in(told: bytes) -> list[Look]:
    """Return what `look_at_all` told in another process."""
    return _decode(told)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Look]).decode


def look_at(root: bytes, found: Found) -> Look:
    """Return what the header of one file tells, or what is wrong with it."""
    path = Path(os.fsdecode(root + b"/" + found.raw_path))
    try:
        opened = _open_folder(path) if found.folder else _open_file(path, found)
    except (FormatError, OSError) as error:
        return _not_opened(found, path, error)
    if opened is None:
        return Look(found, growing=True)
    header, fingerprint, problem, safety = opened
    verdict, findings = safety.verdict, safety.findings
    if header is None:
        return Look(
            found, fingerprint=fingerprint, safety=verdict, findings=findings, problem=problem
        )
    training = describe(header.metadata)
    identity = identify(header, file_name=path.name)
    return Look(
        found,
        fingerprint=fingerprint,
        format=header.format,
        identity=replace(identity, reasons=()),  # the facts hold them
        facts=tuple(facts_of(header, identity, training)),
        trigger_words=training.trigger_words,
        metadata_json=json_text(header.metadata),
        tag_counts_json=json_text(training.tag_counts),
        training=Training(
            training.title, training.author, training.trained_at, training.network_alpha
        ),
        claimed_hash=training.claimed_tensor_hash,
        tensor_count=len(header.tensors),
        header_bytes=header.nbytes,
        safety=verdict,
        findings=findings,
        problem=problem,
        sharded=header.shard is not None,
    )


_LONGEST_PROBLEM = 4096

_Opened = tuple[Header | None, str, str | None, SafetyReport]
"""A header or None, the fingerprint, what is wrong, and the verdict."""


def _open_file(path: Path, found: Found) -> _Opened | None:
    """Open a file once and read it; None when it has grown since it was found.

    Raises FormatError when it cannot be opened at all.
    """
    with ModelFile(path) as file:
        file.expect_samples()
        header, error = _header(lambda: with_siblings(read_open(file), path, read_alone))
        safety = judge(file, header, error)  # before the fingerprint: that reads less of the end
        fingerprint = fingerprint_of(file, header)
        if file.differs(found.size, found.mtime_ns):
            return None
    shard = header.shard if header is not None else None
    problem = _problem(error, path) if shard is None else problem_of(shard)
    others = siblings(path)
    return header, fingerprint, problem, judge_shards(safety, others) if others else safety


def _open_folder(path: Path) -> _Opened:
    header, error = _header(lambda: read_header(path))
    return header, quick_fingerprint(path), _problem(error, path), judge_folder(path)


def _header(read: Callable[[], Header]) -> tuple[Header | None, FormatError | None]:
    try:
        return read(), None
    except FormatError as error:
        if isinstance(error.__cause__, OSError):
            raise
        return None, error


def _not_opened(found: Found, path: Path, error: FormatError | OSError) -> Look:
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, FileNotFoundError):
        return Look(found, gone=True)
    if isinstance(error, FormatError):
        return Look(found, problem=_problem(error, path))
    return Look(found, problem=f"It cannot be read: {error.strerror or error}.")


def _problem(error: FormatError | None, path: Path) -> str | None:
    """Return what is wrong, without naming the file again unless it is another one inside."""
    if error is None:
        return None
    text = f"It {error.what}" if error.path == str(path) else error.message
    return storable(text, _LONGEST_PROBLEM)  # a name inside may be no Unicode


def facts_of(header: Header, identity: Identity, training: TrainingFacts) -> list[Evidence]:
    """Return an identity and its reasons as evidence, one fact a field."""
    why: dict[str, list[str]] = {}
    for reason in identity.reasons:
        why.setdefault(reason.field, []).append(reason.text)
    decided = Source.TENSORS if identity.confidence >= 1.0 else Source.HEADER
    facts: list[Evidence] = []

    def add(field: str, value: str | None, source: Source, confidence: float = 1.0) -> None:
        if value:
            facts.append(
                Evidence(field, value, source, confidence, detail="; ".join(why.get(field, ())))
            )

    add("kind", identity.kind.value, Source.TENSORS, 1.0 if identity.confidence else 0.0)
    add("base", identity.base and identity.base.value, decided, identity.confidence)
    add("variant", identity.variant, decided, identity.confidence)
    add("derivative", identity.derivative, Source.HEADER, 0.8)
    add("prediction", identity.prediction, decided, identity.confidence)
    add("title", training.title, Source.HEADER)
    add("author", training.author, Source.HEADER)
    add("trained_on", training.base_model_hint, Source.HEADER)
    if identity.base is None and why.get("base"):
        facts.append(Evidence("base", "", Source.TENSORS, 0.0, detail="; ".join(why["base"])))
    for note in header.notes[:5]:
        facts.append(Evidence("header_note", note, Source.HEADER))
        break
    return facts
