"""A diffusers folder: its weights one by one, and whatever asks a loader to run code.

Loaders run a folder's own code when a person allows it (`trust_remote_code`, a custom pipeline),
and have been tricked into it by a configuration alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from loradex.domain.safety import Safety, SafetyReport
from loradex.errors import FormatError
from loradex.formats.headers import read_open
from loradex.formats.limits import MAX_JSON_FILE
from loradex.formats.model_file import ModelFile
from loradex.formats.safety.findings import Findings
from loradex.formats.safety.verdicts import judge

_MAX_FILES = 5_000
_WEIGHTS = {
    ".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".pickle",
    ".joblib", ".npz", ".npy", ".msgpack", ".h5", ".onnx", ".tar", ".zip",
}  # fmt: skip
_CODE = {".py", ".pyc", ".so", ".dll", ".dylib", ".pyd", ".sh", ".exe", ".bat", ".ps1"}

# A library's name may also be that of one of diffusers' own pipelines.
_LIBRARIES = {
    "diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "latent_diffusion",
    "stable_diffusion_safe", "paint_by_example", "kandinsky", "deepfloyd_if", "wuerstchen",
    "unidiffuser", "audioldm", "audioldm2", "musicldm", "shap_e", "blip_diffusion", "pixart_alpha",
    "stable_cascade", "hunyuandit", "kolors", "aura_flow", "flux", "cogvideo", "allegro", "mochi",
    "lumina", "lumina2", "sana", "ltx", "hunyuan_video", "hidream_image", "wan", "qwenimage",
}  # fmt: skip
_ASKS_FOR_CODE = ("auto_map", "custom_pipeline", "trust_remote_code", "custom_pipelines")
_SETTINGS = ("config.json", "index.json")


def judge_folder(folder: Path) -> SafetyReport:
    """Return whether loading a folder could run code; links to folders are not followed."""
    findings = Findings()
    unlisted: list[OSError] = []
    for number, path in enumerate(_files_below(folder, unlisted)):
        if number >= _MAX_FILES:
            findings.add(Safety.UNSCANNED, "It has more files than are looked at.")
            break
        name = os.fsdecode(os.path.relpath(path, folder))
        suffix = path.suffix.lower()
        if suffix in _CODE:
            findings.add(Safety.SUSPICIOUS, f"{name} is program code beside the weights.")
        try:
            if suffix == ".json":
                _judge_settings(path, name, findings)
            elif suffix in _WEIGHTS:
                _judge_weights(path, name, findings)
        except FormatError as error:
            findings.add(Safety.UNSCANNED, f"{name} {error.what}")
    for refusal in unlisted:
        findings.add(Safety.UNSCANNED, f"A folder in it cannot be listed: {refusal.strerror}.")
    return findings.report()


def judge_shards(first: SafetyReport, others: Iterable[Path]) -> SafetyReport:
    """Return the verdict on a model in several files, of which the first was judged."""
    findings = Findings()
    for text in first.findings:
        findings.add(first.verdict, text)
    for path in others:
        try:
            _judge_weights(path, path.name, findings)
        except FormatError as error:
            findings.add(Safety.UNSCANNED, f"{path.name} {error.what}")
    return findings.report()


def _files_below(folder: Path, unlisted: list[OSError]) -> Iterator[Path]:
    for current, folders, names in os.walk(folder, onerror=unlisted.append):
        folders.sort()
        for name in sorted(names):
            yield Path(current, name)


def _judge_weights(path: Path, name: str, findings: Findings) -> None:
    with ModelFile(path) as file:
        try:
            report = judge(file, read_open(file), None)
        except FormatError as error:
            report = judge(file, None, error)
    for text in report.findings or ("It is not safe.",):
        if report.verdict is not Safety.SAFE:
            findings.add(report.verdict, f"{name}: {text}")


def _judge_settings(path: Path, name: str, findings: Findings) -> None:
    with ModelFile(path) as file:
        if file.size > MAX_JSON_FILE:
            if path.name.endswith(_SETTINGS):  # the others are vocabularies
                findings.add(Safety.UNSCANNED, f"{name} is too long to be looked through.")
            return
        raw = file.read_at(0, file.size)
    try:
        settings: object = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        findings.add(Safety.BROKEN, f"{name} is not a JSON text.")
        return
    for asked in _asked_for(settings):
        findings.add(Safety.SUSPICIOUS, f"{name} asks its loader to run code: {asked}.")
    if path.name == "model_index.json" and isinstance(settings, Mapping):
        for what in _foreign_classes(settings):
            findings.add(
                Safety.SUSPICIOUS, f"{name} takes {what} from outside the usual libraries."
            )


def _asked_for(settings: object) -> list[str]:
    """Return the keys, at any depth, that make loaders run a folder's own code."""
    found: dict[str, None] = {}
    waiting = [settings]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found.update((key, None) for key in _ASKS_FOR_CODE if value.get(key))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return list(found)


def _foreign_classes(index: Mapping[str, object]) -> Iterator[str]:
    for part, value in index.items():
        match value:
            case [str(library), str(name)] if part == "_class_name" or library not in _LIBRARIES:
                yield f"{part} ({library[:60]}.{name[:60]})"
