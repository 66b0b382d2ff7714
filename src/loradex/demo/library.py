"""The sample library of `loradex demo`: a ComfyUI-style models folder, made from nothing.

Headers are as in the field; bodies are mostly holes, so that 6 GB of models take a few megabytes
on a file system with holes. Models, creators and trigger words are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loradex.demo.sample_entries import HubFacts, Sample
from loradex.demo.sample_shelf_loras import loras
from loradex.demo.sample_shelf_models import models
from loradex.demo.sample_shelf_trouble import TWINS, trouble
from loradex.demo.sample_sidecars import write_sidecars


@dataclass(frozen=True, slots=True)
class SampleModel:
    """A file that the demo's hub shall know, and what it shall say of it."""

    path: Path
    facts: HubFacts


@dataclass(frozen=True, slots=True)
class SampleLibrary:
    """The models folder, and its files that a hub knows; originals only, no twins."""

    root: Path
    models: tuple[SampleModel, ...]


def make_library(root: Path) -> SampleLibrary:
    """Make the library below `root`. What exists already is left as it is.

    The same bytes come out at every run. Raises OSError when the disk refuses.
    """
    samples = {sample.path: sample for sample in (*models(), *loras(), *trouble())}
    for sample in samples.values():
        _make(root, sample)
    for twin, original in TWINS.items():
        _make(root, Sample(twin, samples[original].write))
    known = (SampleModel(root / s.path, s.hub) for s in samples.values() if s.hub is not None)
    return SampleLibrary(root, tuple(known))


def _make(root: Path, sample: Sample) -> None:
    path = root / sample.path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # An interrupted run must not leave half a file that the next one takes for whole.
        draft = path.with_name(".draft")
        sample.write(draft)
        draft.replace(path)
    write_sidecars(sample, path)
