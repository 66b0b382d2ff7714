"""Files of the library that may complete a checkpoint: VAE, text encoders, tokenizers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loradex.errors import NotRenderable


@dataclass(frozen=True, slots=True)
class Companions:
    """Candidates, the likeliest first; those that do not fit are passed over.

    `tokenizers` are folders that are looked at after all others. A VAE given as `vae` replaces the
    one inside the checkpoint.
    """

    vaes: tuple[Path, ...] = ()
    texts: tuple[Path, ...] = ()
    tokenizers: tuple[Path, ...] = ()
    vae: Path | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Something a checkpoint needs and has not got: `part` by diffusers' name, and what to say.

    `file` is what the file is usually called. An `optional` part is only told.
    """

    part: str
    sentence: str
    file: str
    optional: bool = False


def refuse_missing(missing: tuple[Missing, ...]) -> None:
    """Raise `NotRenderable` saying all that is missing at once; do nothing when nothing is."""
    needed = [one for one in missing if not one.optional]
    if needed:
        raise NotRenderable(
            " ".join(one.sentence for one in needed),
            hint=f"Add {' and '.join(one.file for one in needed)} to the library.",
        )
