"""What a single-file transformer needs and where it lies, read from headers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.bases.companions import Companions, Missing
from loradex.render.bases.text_file import TextSource, text_sources
from loradex.render.bases.transformer_config import transformer_config
from loradex.render.bases.transformer_file import TransformerFile
from loradex.render.bases.vae_file import VaeSource, find_vae
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.build import Kind
from loradex.render.tokenizers import folder_name, has_tokenizer, missing_tokenizer

_MOST_COMPANIONS = 64
_CLIP_L_SHARE = 3 / 8
"""Of SD 3's pooled width, 2048, the first CLIP has 768."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text encoder that a transformer was trained with. `width` is that of its output."""

    part: str
    what: str
    file: str
    kind: Kind
    width: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found for a transformer, and what was not."""

    kind: Kind
    vae: VaeSource | None
    texts: Mapping[str, TextSource]
    missing: tuple[Missing, ...]


_VAES: Mapping[Kind, tuple[Kind, int, str]] = {
    "sd3": ("vae", 16, "sd3_vae.safetensors"),
    "flux": ("vae", 16, "ae.safetensors"),
    "chroma": ("vae", 16, "ae.safetensors"),
    "z-image": ("vae", 16, "ae.safetensors"),
    "qwen": ("vae-qwen", 16, "qwen_image_vae.safetensors"),
    "flux2": ("vae-flux2", 32, "flux2-vae.safetensors"),
}
_T5 = ("the T5-XXL text encoder", "t5xxl_fp16.safetensors")
_CLIP_L = ("the CLIP-L text encoder", "clip_l.safetensors")


def wanted_texts(found: TransformerFile) -> tuple[Wanted, ...]:
    """Return the text encoders that `found` was trained with."""
    config = transformer_config(found)
    name = "cap_feat_dim" if found.kind == "z-image" else "joint_attention_dim"
    width, pooled = _whole(config, name), _whole(config, "pooled_projection_dim")
    if found.kind == "sd3":
        small = int(pooled * _CLIP_L_SHARE)
        return (
            Wanted("text_encoder", *_CLIP_L, "text", small),
            Wanted(
                "text_encoder_2",
                "the CLIP-G text encoder",
                "clip_g.safetensors",
                "text",
                pooled - small,
            ),
            Wanted("text_encoder_3", *_T5, "t5", width, optional=True),
        )
    if found.kind == "flux":
        return (
            Wanted("text_encoder", *_CLIP_L, "text", pooled),
            Wanted("text_encoder_2", *_T5, "t5", width),
        )
    if found.kind == "chroma":
        return (Wanted("text_encoder", *_T5, "t5", width),)
    if found.kind == "qwen":
        text = ("the Qwen2.5-VL text encoder", "qwen_2.5_vl_7b_fp8_scaled.safetensors")
        return (Wanted("text_encoder", *text, "qwen2.5-vl", width),)
    if found.kind == "z-image":
        text = ("the Qwen3 4B text encoder", "qwen_3_4b.safetensors")
        return (Wanted("text_encoder", *text, "qwen3", width),)
    width //= 3
    size = "8B" if width > 2560 else "4B"
    text = (f"the Qwen3 {size} text encoder", f"qwen_3_{size.lower()}.safetensors")
    return (Wanted("text_encoder", *text, "qwen3", width),)


def survey(found: TransformerFile, checkpoint: Path, companions: Companions) -> Survey:
    """Look for what `found` needs: inside its own file, then among the companions.

    A companion that cannot be opened is passed over, as one that does not fit.
    """
    with open_weights(checkpoint) as file:
        vaes, texts = [find_vae(file)], list(text_sources(file))
    wanted_vae, channels, vae_file = _VAES[found.kind]
    chosen = () if companions.vae is None else (companions.vae,)
    vaes = [
        *(find_vae(file) for file in _opened(chosen)),
        *vaes,
        *(find_vae(file) for file in _opened(_ordered(companions.vaes, found.kind))),
    ]
    fitting = (
        one
        for one in vaes
        if one is not None and one.kind == wanted_vae and one.channels == channels
    )
    vae = next(fitting, None)
    for other in _opened(companions.texts):
        texts += text_sources(other)
    chosen_texts: dict[str, TextSource] = {}
    missing: list[Missing] = []
    if vae is None:
        sentence = f"{found.name} needs its VAE, {vae_file}, and none that fits was found."
        missing.append(Missing("vae", sentence, vae_file))
    for want in wanted_texts(found):
        fit = [one for one in texts if one.kind == want.kind and one.width == want.width]
        if fit:
            chosen_texts[want.part] = fit[0]
            missing += _missing_tokenizer(checkpoint, fit[0], companions)
        else:
            missing.append(_missing_text(found.name, want))
    return Survey(found.kind, vae, chosen_texts, tuple(dict.fromkeys(missing)))


def text_folders(source: TextSource) -> tuple[Path, ...]:
    """Return the folders to look for an encoder's tokenizer in before the usual ones."""
    beside = source.path.parent
    return (beside, beside / folder_name(source.tokenizer), beside / "tokenizer")


def _missing_text(name: str, want: Wanted) -> Missing:
    if want.optional:
        sentence = f"{name} is drawn without {want.what}, {want.file}: it reads prompts less well."
    else:
        sentence = f"{name} needs {want.what}, {want.file}, and none that fits was found."
    return Missing(want.part, sentence, want.file, want.optional)


def _missing_tokenizer(
    checkpoint: Path, source: TextSource, companions: Companions
) -> Iterator[Missing]:
    kind = source.tokenizer
    if not has_tokenizer(checkpoint, kind, text_folders(source), companions.tokenizers):
        yield Missing(f"tokenizer_{kind}", missing_tokenizer(checkpoint, kind), f"{kind} tokenizer")


def _ordered(paths: tuple[Path, ...], kind: Kind) -> tuple[Path, ...]:
    """Put VAEs whose name says SD 3 last, or first for it: shapes cannot tell it from FLUX's.

    Qwen-Image's cannot be told from Wan's, whose name says so.
    """

    def foreign(path: Path) -> bool:
        name = path.name.casefold()
        return ("sd3" in name) != (kind == "sd3") or "wan" in name

    return tuple(sorted(paths, key=foreign))


def _opened(paths: tuple[Path, ...]) -> Iterator[Weights]:
    for path in islice(paths, _MOST_COMPANIONS):
        with ExitStack() as stack:
            try:
                file = stack.enter_context(open_weights(path))
            except NotRenderable:
                continue
            yield file


def _whole(config: Mapping[str, object], name: str) -> int:
    value = config.get(name, 0)
    return value if isinstance(value, int) else 0
