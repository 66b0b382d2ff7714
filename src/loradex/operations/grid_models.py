"""The models of a grid: found in the catalog, hashed where they were not, and fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileRecord, FileState
from loradex.domain.models import ModelDetails, ModelRow
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.domain.trigger_words import shown_words
from loradex.errors import LoraMismatch, NotRenderable, UsageError
from loradex.operations.hash_pass import hash_pass
from loradex.render.checks import MOST_CELLS

CHECKPOINT_KINDS = ("checkpoint", "diffusion_model")
"""A transformer alone is drawn with as well: it borrows the rest."""
SHOWN_CHECKPOINTS = 5
QUERY = "query:"
_CLOCK_ERROR = 1e-3
"""Seconds; a time of change is kept as a float."""
NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelFinder:
    """Turns what a person typed into models that can be drawn with.

    Without `hashing` models that were never hashed stay so, and cannot be drawn with.
    """

    catalog: Catalog
    sink: ProgressSink
    cancel: CancelToken
    hashing: bool = True

    def models(self, texts: Sequence[str], kinds: Sequence[str]) -> list[GridModel | None]:
        """Return the models behind REFs and `query:QUERY`, each once; None stands for `none`."""
        found: dict[int | None, None] = {}
        for text in texts:
            if text.strip().casefold() == NONE:
                found[None] = None
            elif text.startswith(QUERY):
                found |= dict.fromkeys(self._found(text.removeprefix(QUERY).strip(), kinds))
            else:
                found[self.catalog.resolve(text)] = None
            if len(found) > MOST_CELLS:
                raise UsageError(
                    f"{len(found):,} models are more than a grid can have ({MOST_CELLS:,}).",
                    hint="Ask for fewer with a narrower query.",
                )
        return [None if id_ is None else self.model(id_, kinds) for id_ in found]

    def _found(self, query: str, kinds: Sequence[str]) -> list[int]:
        """Return what a query finds of these kinds and is there; tell of what is not."""
        rows = [row for row in self.catalog.search(query).rows if row.kind in kinds]
        present = [row.id for row in rows if row.state == FileState.PRESENT]
        if not present:
            what = f"no {kinds[0].replace('_', ' ')} whose file is there"
            raise UsageError(
                f"The query {query!r} finds {what}.", hint="Try it with `loradex list` first."
            )
        for row in rows:
            if row.state != FileState.PRESENT:
                self.sink.problem(Problem(row.name, f"It is left out: its file is {row.state}."))
        return present

    def model(self, content_id: int, kinds: Sequence[str]) -> GridModel:
        """Return a model as the renderer needs it, hashed first where it was not yet.

        Raises `LoraMismatch` or `NotRenderable` for one of another kind than `kinds`, and
        `NotRenderable` for one whose file is away, or not what it was when it was scanned.
        """
        details = self.catalog.details(content_id)
        _check_kind(details.row, kinds)
        path = self.path_of(details)
        if self.hashing and details.hashes is None and details.format != "diffusers":
            report = hash_pass(
                self.catalog, sink=self.sink, cancel=self.cancel, content_id=content_id
            )
            details = self.catalog.details(self.catalog.resolve(path))
            if details.hashes is None:
                why = report.problems[0].message if report.problems else "It cannot be read."
                raise NotRenderable(f"{path} could not be hashed: {why}")
        kind = "folder" if details.format == "diffusers" else "unhashed"
        digest = details.hashes.sha256 if details.hashes else f"{kind}-{details.fingerprint}"
        return GridModel(
            content_id=details.row.id,
            name=details.row.name,
            path=path,
            digest=digest,
            base=details.row.base,
            # Of several outfits only the one that is worn.
            trigger_words=tuple(shown_words(group for group in details.word_groups if group.on)),
            prediction=details.prediction if details.row.kind in CHECKPOINT_KINDS else None,
        )

    def path_of(self, details: ModelDetails) -> str:
        """Return where a model lies; raise `NotRenderable` when it does not, or is changed."""
        return _present_path(details)

    def completed(self, checkpoint: GridModel) -> GridModel:
        """Return the checkpoint with the files it borrows from the library.

        Raises `NotRenderable` naming what is missing; a pity that is no hindrance is told.
        """
        from loradex.render.loading import borrowed_files  # noqa: PLC0415 - beside its use

        offered: dict[Path, int] = {}
        paths: dict[str, list[Path]] = {"vae": [], "text_encoder": []}
        for kind, found in paths.items():
            for row in self.catalog.search(f"kind:{kind} is:present").rows:
                path = Path(row.path)
                offered[path] = row.id
                found.append(path)
        used, told = borrowed_files(Path(checkpoint.path), paths["vae"], paths["text_encoder"])
        for sentence in told:
            self.sink.problem(Problem(checkpoint.name, sentence))
        kinds = ("vae", "text_encoder", "checkpoint")
        borrowed = tuple(self.model(offered[path], kinds) for path in used)
        return replace(checkpoint, companions=borrowed)


def fitting_checkpoints(catalog: Catalog, loras: Sequence[int]) -> list[ModelRow]:
    """Return the present checkpoints that these LoRAs fit, the likeliest first.

    Those of the LoRAs' own derivative go first, then those that have drawn a grid before.
    """
    rows = catalog.rows(loras)
    bases = {row.base for row in rows if row.base}
    derivatives = {row.derivative for row in rows}
    wanted = " is:present" + "".join(f" base:{base}" for base in bases)
    queries = [f"kind:{kind}{wanted}" for kind in CHECKPOINT_KINDS]
    tested = {id_ for query in queries for id_ in catalog.ids(f"{query} is:tested")}
    return sorted(
        (row for query in queries for row in catalog.search(query).rows),
        key=lambda row: (row.derivative not in derivatives, row.id not in tested),
    )


def fitting_checkpoint(catalog: Catalog, loras: Sequence[int]) -> int:
    """Return the only checkpoint that fits; raise `UsageError` naming those to choose from."""
    by_base: dict[str, list[ModelRow]] = {}
    for row in catalog.rows(loras):
        if row.base:
            by_base.setdefault(row.base, []).append(row)
    if len(by_base) > 1:
        groups = "; ".join(
            f"{rows[0].name}{f' and {len(rows) - 1} more' if len(rows) > 1 else ''} for {base}"
            for base, rows in sorted(by_base.items())
        )
        raise UsageError(
            f"These LoRAs fit no checkpoint in common: {groups}.",
            hint="Draw a grid for each base; `base:…` in a query narrows it to one.",
        )
    rows = fitting_checkpoints(catalog, loras)
    if len(rows) == 1:
        return rows[0].id
    if not rows:
        wanted = "".join(f" for {base}" for base in by_base)
        raise UsageError(
            f"No checkpoint{wanted} is in the catalog.",
            hint="Add a library that has one, or name another with --checkpoint.",
        )
    names = "; ".join(f"{row.id} {row.name}" for row in rows[:SHOWN_CHECKPOINTS])
    more = f" and {len(rows) - SHOWN_CHECKPOINTS} more" if len(rows) > SHOWN_CHECKPOINTS else ""
    raise UsageError(
        "Several checkpoints fit, so one has to be named.",
        hint=f"Name one with --checkpoint: {names}{more}.",
    )


def check_fit(catalog: Catalog, checkpoint: GridModel, lora: GridModel) -> None:
    """Say before the first step that a LoRA does not fit, and what in the library would."""
    if not lora.base or not checkpoint.base or lora.base == checkpoint.base:
        return
    fitting = fitting_checkpoints(catalog, [lora.content_id])[:SHOWN_CHECKPOINTS]
    names = "; ".join(f"{row.id} {row.name}" for row in fitting)
    raise LoraMismatch(
        f"{lora.name} is for {lora.base}, and {checkpoint.name} is {checkpoint.base}.",
        hint=f"Checkpoints that fit: {names}."
        if names
        else f"No checkpoint for {lora.base} is in the catalog.",
    )


def _check_kind(row: ModelRow, kinds: Sequence[str]) -> None:
    if row.kind in kinds:
        return
    if "lora" in kinds:
        raise LoraMismatch(
            f"{row.name} is no LoRA, but of the kind {row.kind}.",
            hint="`loradex list kind:lora` shows them.",
        )
    raise NotRenderable(
        f"{row.name} is no {kinds[0]}, but of the kind {row.kind}.",
        hint=f"`loradex list kind:{kinds[0]}` shows what there is.",
    )


def _present_path(details: ModelDetails) -> str:
    """Return where the model lies; raise `NotRenderable` when it does not, or is changed."""
    present = [file for file in details.files if file.state is FileState.PRESENT]
    if not present:
        raise NotRenderable(
            f"{details.row.name} has no file that is present ({details.row.path} is"
            f" {details.row.state}).",
            hint="Mount its drive or put the file back, then run `loradex scan`.",
        )
    troubles = []
    for file in present:
        trouble = _trouble(file, folder=details.format == "diffusers")
        if trouble is None:
            return file.path
        troubles.append(f"{file.path} {trouble}")
    raise NotRenderable(
        f"{troubles[0]}, so {details.row.name} cannot be drawn with.",
        hint="Run `loradex scan`, so that the catalog knows what there is.",
    )


def _trouble(file: FileRecord, *, folder: bool) -> str | None:
    """Return what speaks against a file that the catalog takes for present; None for nothing."""
    try:
        facts = Path(file.path).stat()
    except (OSError, ValueError):
        return "is not there"
    same = facts.st_size == file.size and abs(facts.st_mtime - file.mtime) < _CLOCK_ERROR
    return None if same or folder else "has changed since the last scan"
