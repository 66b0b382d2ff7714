"""What a path named by a person stands for: itself, or the model files below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from loradex.errors import FormatError
from loradex.formats.diffusers_folder import INDEX
from loradex.formats.model_file import is_file, is_folder, refused
from loradex.formats.model_files import is_model_file


def found_in(path: Path, *, whole_folders: bool) -> Iterator[Path | FormatError]:
    """Yield the path itself, or the model files below a folder in the order of names.

    Folders with a model in diffusers' manner are one path with `whole_folders`, else their files.
    A FormatError stands for what is not there, cannot be listed or has no model in it.
    """
    if (missing := not_there(path)) is not None:
        yield missing
        return
    if not is_folder(path):
        yield path
        return
    found = False
    unlisted: list[OSError] = []
    for place in below(path, is_model_file, unlisted, whole_folders=whole_folders):
        found = True
        yield place
    for error in unlisted:
        place = Path(os.fsdecode(error.filename))
        said = f"cannot be listed: {error.strerror or error}."
        yield refused(place, said, "Check the permissions of the folder.")
    if not found and not unlisted:
        yield without_models(path)


def not_there(path: Path) -> FormatError | None:
    """Return the failure of a path that names nothing, None when something has that name."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return refused(path, "is not there.", "Check how it is spelt.")
    except OSError:
        return None  # opening it says what is wrong
    return None


def without_models(folder: Path) -> FormatError:
    """Return the failure of a folder in which there is nothing to look at."""
    return refused(
        folder,
        f"is a folder without model files, and has no {INDEX}.",
        "Name the file itself, or another folder.",
    )


def below(
    folder: Path,
    wanted: Callable[[str], bool],
    unlisted: list[OSError],
    *,
    whole_folders: bool = True,
) -> Iterator[Path]:
    """Yield files with wanted names, and diffusers folders; links to folders are not entered.

    Folders that cannot be listed are added to `unlisted`.
    """
    for current, folders, names in os.walk(folder, onerror=unlisted.append):
        here = Path(current)
        if whole_folders and INDEX in names and is_file(here / INDEX):
            folders.clear()
            yield here
            continue
        folders.sort()
        for name in sorted(filter(wanted, names)):
            yield here / name
