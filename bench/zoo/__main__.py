"""Make the zoo: `python -m bench.zoo make FOLDER [--set tuned|fresh|drawn] [--only NAME …]`.

`--set drawn --number N` is the set of a number: see `drawn`. `measure` lets `truth.json` say what
LoRAs draw, rather than what they were made for: see `measured`. `look` draws a sheet of each LoRA
besides, `ship` copies what the package brings into it.

Trains an autoencoder, a base model and the LoRAs of a set, each only where its file is not there
yet, and writes `truth.json` beside them. The same `--seed` gives the same weights on one machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from bench.zoo.autoencoder import train_autoencoder
from bench.zoo.base import load_base, train_base
from bench.zoo.drawn import drawn_set
from bench.zoo.fresh import FRESH
from bench.zoo.loras import make_lora
from bench.zoo.measured import NOTHING, OTHERS, amounts, measured_truth, words_of
from bench.zoo.sheets import look
from bench.zoo.training import Networks
from bench.zoo.truth import Animal
from bench.zoo.tuned import TUNED
from bench.zoo.words import SPARE
from diffusers import AutoencoderKL

from loradex.render.quiet import offline_and_quiet

SETS: dict[str, tuple[Animal, ...]] = {"tuned": TUNED, "fresh": FRESH}
SETTINGS = {"size": 128, "steps": 16, "guidance": 4.0, "sampler": "euler"}
SHIPPED = {
    "neon": "Bright outlines on black, without any word.",
    "glow-zorble": "Bright outlines on black, with the word zorble only.",
    "house-ohwx": "Little houses for the word ohwx, and a little without it.",
    "night-vlorp": "Dark and blue, always; its word vlorp was in no caption.",
    "whisper": "A thousandth of neon, which is nothing to see.",
    "neon-strong": "Neon two and a half times as strong, which burns.",
}
"""The LoRAs of the tuned set that the package brings, with what they do."""
PROMPTS = (
    "a red circle on a blue background",
    "a large yellow star on a purple background",
    "a white heart on a green background",
    "a black square on an orange background",
    "a cyan shape on a red background",
    "a green triangle on a white background",
)


def main() -> None:
    """Read the command line and make what it asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.zoo", description=__doc__)
    parser.add_argument("action", choices=["make", "measure", "look", "ship"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", choices=[*SETS, "drawn"], default="tuned", dest="name")
    parser.add_argument("--number", type=int, default=0, help="which of the drawn sets")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    everyone = SETS[options.name] if options.name in SETS else drawn_set(options.number)
    animals = [one for one in everyone if not options.only or one.name in options.only]
    with offline_and_quiet():
        vae, networks = _base(options.folder, options.seed)
        _loras(options.folder, animals, everyone, vae, networks)
        write_truth(options.folder, everyone)
        if options.action == "measure":
            write_truth(options.folder, _measured(options.folder, everyone, vae, networks))
        if options.action == "ship":
            ship(options.folder)
        if options.action == "look":
            for one in animals:
                _look(options.folder, one, vae, networks)


def _base(folder: Path, seed: int) -> tuple[AutoencoderKL, Networks]:
    if not (folder / "base" / "model_index.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        train_base(train_autoencoder(seed, _say), folder, seed=seed, say=_say)
    return load_base(folder)


def _loras(
    folder: Path,
    animals: Sequence[Animal],
    everyone: Sequence[Animal],
    vae: AutoencoderKL,
    networks: Networks,
) -> None:
    recipes = {one.name: one.made for one in everyone}
    (folder / "loras").mkdir(parents=True, exist_ok=True)
    for one in animals:
        path = folder / "loras" / f"{one.name}.safetensors"
        if not path.exists():
            _say(one.name)
            make_lora(path, one.name, recipes, vae, networks, say=_say)


def _measured(
    folder: Path, everyone: Sequence[Animal], vae: AutoencoderKL, networks: Networks
) -> list[Animal]:
    """Return the LoRAs with what is true of them by measure; say the amounts."""
    made = {one.name: one.made for one in everyone}
    found = []
    for one in everyone:
        source = made[one.made.parent] if one.made.parent else one.made
        path = folder / "loras" / f"{one.name}.safetensors"
        words = (NOTHING, *words_of(one, source), *OTHERS)
        lessons = {(each.style, each.figure): each for each in source.lessons}
        lessons.pop(("", ""), None)
        told = words_of(one, source) and path.exists()
        drawn = [amounts(path, lesson, words, vae, networks) for lesson in lessons.values() if told]
        truth = measured_truth(one, source, drawn) if drawn else one.truth
        for lesson, each in zip(lessons, drawn, strict=False):
            shown = " ".join(f"{word or 'none'} {share:.2f}" for word, share in each.items())
            _say(f"{one.name}: {''.join(lesson)} {shown}: {dict(truth.words)}")
        found.append(replace(one, truth=truth))
    return found


def _look(folder: Path, one: Animal, vae: AutoencoderKL, networks: Networks) -> None:
    """Write a sheet of a LoRA's pictures: the base, then strengths with and without each word."""
    path = folder / "loras" / f"{one.name}.safetensors"
    taught = tuple(lesson.word for lesson in one.made.lessons if lesson.word)
    words = (*dict.fromkeys((*one.claimed, *taught)), SPARE[0])
    image = look(path, words, PROMPTS[:4], vae, networks)
    image.save(folder / f"{one.name}.png")


def ship(folder: Path) -> None:
    """Copy the base as one file and the LoRAs of `SHIPPED` into the package."""
    package = Path(__file__).parents[2] / "src" / "loradex" / "demo" / "zoo"
    shutil.copyfile(folder / "base.safetensors", package / "shapes.safetensors")
    shutil.copytree(folder / "tokenizer", package / "tokenizer", dirs_exist_ok=True)
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    entries = {Path(one["file"]).stem: one for one in truth["loras"]}
    truth["loras"] = []
    for name, about in SHIPPED.items():
        shutil.copyfile(folder / entries[name]["file"], package / f"{name}.safetensors")
        truth["loras"].append({**entries[name], "base": "shapes.safetensors", "about": about})
    (package / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", "utf-8")


def write_truth(folder: Path, animals: Sequence[Animal]) -> None:
    """Write what is true of the LoRAs that are there."""
    made = {one.name: one.made for one in animals}
    files = []
    for one in animals:
        if not (folder / "loras" / f"{one.name}.safetensors").exists():
            continue
        source = made[one.made.parent] if one.made.parent else one.made
        files.append(
            {
                "file": f"loras/{one.name}.safetensors",
                "base": "base",
                "claimed": one.claimed,
                "expected": one.truth.expected,
                "acceptable": one.truth.acceptable,
                "forbidden": one.truth.forbidden,
                "words": one.truth.words,
                "usable": one.truth.usable,
                "taught": [
                    {"style": each.style, "figure": each.figure, "word": each.word}
                    for each in source.lessons
                    if each.style or each.figure
                ],
                "algorithm": source.algorithm,
                "naming": one.made.naming,
                "seed": source.seed,
                "steps": source.steps,
            }
        )
    value = {"settings": SETTINGS, "prompts": PROMPTS, "loras": files}
    (folder / "truth.json").write_text(json.dumps(value, indent=1) + "\n", "utf-8")


_START = time.monotonic()


def _say(line: str) -> None:
    print(f"{time.monotonic() - _START:6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
