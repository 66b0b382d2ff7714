"""From a request in a person's words to a grid whose models are found and whose axes stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.grid import GridSpec, Layout
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.errors import BadReference, UsageError
from loradex.operations.grid_models import (
    CHECKPOINT_KINDS,
    ModelFinder,
    check_fit,
    fitting_checkpoint,
)
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_usual import usual_settings
from loradex.operations.grid_values import read_values
from loradex.render.prompts.embedding_names import embedding_key, place_embeddings
from loradex.render.prompts.emphasis import weigh
from loradex.render.prompts.prompt import parse_prompt
from loradex.render.recipes import filled

_ACROSS = (
    AxisKind.STRENGTH,
    AxisKind.STRENGTH_CLIP,
    AxisKind.STRENGTH2,
    AxisKind.CONTROL_STRENGTH,
    AxisKind.DENOISING,
    AxisKind.GUIDANCE,
    AxisKind.STEPS,
    AxisKind.SAMPLER,
    AxisKind.SCHEDULE,
    AxisKind.SEED,
)
"""What reads best across, the first that a grid has."""
_EMBEDDING_QUERY = "kind:embedding is:present"


def read_request(
    catalog: Catalog, request: GridRequest, *, sink: ProgressSink, cancel: CancelToken
) -> GridSpec:
    """Return the grid that `request` describes, checked against the catalog.

    Raises `UsageError`, `BadReference`, `LoraMismatch` or `NotRenderable` with what is wrong.
    """
    return _Reading(ModelFinder(catalog, sink, cancel), request).spec()


class _Reading:
    """One request while it is being read."""

    def __init__(self, finder: ModelFinder, request: GridRequest) -> None:
        self._finder = finder
        self._catalog = finder.catalog
        self._request = request
        self._axes = _merged(
            Axis(axis.kind, read_values(axis.kind, axis.texts, finder), axis.find)
            for axis in request.axes
            if axis.texts
        )

    def spec(self) -> GridSpec:
        """Put all together."""
        loras = self._models(AxisKind.LORA) + self._models(AxisKind.LORA2)
        if not self._values(AxisKind.CHECKPOINT):
            chosen = fitting_checkpoint(self._catalog, [lora.content_id for lora in loras])
            model = self._finder.model(chosen, CHECKPOINT_KINDS)
            self._put_first(AxisKind.CHECKPOINT, AxisValue(model, model.name))
        checkpoints = self._models(AxisKind.CHECKPOINT)
        for checkpoint in checkpoints:
            for lora in loras:
                check_fit(self._catalog, checkpoint, lora)
        if not self._values(AxisKind.PROMPT):
            text = _words_of(loras)
            self._put_first(AxisKind.PROMPT, AxisValue(text, text))
        if self._request.baseline and loras:
            self._add_baseline()
        named, embeddings = self._words(checkpoints)
        checkpoints = self._completed(checkpoints)
        base = self._base(checkpoints[0])
        axes = tuple(axis for axis in self._axes if len(axis.values) > 1)
        return GridSpec(
            base=base,
            axes=axes,
            layout=self._layout(axes),
            excluded=self._excluded(axes),
            named=named,
            embeddings=embeddings,
            title=self._request.title or _title(loras, checkpoints),
        )

    def _values(self, kind: AxisKind) -> tuple[AxisValue, ...]:
        return next((axis.values for axis in self._axes if axis.kind is kind), ())

    def _models(self, kind: AxisKind) -> list[GridModel]:
        return [one.value for one in self._values(kind) if isinstance(one.value, GridModel)]

    def _put_first(self, kind: AxisKind, value: AxisValue) -> None:
        """Add a value in front of an axis, which is made where there is none."""
        for number, axis in enumerate(self._axes):
            if axis.kind is kind:
                self._axes[number] = replace(axis, values=(value, *axis.values))
                return
        self._axes.append(Axis(kind, (value,)))

    def _add_baseline(self) -> None:
        """Let the grid have the checkpoint alone, where no value says so already."""
        if None in [value.value for value in self._values(AxisKind.LORA)]:
            return
        strengths = self._values(AxisKind.STRENGTH)
        if not strengths:
            self._put_first(AxisKind.STRENGTH, AxisValue(1.0, "1"))
        if 0 not in [value.value for value in strengths]:
            self._put_first(AxisKind.STRENGTH, AxisValue(0.0, "0"))

    def _base(self, checkpoint: GridModel) -> Draft:
        """Return the cell that axes start from: every single value, and what suits the rest."""
        request = self._request
        settings = usual_settings(self._catalog, checkpoint.content_id)
        settings = replace(settings, dtype=request.dtype, device=request.device)
        draft = Draft(checkpoint=checkpoint, prompt="", settings=settings)
        for axis in self._axes:
            draft = filled(draft, axis, axis.values[0]) if axis.find == "" else draft
            if axis.find and len(axis.values) == 1:
                draft = filled(draft, axis, axis.values[0])
        return draft

    def _completed(self, checkpoints: Sequence[GridModel]) -> list[GridModel]:
        """Give each checkpoint the files it borrows; say what the library lacks."""
        whole = {model.content_id: self._finder.completed(model) for model in checkpoints}
        self._axes = [
            replace(
                axis,
                values=tuple(
                    replace(one, value=whole[one.value.content_id])
                    if isinstance(one.value, GridModel)
                    else one
                    for one in axis.values
                ),
            )
            if axis.kind is AxisKind.CHECKPOINT
            else axis
            for axis in self._axes
        ]
        return list(whole.values())

    def _words(
        self, checkpoints: Sequence[GridModel]
    ) -> tuple[Mapping[str, GridModel], Mapping[str, GridModel]]:
        """Return the models behind names in `<lora:…>` and behind embeddings in prompts."""
        kinds = (AxisKind.PROMPT, AxisKind.PROMPT_PART, AxisKind.NEGATIVE)
        texts = [
            str(value.value) for axis in self._axes if axis.kind in kinds for value in axis.values
        ]
        named: dict[str, GridModel] = {}
        explicit: set[str] = set()
        for text in texts:
            prompt = parse_prompt(text)
            explicit |= set(prompt.embeddings)
            for tag in prompt.loras:
                if tag.name not in named:
                    named[tag.name] = self._finder.model(self._catalog.resolve(tag.name), ("lora",))
                    for checkpoint in checkpoints:
                        check_fit(self._catalog, checkpoint, named[tag.name])
        return named, self._embeddings(texts, explicit)

    def _embeddings(self, texts: Sequence[str], explicit: set[str]) -> dict[str, GridModel]:
        rows = self._catalog.search(_EMBEDDING_QUERY).rows
        ids = {embedding_key(row.name): row.id for row in reversed(rows)}
        missing = sorted(explicit - ids.keys())
        if missing:
            raise BadReference(
                f"No embedding called {missing[0]!r} is in the catalog.",
                hint="`loradex list kind:embedding` shows them.",
            )
        used = {
            piece.embedding
            for text in texts
            for section in place_embeddings(weigh(text), ids.keys()).sections
            for piece in section
            if piece.embedding
        }
        return {key: self._finder.model(ids[key], ("embedding",)) for key in sorted(used)}

    def _layout(self, axes: Sequence[Axis]) -> Layout:
        """Return where each axis goes: as asked, the rest down, one of them across."""
        request = self._request
        asked = [self._numbers(kinds, axes) for kinds in (request.x, request.y, request.pages)]
        placed = {number for numbers in asked for number in numbers}
        rest = [number for number in range(len(axes)) if number not in placed]
        across, down, pages = asked
        if not across and rest:
            best = min(rest, key=lambda number: _rank(axes[number].kind))
            across = (best,)
            rest.remove(best)
        return Layout(x=across, y=(*down, *rest), pages=pages)

    def _numbers(self, kinds: Sequence[AxisKind], axes: Sequence[Axis]) -> tuple[int, ...]:
        numbers: list[int] = []
        for kind in kinds:
            found = [number for number, axis in enumerate(axes) if axis.kind is kind]
            if not found and not self._values(kind):
                raise UsageError(f"This grid does not vary {kind}, so it cannot be laid out by it.")
            numbers += [number for number in found if number not in numbers]
        return tuple(numbers)

    def _excluded(self, axes: Sequence[Axis]) -> tuple[Mapping[int, frozenset[int]], ...]:
        rules = []
        for rule in self._request.exclude:
            numbers: dict[int, frozenset[int]] = {}
            for kind, texts in rule.items():
                wanted = {value.value for value in read_values(kind, texts, self._finder)}
                for at, axis in enumerate(axes):
                    if axis.kind is kind:
                        numbers[at] = frozenset(
                            number
                            for number, value in enumerate(axis.values)
                            if value.value in wanted
                        )
            if len(numbers) != len(rule) or not all(numbers.values()):
                words = ", ".join(f"{kind} {' '.join(texts)}" for kind, texts in rule.items())
                raise UsageError(
                    f"The grid has nothing to exclude at {words}.",
                    hint="Exclude by values of axes that the grid varies.",
                )
            rules.append(numbers)
        return tuple(rules)


def _merged(axes: Iterable[Axis]) -> list[Axis]:
    """Return axes in the order of loading cost; two of one kind and text are one."""
    found: dict[tuple[AxisKind, str], Axis] = {}
    for axis in axes:
        key = (axis.kind, axis.find)
        known = found.get(key)
        values = axis.values if known is None else (*known.values, *axis.values)
        found[key] = replace(axis, values=tuple({v.value: v for v in values}.values()))
    kinds = list(AxisKind)
    return sorted(found.values(), key=lambda axis: kinds.index(axis.kind))


def _rank(kind: AxisKind) -> int:
    return _ACROSS.index(kind) if kind in _ACROSS else len(_ACROSS)


def _words_of(loras: Sequence[GridModel]) -> str:
    words = dict.fromkeys(word for lora in loras for word in lora.trigger_words)
    if not words:
        raise UsageError(
            "A grid needs a prompt, and no trigger words are known to make one of.",
            hint='Give one with --prompt "…".',
        )
    return ", ".join(words)


def _title(loras: Sequence[GridModel], checkpoints: Sequence[GridModel]) -> str:
    names = ", ".join(lora.name for lora in loras[:3]) or "No LoRA"
    more = f" and {len(loras) - 3} more" if len(loras) > 3 else ""
    on = checkpoints[0].name if len(checkpoints) == 1 else f"{len(checkpoints)} checkpoints"
    return f"{names}{more} on {on}"
