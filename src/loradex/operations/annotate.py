"""What a person writes about models: tags, notes, ratings, favourites."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.catalog.catalog import Catalog
from loradex.domain.tags import TAG_LIMIT, clean_tag
from loradex.errors import UsageError


def tag(
    catalog: Catalog, ids: Sequence[int], *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    """Add and remove tags on models; raise `UsageError` for a tag that is no tag."""
    for name in (*add, *remove):
        check_tag(name)
    catalog.person.add_tags(ids, add)
    catalog.person.remove_tags(ids, remove)


def forget_tags(catalog: Catalog, ids: Sequence[int], tags: Sequence[str]) -> None:
    """Take back what a person said of tags on models, so that other sources count again."""
    if tags:
        catalog.person.forget_tags(ids, tags)


def check_tag(name: str) -> None:
    """Raise `UsageError` for a tag that is no tag."""
    if not clean_tag(name):
        raise UsageError("A tag cannot be empty.", hint="Write at least one letter.")
    if len(name) > TAG_LIMIT:
        raise UsageError(
            f"The tag {name[:20]!r}… is longer than {TAG_LIMIT} characters.",
            hint="Use a note for longer texts.",
        )
    if "," in name:
        raise UsageError(f"The tag {name!r} has a comma in it.", hint="Give two tags instead.")


def note(
    catalog: Catalog, content_id: int, text: str, *, expected_version: int | None = None
) -> None:
    """Replace a model's note; an empty text removes it.

    Give `ModelDetails.note_version` of the note the person saw when writing took a while: raises
    `CatalogError` and writes nothing when it was changed meanwhile.
    """
    catalog.person.set_note(content_id, text, expected_version=expected_version)


def append_note(catalog: Catalog, content_id: int, text: str) -> None:
    """Add a text below what is there, whoever wrote that."""
    catalog.person.append_note(content_id, text)


def rate(catalog: Catalog, ids: Sequence[int], stars: int | None) -> None:
    """Rate models 1 to 5; None takes the rating back."""
    if stars is not None and not 1 <= stars <= 5:
        raise UsageError(f"A rating is 1 to 5, not {stars}.", hint="0 takes it back.")
    catalog.person.set_rating(ids, stars)


def favourite(catalog: Catalog, ids: Sequence[int], is_favourite: bool) -> None:
    """Mark models as favourites, or no longer."""
    catalog.person.set_favourite(ids, is_favourite)
