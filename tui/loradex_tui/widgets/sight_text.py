"""A folder that may become a library, in words."""

from __future__ import annotations

from textual.content import Content

from loradex.domain.library import Layout
from loradex.operations.adding import FolderSight
from loradex_tui.cells import cell_text
from loradex_tui.wording import count_text, size_text

_ROOTS = 5


def sight_lines(sight: FolderSight, *, with_extra: bool) -> list[Content]:
    """Return how much is in it, how it is laid out, and what it becomes."""
    proposal = sight.proposal
    count = f"{'more than ' if sight.more else ''}{count_text(sight.models, 'model file')}"
    size = f" ({size_text(sight.nbytes)})" if sight.nbytes else ""
    tool = proposal.detected.layout is not Layout.PLAIN
    laid = f", laid out like {cell_text(proposal.detected.title, 40)}" if tool else ""
    style = "bold $foreground" if sight.models else "$accent"
    lines = [Content.styled(f"A folder with {count}{size}{laid}", style)]
    for addition in proposal.additions[:_ROOTS]:
        lines.append(
            Content.assemble(
                ("becomes the library ", "$quiet"),
                (cell_text(addition.name, 60), "$accent"),
                (f"  {cell_text(str(addition.root.path), 300)}", "$quiet"),
            )
        )
    if len(proposal.additions) > _ROOTS:
        lines.append(Content.styled(f"and {len(proposal.additions) - _ROOTS:,} more", "$quiet"))
    if proposal.further and not with_extra:
        lines.append(Content.styled("It also uses, and ctrl+e adds too:", "$quiet"))
        lines += [
            Content.styled(f"  {cell_text(str(root.path), 300)}", "$quiet")
            for root in proposal.further[:_ROOTS]
        ]
    lines += [Content.styled(note, "$quiet") for note in proposal.notes[:_ROOTS]]
    return lines
