"""The models of a grid: found in the catalog, hashed where they were not, and fitting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails, ModelRow
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.errors import LoraMismatch, NotRenderable, UsageError
from loradex.operations.hash_pass import hash_pass

CHECKPOINT_KINDS = ("checkpoint", "diffusion_model")
"""A transformer alone is drawn with as well: it borrows the rest."""
SHOWN_CHECKPOINTS = 5
QUERY = "query:"
NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelFinder:
    """Turns what a person typed into models that can be drawn with."""

    catalog: Catalog
    sink: ProgressSink
    cancel: CancelToken

    def ids(self, text: str) -> Iterator[int]:
        """Yield the content ids that a REF or `query:QUERY` names; raise when there is none."""
        if not text.startswith(QUERY):
            yield self.catalog.resolve(text)
            return
        query = text.removeprefix(QUERY).strip()
        found = self.catalog.ids(query)
        if not found:
            raise UsageError(
                f"The query {query!r} finds nothing.", hint="Try it with `loradex list` first."
            )
        yield from found

    def models(self, texts: Sequence[str], kinds: Sequence[str]) -> list[GridModel | None]:
        """Return the models behind `texts`, each once; None stands for `none`."""
        found: dict[int | None, GridModel | None] = {}
        for text in texts:
            if text.strip().casefold() == NONE:
                found[None] = None
                continue
            for content_id in self.ids(text):
                if content_id not in found:
                    found[content_id] = self.model(content_id, kinds)
        return list(found.values())

    def model(self, content_id: int, kinds: Sequence[str]) -> GridModel:
        """Return a model as the renderer needs it, hashed first where it was not yet.

        Raises `LoraMismatch` or `NotRenderable` for one of another kind than `kinds`.
        """
        details = self.catalog.details(content_id)
        _check_kind(details.row, kinds)
        path = _present_path(details)
        if details.hashes is None and details.format != "diffusers":
            hash_pass(self.catalog, sink=self.sink, cancel=self.cancel, content_id=content_id)
            details = self.catalog.details(self.catalog.resolve(path))
        digest = details.hashes.sha256 if details.hashes else f"folder-{details.fingerprint}"
        return GridModel(
            content_id=details.row.id,
            name=details.row.name,
            path=path,
            digest=digest,
            base=details.row.base,
            trigger_words=details.row.trigger_words,
        )

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
    rows = fitting_checkpoints(catalog, loras)
    if len(rows) == 1:
        return rows[0].id
    if not rows:
        wanted = " and ".join(sorted({row.base for row in catalog.rows(loras) if row.base}))
        raise UsageError(
            f"No checkpoint for {wanted or 'these'} is in the catalog.",
            hint="Add a library that has one, or name another with --checkpoint.",
        )
    names = "; ".join(f"{row.id} {row.name}" for row in rows[:SHOWN_CHECKPOINTS])
    raise UsageError(
        "Several checkpoints fit, so one has to be named.", hint=f"With --checkpoint: {names}."
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
    for file in details.files:
        if file.state is FileState.PRESENT:
            return file.path
    raise NotRenderable(
        f"{details.row.name} has no file that is present ({details.row.path} is"
        f" {details.row.state}).",
        hint="Mount its drive or put the file back, then run `loradex scan`.",
    )
