"""A1111's parameter text, as A1111, Forge, SD.Next, Fooocus, CivitAI and others write it.

Prompt lines, an optional `Negative prompt:` part, one line that begins with `Steps:`, and what
extensions put behind it. `loradex.domain.infotext` writes and reads the plain form; here are the
fields that name models, whoever wrote them.
"""

from __future__ import annotations

import re

from loradex.domain.generation import Generation, ModelRole, NamedModel
from loradex.formats.generation.gathering import Gathered, renamed
from loradex.formats.generation.infotext_models import gather_models
from loradex.formats.generation.parameter_line import read_pairs
from loradex.formats.generation.values import text_of

_MOST = 4 * 1024 * 1024
_LINE = re.compile(r"^[ \t]*Steps:[ \t]*\d", re.MULTILINE)
_NEGATIVE = re.compile(r"^[ \t]*Negative prompt:", re.MULTILINE)
_FEWEST = 3
"""A last line with fewer pairs is part of the prompt, as A1111 reads it."""
_SIZE = re.compile(r"\s*(\d{1,5})\s*x\s*(\d{1,5})\s*")
_FORGE = re.compile(r"f\d|neo|.*forge", re.IGNORECASE)
_NAMES = {
    "Seed": "seed",
    "Steps": "steps",
    "Sampler": "sampler",
    "Schedule type": "schedule",
    "Scheduler": "schedule",
    "CFG scale": "guidance_scale",
    "Distilled CFG Scale": "distilled_guidance_scale",
    "Denoising strength": "denoising_strength",
    "Denoise": "denoising_strength",
    "Clip skip": "clip_skip",
    "CLIP skip": "clip_skip",
    "Version": "version",
}
_MODELS = frozenset({
    "Model", "Model hash", "VAE", "VAE hash", "Hashes", "Lora hashes", "LoRA hashes", "TI hashes",
    "LoRA networks", "Lora weights", "Civitai resources", "Civitai metadata", "Size", "Refiner",
})  # fmt: skip
"""Fields that are told otherwise than as settings."""


def looks_like_infotext(text: str) -> bool:
    """Say whether a text has the line of pairs that all dialects have."""
    return _LINE.search(text) is not None or text.rpartition("\n")[2].count(": ") >= _FEWEST


def read_infotext(text: str, *, own: bool = False) -> Generation | None:
    """Return what a parameter text tells, None when it is none.

    `own` says that the picture is known to be one of loradex.
    """
    text = text[:_MOST].replace("\r\n", "\n").strip("\n\0 ")
    prompts, line, behind = _parts(text)
    pairs = read_pairs(line)
    if len(pairs) < _FEWEST:
        return None
    prompt, negative = _prompts(prompts)
    found = Gathered()
    _settings(pairs, behind, found)
    found.tags(prompt)
    gather_models(pairs, found)
    found.tags(negative)
    _drop_echoes(found)
    tool = "loradex" if own else _tool(pairs)
    return found.finished(tool, prompt, negative, own=own or tool == "loradex")


def _parts(text: str) -> tuple[str, str, str]:
    """Return the prompts, the line of pairs, and what follows it (templates of extensions)."""
    begins = [match.start() for match in _LINE.finditer(text)]
    if not begins:
        head, _, last = text.rpartition("\n")
        return head, last, ""
    start = begins[-1]
    line, _, behind = text[start:].partition("\n")
    return text[:start], line, behind


def _prompts(text: str) -> tuple[str, str]:
    found = _NEGATIVE.search(text)
    if found is None:
        return text.strip(), ""
    return text[: found.start()].strip(), text[found.end() :].strip()


def _settings(pairs: dict[str, object], behind: str, found: Gathered) -> None:
    for name, value in renamed(pairs, _NAMES):
        found.set(name, value)
    size = _SIZE.fullmatch(text_of(pairs.get("Size")))
    if size is not None:
        found.set("width", size.group(1))
        found.set("height", size.group(2))
    for name, value in pairs.items():
        if name not in _NAMES and name not in _MODELS:
            found.set(name, value)
    for line in behind.split("\n")[:4]:
        name, colon, value = line.partition(":")
        if colon and len(name) < 40:
            found.set(name.strip(), value)


def _tool(pairs: dict[str, object]) -> str:
    app, version = text_of(pairs.get("App")), text_of(pairs.get("Version"))
    for word, tool in (
        ("sd.next", "sdnext"),
        ("fooocus", "fooocus"),
        ("comfyui", "comfyui"),
        ("loradex", "loradex"),
    ):
        if word in f"{app} {version}".lower():
            return tool
    if _FORGE.match(version):
        return "forge"
    if "Civitai resources" in pairs or "Civitai metadata" in pairs:
        return "civitai"
    return "a1111"


def _drop_echoes(found: Gathered) -> None:
    """Drop what a hub's list says again of a model that stands under its file's name.

    CivitAI names versions where the other fields name files. Where the other fields name as many
    LoRAs with the same strengths, they are the same ones.
    """
    told = [model for model in found.models if model.role is ModelRole.LORA]
    files = [model for model in told if not model.version_id]
    versions = [model for model in told if model.version_id]
    if not versions or len(files) != len(versions):
        return
    if [model.strength for model in files] != [model.strength for model in versions]:
        return
    for file, version in zip(files, versions, strict=True):
        found.models.remove(version)
        found.models[found.models.index(file)] = NamedModel(
            file.role,
            file.name,
            file.hash or version.hash,
            version.version_id,
            version.model_id,
            file.strength,
            file.strength_clip,
        )
