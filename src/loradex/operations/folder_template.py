"""Templates of folders: `{kind}/{base}`, what `template_reading` reads without a file's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loradex.errors import QueryError
from loradex.operations.path_template import (
    COMPONENT_BYTES,
    DEPTH_LIMIT,
    UNKNOWN,
    Field,
    PathTemplate,
    safe_component,
)
from loradex.operations.template_reading import read_path_template

__all__ = [
    "COMPONENT_BYTES",
    "DEPTH_LIMIT",
    "UNKNOWN",
    "FolderTemplate",
    "read_template",
    "safe_component",
]


@dataclass(frozen=True, slots=True)
class FolderTemplate:
    """A template that was read."""

    template: PathTemplate

    def fill(self, values: Mapping[str, str | None]) -> tuple[str, ...]:
        """Return the folders' names; a value that is not known reads `unknown`."""

        def lookup(field: Field) -> str | None:
            return values.get(field.name)

        return self.template.fill(lookup).folders


def read_template(text: str, fields: tuple[str, ...]) -> FolderTemplate:
    """Read a template; raise `UsageError` that points at what is wrong with it.

    Folders are parted by `/`; the rest is as in `path_template`.
    """
    template = read_path_template(text, fields, names_file=False)
    if text and len(text.split("/")) > DEPTH_LIMIT:
        raise QueryError(
            f"The template makes more than {DEPTH_LIMIT} folders.",
            query=text,
            position=0,
            hint="Use fewer.",
        )
    return FolderTemplate(template)
