"""What a person asks for, in their own words: references, and lists of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from loradex.domain.addresses import shown_address
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubAbsence, HubNames, HubSource
from loradex.domain.text import display_text
from loradex.errors import BadReference, UsageError

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs

MOST_REFERENCES = 10_000
_LONGEST = 2_048
_COMMENT = re.compile(r"(?:^|\s)#.*")

FORMS = (
    "the address of a model's page or of a download, an AIR, version:ID, model:ID, hf:OWNER/NAME,"
    " or a file's hash"
)


def references_in(lines: Iterable[str]) -> list[str]:
    """Return the references of a list: one a line; `#` begins a comment, at a line's start too.

    Raises `UsageError` for a list that is too long to be meant.
    """
    found: list[str] = []
    for line in lines:
        text = _COMMENT.sub("", line.lstrip("\ufeff")).strip()
        if len(text) > _LONGEST or len(found) >= MOST_REFERENCES:
            raise UsageError(
                f"The list has more than {MOST_REFERENCES:,} lines, or a line of more than"
                f" {_LONGEST:,} characters.",
                hint="Check that it is a list of references.",
            )
        if text:
            found.append(text)
    return found


def recognised(hubs: Hubs, text: str) -> tuple[HubSource, HubReference]:
    """Return the hub that a reference belongs to, and what it names there.

    Raises `BadReference` when no hub knows it.
    """
    wanted = text.strip()
    if not wanted:
        raise BadReference("The reference is empty.", hint=f"Name something by {FORMS}.")
    if wanted.isdecimal() and wanted.isascii():
        raise BadReference(
            f"{display_text(wanted, 40)} may be a model or a version.",
            hint=f"Write version:{wanted[:20]} or model:{wanted[:20]}.",
        )
    for hub in hubs:
        if isinstance(hub, HubNames):
            reference = hub.recognise(wanted)
            if reference is not None:
                return hub, reference
    if hubs.offline:
        raise BadReference(
            f"What {_quoted(wanted)} names is not known offline: of the hubs only"
            " CivitAI's cache can be asked then.",
            hint=f"Go online (without --offline and LORADEX_OFFLINE), or name it by {FORMS}.",
            elsewhere=f"Turn `offline` off in the settings, or name it by {FORMS}.",
        )
    raise BadReference(f"No hub knows what {_quoted(wanted)} names.", hint=f"Name it by {FORMS}.")


def looked_up(hub: HubSource, reference: HubReference) -> tuple[HubModel, HubVersion | None]:
    """Return the model that a reference names, and the version if it names one.

    Raises `BadReference` when the hub has no such thing, and from the `HubError` tree.
    """
    return there(hub, reference, hub.look_up(reference) if isinstance(hub, HubNames) else None)


def there(
    hub: HubSource,
    reference: HubReference,
    found: tuple[HubModel, HubVersion | None] | None,
) -> tuple[HubModel, HubVersion | None]:
    """Return what was found; raise `BadReference`, in the hub's own words if it has any."""
    if found is not None:
        return found
    said = hub.absence(reference) if isinstance(hub, HubAbsence) else None
    if said is not None:
        raise BadReference(said.message, hint=said.hint)
    raise BadReference(
        f"{hub.name} has no such model or version.",
        hint="It may have been deleted, or the reference is mistyped.",
    )


def _quoted(text: str) -> str:
    return f"'{display_text(shown_address(text), 120)}'"
