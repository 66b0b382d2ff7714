"""What completes a U-Net file: a VAE and CLIPs out of other files of the library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from loradex.errors import NotRenderable
from loradex.render.bases.companions import Companions, Missing, refuse_missing
from loradex.render.bases.text_file import TextSource, build_text, text_sources
from loradex.render.bases.vae_file import VaeSource, find_vae
from loradex.render.bases.weights import Weights, open_weights
from loradex.render.device import Placed
from loradex.render.parts import TextPart

CLIP_L_PADDING, OTHER_PADDING = "<|endoftext|>", "!"
"""What CLIP-L and the larger CLIPs pad with."""
_LATENT_CHANNELS = 4
_MOST_COMPANIONS = 64
_CLIP_L_WIDTH = 768


@contextmanager
def companion_vae(
    file: Weights, companions: Companions, is_xl: bool
) -> Iterator[tuple[Weights, VaeSource]]:
    """Yield the VAE to use: the one chosen, the file's own, or the first companion that fits."""
    inside = find_vae(file)
    if companions.vae is None and inside is not None:
        yield file, inside
        return
    candidates = companions.vaes if companions.vae is None else (companions.vae,)
    # Shapes cannot tell the two families' VAEs apart, but names do.
    ordered = sorted(candidates, key=lambda path: ("xl" in path.name.casefold()) != is_xl)
    for path in islice(ordered, _MOST_COMPANIONS):
        found = _fitting_vae(path, chosen=companions.vae is not None)
        if found is not None:
            with open_weights(path) as other:
                yield other, found
            return
    raise NotRenderable(
        f"{file.path.name} holds no VAE, so pictures cannot be decoded.",
        hint=f"Use a checkpoint with a VAE inside, or add {vae_file_name(is_xl)} to the library.",
    )


def _fitting_vae(path: Path, *, chosen: bool) -> VaeSource | None:
    """Return the VAE in a companion; one that does not fit is an error only if it was chosen."""
    try:
        with open_weights(path) as file:
            found = find_vae(file)
            if found is not None and (found.kind, found.channels) == ("vae", _LATENT_CHANNELS):
                return found
            raise NotRenderable(f"{path.name} is not a VAE for SD 1.x, SD 2.x or SDXL.")
    except NotRenderable:
        if chosen:
            raise
        return None


def vae_file_name(is_xl: bool) -> str:
    """Return what the VAE of SDXL, or of SD 1.x and 2.x, is usually called."""
    return "sdxl_vae.safetensors" if is_xl else "vae-ft-mse-840000-ema-pruned.safetensors"


def text_widths(file: Weights, *, is_xl: bool) -> tuple[int, ...]:
    """Return the widths of the CLIPs that a U-Net alone was trained with."""
    context = [name for name in file.names if name.endswith("attn2.to_k.weight")]
    width = file.shape(min(context))[1] if context else 0
    if width < _CLIP_L_WIDTH + is_xl or (not is_xl and width != _CLIP_L_WIDTH):
        raise NotRenderable(
            f"{file.path.name} holds no text encoder that is known.",
            hint="SD 2 files without one, and SDXL refiners, are not drawn from.",
        )
    return (_CLIP_L_WIDTH, width - _CLIP_L_WIDTH) if is_xl else (width,)


def text_places(companions: Companions, widths: tuple[int, ...]) -> dict[int, TextSource]:
    """Return where CLIPs of these widths lie among the companions, the first of each."""
    found: dict[int, TextSource] = {}
    for path in islice(companions.texts, _MOST_COMPANIONS):
        try:
            with open_weights(path) as other:
                for source in text_sources(other):
                    if source.kind == "text" and source.width in widths:
                        found.setdefault(source.width, source)
        except NotRenderable:  # one that cannot be opened is passed over, as one that does not fit
            continue
    return found


def companion_texts(
    file: Weights, widths: tuple[int, ...], placed: Placed, companions: Companions
) -> tuple[TextPart, ...]:
    """Return CLIPs of these widths from the companions; raise `NotRenderable` naming the others."""
    places = text_places(companions, widths)
    refuse_missing(missing_texts(file, widths, set(places)))
    parts: list[TextPart] = []
    for width in widths:
        second = width != widths[0]
        with open_weights(places[width].path) as other:
            part = build_text(
                other,
                places[width],
                placed,
                checkpoint=file.path,
                last=companions.tokenizers,
                projects=second,
                pad_token=OTHER_PADDING if second else CLIP_L_PADDING,
            )
        parts.append(part)
    return tuple(parts)


def missing_texts(file: Weights, widths: tuple[int, ...], found: set[int]) -> tuple[Missing, ...]:
    """Return a sentence for each CLIP of `widths`, the first being CLIP-L, that was not found."""
    names = ("clip_l.safetensors", "clip_g.safetensors")
    parts = ("text_encoder", "text_encoder_2")
    return tuple(
        Missing(
            part,
            f"{file.path.name} holds no text encoder that is known, and needs {name}.",
            name,
        )
        for part, name, width in zip(parts, names, widths, strict=False)
        if width not in found
    )
