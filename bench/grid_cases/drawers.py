"""Three ways to draw the same grid: a diffusers loop, the same with fused weights, and ours.

All of them write their pictures in the same way. What counts as work starts after the checkpoint
is loaded. The loop has its LoRA loaded too where the grid has but one; ours matches, reads and
attaches it in the measured time.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import diffusers
import torch
import transformers
from diffusers.hooks import apply_group_offloading
from torch.utils.flop_counter import FlopCounterMode

from loradex.domain.grid import Cell, FailedCell, GridPlan, Placement, RenderedCell
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.recipe import GridModel
from loradex.render.cells import cell_path, save_picture
from loradex.render.device import micro_batch, place
from loradex.render.engine import engine_of
from loradex.render.loading import loaded
from loradex.render.memory import host_of, memory_plan, working_bytes
from loradex.render.quiet import offline_and_quiet
from loradex.render.session import Session


class Drawer(Protocol):
    """Has a checkpoint loaded, and draws grids with it."""

    def draw(self, plan: GridPlan, folder: Path) -> None:
        """Write the picture of every cell of `plan` under `folder`."""

    def close(self) -> None:
        """Give the memory back."""


class Loop:
    """`load_lora_weights` once, then `set_adapters` and one pipeline call for each place."""

    fused = False

    def __init__(self, plan: GridPlan, *, streamed: bool = False) -> None:
        self._pipe = _pipeline(plan)
        self._loaded: str | None = None
        loras = plan.spec.axes[0].values
        if len(loras) == 1:
            self._load(lora_at(plan, plan.placements[0])[0])
        if streamed:
            _stream(self._pipe)
        else:
            self._pipe.to(_device(plan))

    def draw(self, plan: GridPlan, folder: Path) -> None:
        """Draw place after place, in the grid's order."""
        with offline_and_quiet():
            for placement in plan.placements:
                lora, strength = lora_at(plan, placement)
                self._load(lora)
                self._set(strength)
                self.one(placement.cell, folder)
            self._set(None)

    def one(self, cell: Cell, folder: Path, *, copies: int = 1) -> None:
        """Draw one cell with what is set, `copies` of it at once; write the first."""
        recipe = cell.recipe
        settings = recipe.settings
        generators = [torch.Generator().manual_seed(recipe.seed) for _ in range(copies)]
        guided = {} if _is_flux(self._pipe) else {"negative_prompt": None}
        picture = self._pipe(
            [recipe.prompt] * copies,
            width=settings.width,
            height=settings.height,
            num_inference_steps=settings.num_inference_steps,
            guidance_scale=settings.guidance_scale,
            generator=generators,
            **guided,
        ).images[0]
        path = cell_path(folder, cell.key)
        save_picture(picture, path, cell, engine=engine_of(recipe))

    def draw_in_twos(self, plan: GridPlan, folder: Path) -> None:
        """Draw every cell beside a copy of itself: what rounding alone changes."""
        with offline_and_quiet():
            for placement in plan.placements:
                lora, strength = lora_at(plan, placement)
                self._load(lora)
                self._set(strength)
                self.one(placement.cell, folder, copies=2)
            self._set(None)

    def flops(self, plan: GridPlan, folder: Path) -> int:
        """Return the floating-point operations of the first place's picture."""
        self._load(lora_at(plan, plan.placements[0])[0])
        self._pipe.disable_lora()
        with FlopCounterMode(display=False) as counter, offline_and_quiet():
            self.one(plan.placements[0].cell, folder)
        self._pipe.enable_lora()
        return counter.get_total_flops()

    def close(self) -> None:
        """Give the memory back."""
        del self._pipe
        _collect()

    def _load(self, path: str) -> None:
        if self._loaded == path:
            return
        if self._loaded is not None:
            self._pipe.unload_lora_weights()
        with offline_and_quiet():
            file = Path(path)
            self._pipe.load_lora_weights(file.parent, weight_name=file.name, adapter_name="it")
        self._loaded = path

    def _set(self, strength: float | None) -> None:
        if strength is not None:
            self._pipe.set_adapters(["it"], [strength])


