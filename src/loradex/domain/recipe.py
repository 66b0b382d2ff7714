"""One picture before it is drawn: every choice that determines it, wholly resolved."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How a cell is drawn. Names and units are diffusers'.

    `sampler` and `schedule` are the A1111 names (`Euler a`, `DPM++ 2M`; `Automatic`, `Karras`).
    `dtype` is `auto`, `float32`, `bfloat16` or `float16`; `device` is `auto`, `cpu`, `cuda` or
    `cuda:N`. Both say what to draw with and are the same for all cells of a grid.
    """

    width: int = 512
    height: int = 512
    num_inference_steps: int = 20
    guidance_scale: float = 7.0
    sampler: str = "Euler"
    schedule: str = "Automatic"
    clip_skip: int = 1
    """Counted from 1, as A1111 does: 1 uses the last layer."""
    dtype: str = "auto"
    device: str = "auto"
    approximate: tuple[str, ...] = ()
    """What may make pictures others, by name (`taesd`, `fp8`, `cache`); the same for all cells."""


@dataclass(frozen=True, slots=True)
class GridModel:
    """A file the renderer needs: where it is, and the digest that names its content.

    `companions` are, for a checkpoint, the files of the library that it borrows: the VAE and text
    encoders that it has not got itself. `prediction` is what the catalog knows of how it
    predicts noise (`epsilon`, `v_prediction` …), None when the file has to tell.
    """

    content_id: int
    name: str
    path: str
    digest: str
    """SHA-256 of the bytes; a diffusers folder has the digest of its listing."""
    base: str | None
    trigger_words: tuple[str, ...] = ()
    companions: tuple[GridModel, ...] = ()
    prediction: str | None = None


@dataclass(frozen=True, slots=True)
class GridPicture:
    """A picture that goes into a drawing: an init image, a mask, what a ControlNet looks at."""

    name: str
    path: str
    digest: str
    """SHA-256 of the file's bytes."""


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA with the strengths it acts at: on the denoiser, and on the text encoders.

    `blocks` is a block preset or list of factors in its canonical text; empty acts everywhere.
    """

    model: GridModel
    strength: float
    strength_clip: float
    blocks: str = ""


@dataclass(frozen=True, slots=True)
class StartUse:
    """A picture to start from instead of noise alone.

    `denoising` lies between 0 (the picture as it is) and 1 (noise alone); with a `mask` only its
    white part is drawn anew.
    """

    picture: GridPicture
    denoising: float = 0.75
    mask: GridPicture | None = None


@dataclass(frozen=True, slots=True)
class ControlUse:
    """A ControlNet or T2I-adapter, what it looks at, and from and to which share of the steps."""

    model: GridModel
    picture: GridPicture
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that determines one picture besides the engine.

    `vae` replaces the checkpoint's own. `prompt` has no `<lora:…>` left in it: those are in
    `loras`. Each embedding comes with the word that stands for it in prompts.
    """

    checkpoint: GridModel
    prompt: str
    negative_prompt: str
    seed: int
    settings: RenderSettings = field(default_factory=RenderSettings)
    loras: tuple[LoraUse, ...] = ()
    vae: GridModel | None = None
    embeddings: tuple[tuple[str, GridModel], ...] = ()
    start: StartUse | None = None
    controls: tuple[ControlUse, ...] = ()

    @property
    def companions(self) -> tuple[GridModel, ...]:
        """What the checkpoint borrows."""
        return self.checkpoint.companions

    @property
    def models(self) -> tuple[GridModel, ...]:
        """Every file behind the picture, the checkpoint first; one used twice stands twice."""
        return (
            self.checkpoint,
            *self.companions,
            *((self.vae,) if self.vae else ()),
            *(use.model for use in self.loras),
            *(model for _, model in self.embeddings),
            *(control.model for control in self.controls),
        )
