"""Tokenizers that a grid needs and nobody here has: a small download before the first step.

The process that draws has no network, so they are brought before it starts. Only files that are
known by their SHA-256 are kept, from a commit that is known too; they lie in the home's folder
`tokenizers`, each kind with a `source.json` that says where its files are from.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import Cell
from loradex.domain.hub_source import FetchStart
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.errors import DownloadError, HubError, NotRenderable
from loradex.paths import Home
from loradex.settings import Settings

if TYPE_CHECKING:
    from loradex.hub.fetching import Fetcher
    from loradex.render.published_tokenizers import PublishedFile, PublishedTokenizer

_HUB = "https://huggingface.co"
_YES = ("1", "on", "yes", "true")
_NEED_CLIP = frozenset({"sd1", "sd2", "sdxl", "sdxl-refiner"})


def tokenizer_folders(home: Home) -> tuple[Path, ...]:
    """Return where downloaded tokenizers lie, a folder for each kind."""
    from loradex.render.published_tokenizers import PUBLISHED  # noqa: PLC0415 - beside its use

    return tuple(home.root / "tokenizers" / kind for kind in PUBLISHED)


def lacking(
    cells: Sequence[Cell], home: Home, settings: Settings
) -> tuple[PublishedTokenizer, ...]:
    """Return the tokenizers that have to be downloaded before these cells can be drawn.

    Raises `NotRenderable` when some are missing and nobody may be asked for them.
    """
    from loradex.render.loading import lacking_tokenizers  # noqa: PLC0415 - beside its use
    from loradex.render.published_tokenizers import PUBLISHED  # noqa: PLC0415
    from loradex.render.tokenizers import missing_tokenizer, where_to_put  # noqa: PLC0415

    folders = tokenizer_folders(home)
    wanted: dict[str, PublishedTokenizer] = {}
    for checkpoint in dict.fromkeys(cell.recipe.checkpoint for cell in cells):
        path = Path(checkpoint.path)
        borrowed = [Path(model.path) for model in checkpoint.companions]
        for kind in lacking_tokenizers(path, borrowed, folders):
            why = _refusal(settings)
            if why:
                raise NotRenderable(
                    f"{missing_tokenizer(path, kind)} {why}", hint=where_to_put(path, kind)
                )
            wanted[kind] = PUBLISHED[kind]
    return tuple(wanted.values())


def check_tokenizers(checkpoints: Iterable[GridModel], home: Home, settings: Settings) -> None:
    """Raise what `lacking` would, as far as that is known without torch and without their files.

    By its base alone is known what a single file of Stable Diffusion 1, 2 or XL needs; all others
    pass, and files that are not there. For who puts a grid together: pictures that exist already
    are not looked for.
    """
    why = _refusal(settings)
    if not why:
        return
    from loradex.render.tokenizers import (  # noqa: PLC0415 - beside its use
        has_tokenizer,
        missing_tokenizer,
        where_to_put,
    )

    folders = tokenizer_folders(home)
    for checkpoint in checkpoints:
        path = Path(checkpoint.path)
        if checkpoint.base not in _NEED_CLIP or not path.is_file():
            continue
        if not has_tokenizer(path, "clip", last=folders):
            raise NotRenderable(
                f"{missing_tokenizer(path, 'clip')} {why}", hint=where_to_put(path, "clip")
            )


def fetch_tokenizers(
    wanted: Sequence[PublishedTokenizer], home: Home, *, sink: ProgressSink, cancel: CancelToken
) -> None:
    """Download tokenizers into the home; what is there already is not fetched again.

    Raises `NotRenderable` naming the file that cannot be had, and `Cancelled`.
    """
    if not wanted:
        return
    from loradex.hub.fetching import Fetcher  # noqa: PLC0415 - seldom needed

    with Fetcher() as fetcher:
        for tokenizer in wanted:
            _fetch(fetcher, tokenizer, home.root / "tokenizers" / tokenizer.kind, sink, cancel)


def _fetch(
    fetcher: Fetcher,
    tokenizer: PublishedTokenizer,
    folder: Path,
    sink: ProgressSink,
    cancel: CancelToken,
) -> None:
    endpoint = (os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
    base = f"{endpoint}/{tokenizer.repository}/resolve/{tokenizer.revision}"
    before = 0
    for file in tokenizer.files:
        cancel.check()  # a small file is there before the wire looks
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch_file(fetcher, f"{base}/{file.name}", file, folder, cancel)
        except (HubError, DownloadError, OSError) as error:
            raise NotRenderable(
                f"{tokenizer.words} is needed, and its {file.name} cannot be downloaded: {error}",
                hint=f"Put {file.name} of {tokenizer.repository} into {folder}.",
            ) from error
        before += file.size
        sink.progress(Progress("Downloading", before, tokenizer.size, "bytes", tokenizer.words))
    source = {
        "repository": tokenizer.repository,
        "revision": tokenizer.revision,
        "from": endpoint,
        "files": {
            file.name: {"size": file.size, "sha256": file.sha256} for file in tokenizer.files
        },
    }
    (folder / "source.json").write_text(json.dumps(source, indent=1), encoding="utf-8")


def _fetch_file(
    fetcher: Fetcher, url: str, file: PublishedFile, folder: Path, cancel: CancelToken
) -> None:
    from loradex.hub.fetching import NotAsPromised, Promise  # noqa: PLC0415 - seldom needed

    place, part = folder / file.name, folder / f"{file.name}.part"
    if place.is_file() and place.stat().st_size == file.size:
        return
    promise = Promise(
        file.name, file.size, size_exact=True, sha256=file.sha256, sha256_required=True, text=True
    )
    try:
        fetcher.fetch(lambda: FetchStart(url), part, promise, cancel=cancel)
    except NotAsPromised:
        part.unlink(missing_ok=True)
        raise
    part.replace(place)


def _refusal(settings: Settings) -> str:
    """Return why nobody may be asked, as a sentence; empty when Hugging Face may be."""
    if settings.offline or os.environ.get("HF_HUB_OFFLINE", "").lower() in _YES:
        return "Offline, it is not downloaded."
    if "huggingface" not in settings.hubs:
        return "It is not downloaded, since Hugging Face is not among the hubs of the settings."
    return ""