class Fused(Loop):
    """`fuse_lora` once for each strength, `unfuse_lora` after it."""

    _strength: float | None = None

    def _set(self, strength: float | None) -> None:
        if strength == self._strength:
            return
        if self._strength:
            self._pipe.unfuse_lora()
        if strength:
            self._pipe.enable_lora()
            self._pipe.fuse_lora(lora_scale=strength, adapter_names=["it"])
        self._pipe.disable_lora()
        self._strength = strength


class Ours:
    """The engine's own session over a loaded checkpoint."""

    def __init__(self, plan: GridPlan) -> None:
        recipe = plan.cells[0].recipe
        self._placed = place(recipe.settings)
        at_once = micro_batch(recipe.settings, self._placed.device)
        self._plan = memory_plan(recipe, self._placed, at_once=at_once)
        self._work = working_bytes(recipe, at_once=at_once)
        self._base = loaded(recipe, host_of(self._placed, self._plan))
        self.failures: list[str] = []
        self.pristine = self.digest()

    def draw(self, plan: GridPlan, folder: Path) -> None:
        """Draw the distinct cells as a grid does."""
        session = Session(
            self._base,
            self._placed,
            folder,
            engine=engine_of,
            sink=SilentSink(),
            cancel=CancelToken(),
            plan=self._plan,
            work=self._work,
        )
        try:
            for done in session.run(plan.cells):
                if isinstance(done, FailedCell):
                    self.failures.append(done.message)
                else:
                    assert isinstance(done, RenderedCell)  # noqa: S101 - there are two kinds
        finally:
            session.close()

    def digest(self) -> str:
        """Return the digest of every weight, to see that none has changed.

        Text encoders are left out where memory is short: they are given up when texts are done.
        """
        digest = hashlib.sha256()
        for name, module in sorted(self._base.parts().items()):
            if self._plan == "staged" and name.startswith("text_encoder"):
                continue
            for tensor in module.state_dict().values():
                digest.update(tensor.cpu().contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()

    def close(self) -> None:
        """Give the memory back."""
        del self._base
        _collect()


def drawers(*, streamed: bool, fused: bool) -> dict[str, Callable[[GridPlan], Drawer]]:
    """Return what is compared: the plain loop first, ours last."""

    def loop(plan: GridPlan) -> Drawer:
        return Loop(plan, streamed=streamed)

    found: dict[str, Callable[[GridPlan], Drawer]] = {"B0 diffusers loop": loop}
    if fused:
        found["B1 fused per strength"] = Fused
    return {**found, "loradex": Ours}


def lora_at(plan: GridPlan, placement: Placement) -> tuple[str, float]:
    """Return the path and the strength of a place's LoRA; the axes stand in `plan_of`'s order."""
    lora, strength = (
        axis.values[number].value
        for axis, number in zip(plan.spec.axes[:2], placement.at[:2], strict=True)
    )
    assert isinstance(lora, GridModel) and isinstance(strength, float)  # noqa: S101 - ours
    return lora.path, strength


def _device(plan: GridPlan) -> str:
    return plan.cells[0].recipe.settings.device


def _pipeline(plan: GridPlan) -> diffusers.DiffusionPipeline:
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
    settings = plan.cells[0].recipe.settings
    with offline_and_quiet():
        pipe = diffusers.DiffusionPipeline.from_pretrained(
            plan.cells[0].recipe.checkpoint.path,
            local_files_only=True,
            torch_dtype=getattr(torch, settings.dtype),
        )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _is_flux(pipe: diffusers.DiffusionPipeline) -> bool:
    return type(pipe).__name__ == "FluxPipeline"


def _stream(pipe: diffusers.DiffusionPipeline) -> None:
    """Let a pipeline's weights go to the card only while they are needed."""
    for module in (pipe.transformer, pipe.text_encoder, pipe.text_encoder_2):
        apply_group_offloading(
            module,
            onload_device=torch.device("cuda"),
            offload_device=torch.device("cpu"),
            offload_type="leaf_level",
            use_stream=True,
        )
    pipe.vae.to("cuda")


def _collect() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
