"""The verdict on a model file, from its header and, where that is not enough, its contents.

A healthy safetensors or GGUF file holds numbers and texts only: beside its header, its end is
looked at, where a zip archive may hide from whoever reads the file as what it is.
"""

from __future__ import annotations

from loradex.domain.header import FileFormat, Header
from loradex.domain.safety import Safety, SafetyReport
from loradex.errors import FormatError
from loradex.formats.model_file import ModelFile
from loradex.formats.pickle_walks import walks_of
from loradex.formats.safety.contents import look_inside
from loradex.formats.safety.findings import Findings
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.trailing import judge_archive_at_end
from loradex.formats.sniffing import tell_format
from loradex.formats.zip_members import END_READ, BadZip, members

_DATA_ONLY = {FileFormat.SAFETENSORS, FileFormat.GGUF}
_DATA_SUFFIXES = {".safetensors", ".sft", ".gguf"}
_PICKLE_SUFFIXES = {".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".pickle"}
_KNOWN_SUFFIXES = _DATA_SUFFIXES | _PICKLE_SUFFIXES


def judge(file: ModelFile, header: Header | None, error: FormatError | None) -> SafetyReport:
    """Return whether loading an open file could run code.

    `header` is what its reader told, or `error` why there is none.
    """
    if error is not None and isinstance(error.__cause__, OSError):
        return unreadable(error)
    claims = _claimed(file.path.name)
    findings = Findings()
    scan = Scan(findings, look_inside, walks_of(file))
    try:
        if header is not None and header.format in _DATA_ONLY:
            if claims & _PICKLE_SUFFIXES:
                said = f"is a {header.format.value} file, though its name ends in"
                scan.add(Safety.SAFE, f"{said} {file.path.suffix.lower()}.")
            file.hold_end(END_READ)  # the last of what the fingerprint samples lies there as well
            judge_archive_at_end(file, scan)
        else:
            _judge_contents(file, error, claims, scan)
    except FormatError as refusal:
        scan.add(Safety.UNSCANNED, refusal.what)
    return findings.report()


def unreadable(error: FormatError) -> SafetyReport:
    """Return the verdict on what could not even be opened."""
    return SafetyReport(Safety.UNSCANNED, (f"It {error.what}",))


def _claimed(name: str) -> frozenset[str]:
    """Return all the formats that a name claims: `x.safetensors.PT` claims two."""
    claims: set[str] = set()
    for suffix in reversed(name.lower().split(".")[1:]):
        if f".{suffix}" not in _KNOWN_SUFFIXES:
            break
        claims.add(f".{suffix}")
    return frozenset(claims)


def _judge_contents(
    file: ModelFile, error: FormatError | None, claims: frozenset[str], scan: Scan
) -> None:
    known = look_inside(file, scan)
    if known and claims & _DATA_SUFFIXES and error is None:
        claimed = ", ".join(sorted(claims & _DATA_SUFFIXES))
        scan.add(Safety.SUSPICIOUS, f"is a pickle, though its name says {claimed}.")
    if error is None:
        return
    container = _container(file)
    told = scan.findings.verdict is not Safety.SAFE or _is_arrays(file)
    if known and told and container not in _DATA_ONLY:
        return  # what is wrong with it was found above, in more detail
    scan.add(Safety.BROKEN, error.what if error.path == str(file.path) else error.message)
    if claims and container is None:
        scan.add(Safety.BROKEN, f"is not what its name says: {', '.join(sorted(claims))}.")


def _container(file: ModelFile) -> FileFormat | None:
    try:
        return tell_format(file)
    except FormatError:
        return None


def _is_arrays(file: ModelFile) -> bool:
    """Tell whether a file that is no model holds NumPy arrays and nothing else."""
    if file.read_at(0, 6) == b"\x93NUMPY":
        return True
    try:
        listed = members(file)
    except BadZip:
        return False
    return bool(listed) and all(member.name.endswith(".npy") for member in listed)
