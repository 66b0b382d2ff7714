"""Load what a recipe draws with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loradex.domain.recipe import Recipe
from loradex.render.approximations import FP8, TAESD
from loradex.render.bases.base import Base
from loradex.render.bases.companions import Companions, refuse_missing
from loradex.render.bases.load import load_base
from loradex.render.bases.survey import survey, text_folders
from loradex.render.bases.tiny_coder import load_tiny
from loradex.render.bases.transformer_file import find_transformer
from loradex.render.bases.vae_file import decoding
from loradex.render.bases.weights import open_weights
from loradex.render.device import Placed
from loradex.render.eight_bits import keep_in_eight_bits
from loradex.render.noise import NoiseHints
from loradex.render.published_tokenizers import TokenizerKind
from loradex.render.single_file import borrowed_parts
from loradex.render.tokenizers import has_tokenizer


def load_key(recipe: Recipe) -> tuple[object, ...]:
    """Return what has to be alike for cells that one loaded checkpoint serves."""
    vae = recipe.vae.digest if recipe.vae else None
    companions = tuple(model.digest for model in recipe.companions)
    settings = recipe.settings
    how = (settings.device, settings.dtype, settings.approximate)
    return (recipe.checkpoint.digest, vae, companions, *how)


def loaded(recipe: Recipe, placed: Placed, tokenizers: Sequence[Path] = ()) -> Base:
    """Return the recipe's checkpoint on `placed`, with its companions and the VAE asked for.

    `tokenizers` are folders to look for one in where none lies in the usual places. Raises
    `NotRenderable`.
    """
    borrowed = tuple(Path(model.path) for model in recipe.companions)
    chosen = Path(recipe.vae.path) if recipe.vae else None
    approximate = recipe.settings.approximate
    vae = None if TAESD in approximate else chosen
    companions = Companions(borrowed, borrowed, tuple(tokenizers), vae)
    # Only what is said against the usual: a file's own word is the better one otherwise.
    says_v = recipe.checkpoint.prediction == "v_prediction"
    hints = NoiseHints(prediction="v_prediction" if says_v else None)
    base = load_base(Path(recipe.checkpoint.path), placed, companions, hints=hints)
    if TAESD in approximate and chosen is not None:
        base.use_vae(load_tiny(chosen, base, decoding(placed)))
    if FP8 in approximate:
        keep_in_eight_bits(next(iter(base.modules().values())))
    return base


def borrowed_files(
    checkpoint: Path, vaes: Sequence[Path], texts: Sequence[Path]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the files that a checkpoint borrows of those offered, and what is only a pity.

    Reads headers alone. Folders borrow nothing. Raises `NotRenderable` naming what is missing,
    tokenizers apart: those can be had (`lacking_tokenizers`).
    """
    if checkpoint.is_dir():
        return (), ()
    offered = Companions(vaes=tuple(vaes), texts=tuple(texts))
    with open_weights(checkpoint) as file:
        found = find_transformer(file)
        if found is None:
            return borrowed_parts(file, offered), ()
        seen = survey(found, checkpoint, offered)
    missing = tuple(one for one in seen.missing if not one.part.startswith("tokenizer_"))
    refuse_missing(missing)
    paths = [source.path for source in seen.texts.values()]
    paths += [seen.vae.path] if seen.vae else []
    told = tuple(one.sentence for one in missing)
    return tuple(path for path in dict.fromkeys(paths) if path != checkpoint), told


def lacking_tokenizers(
    checkpoint: Path, companions: Sequence[Path], folders: Sequence[Path]
) -> tuple[TokenizerKind, ...]:
    """Return the tokenizers that a checkpoint needs and that lie nowhere, not in `folders` either.

    `companions` are the files it borrows. Diffusers folders have their own.
    """
    if checkpoint.is_dir():
        return ()
    last = tuple(folders)
    with open_weights(checkpoint) as file:
        found = find_transformer(file)
        if found is None:
            return () if has_tokenizer(checkpoint, "clip", last=last) else ("clip",)
        seen = survey(found, checkpoint, Companions(tuple(companions), tuple(companions)))
    kinds = {source.tokenizer: source for source in seen.texts.values()}
    return tuple(
        kind
        for kind, source in kinds.items()
        if not has_tokenizer(checkpoint, kind, text_folders(source), last)
    )
