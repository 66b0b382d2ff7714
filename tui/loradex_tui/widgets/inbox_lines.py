"""A proposal as lines: questions with their answers, tags with their evidence, what is there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from loradex.domain.models import ModelDetails
from loradex.operations.inbox.items import Item, Question
from loradex.operations.tagging.planning import Proposal
from loradex_tui.cells import cell_text
from loradex_tui.inbox_draft import NONE_OF_THEM, Draft
from loradex_tui.widgets.inbox_words import sure_text
from loradex_tui.wording import count_text, when_text

_LONGEST = 600
_CAPTIONS = 12


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A line: parts of text with the names of their styles, and what choosing it means.

    `right` stands at the right end.
    """

    parts: tuple[tuple[str, str], ...] = ()
    right: str = ""
    right_style: str = "quiet"
    tag: str | None = None
    """The tag that it checks."""
    question: Question | None = None
    """The question that it answers, with `value`."""
    value: str = ""

    @property
    def chooses(self) -> bool:
        """True when the cursor may stand on it."""
        return self.tag is not None or self.question is not None


def proposal_lines(
    item: Item, draft: Draft, details: ModelDetails | None, width: int
) -> list[ProposalLine]:
    """Return all lines of a proposal; `details` are None while they are read."""
    lines: list[ProposalLine] = []
    for question in item.questions:
        lines += _question(item, question, draft, width)
        lines.append(ProposalLine())
    if item.tags:
        lines += _tags(item, draft, width)
    elif item.new and not item.questions:
        lines += _wrapped("New: it has no tags, no rating and no note.", width)
        lines += _wrapped("t tags it, * rates it, a says that you have seen it.", width)
        lines.append(ProposalLine())
    lines += _standing(item, details, width)
    return lines


def _question(item: Item, question: Question, draft: Draft, width: int) -> Iterator[ProposalLine]:
    yield from _wrapped(f"? {question.title}", width, "question", "  ")
    chosen = draft.answer(item.row.id, question)
    for choice in question.choices:
        on = chosen == choice.value
        yield ProposalLine(
            _box("(*) " if on else "( ) ", choice.label, on=on),
            " ".join(
                part
                for part in (
                    "counts now" if choice.counts else "",
                    sure_text(choice.sure) if choice.sure else "",
                )
                if part
            ),
            question=question,
            value=choice.value,
        )
        yield from _wrapped(choice.evidence, width, indent="    ")
    if question.subject == "match":
        on = chosen == NONE_OF_THEM
        yield ProposalLine(
            _box("(*) " if on else "( ) ", "none of these", on=on),
            question=question,
            value=NONE_OF_THEM,
        )


def _tags(item: Item, draft: Draft, width: int) -> Iterator[ProposalLine]:
    taken = sum(draft.takes(item.row.id, each.tag) for each in item.tags)
    yield ProposalLine((("Tags to add", "heading"),), f"{taken} of {len(item.tags)} checked")
    for each in item.tags:
        on = draft.takes(item.row.id, each.tag)
        yield ProposalLine(
            _box("[x] " if on else "[ ] ", each.tag, on=on),
            sure_text(each.confidence),
            right_style="sure" if each.confidence >= 0.9 else "quiet",
            tag=each.tag,
        )
        yield from _wrapped(_from(each), width, indent="    ")
    yield ProposalLine()


def _from(each: Proposal) -> str:
    reason = each.reason if each.reason.endswith(".") or not each.reason else f"{each.reason}."
    return f"from “{cell_text(each.rule, 60)}”: {reason}"


def _standing(item: Item, details: ModelDetails | None, width: int) -> Iterator[ProposalLine]:
    """Yield what the model has now, and what of it tells something."""
    row = item.row
    yield ProposalLine((("Tags now", "heading"),))
    yield from _wrapped(", ".join(row.tags) or "none", width, "chip" if row.tags else "quiet")
    if row.trigger_words:
        yield ProposalLine()
        yield ProposalLine((("Trigger words", "heading"),))
        yield from _wrapped(" · ".join(row.trigger_words), width, "text")
    if details is not None and details.tag_counts:
        captions = ", ".join(
            f"{caption} {count:,}×" for caption, count in details.tag_counts[:_CAPTIONS]
        )
        yield ProposalLine()
        yield ProposalLine(
            (("Trained on", "heading"),), count_text(len(details.tag_counts), "caption")
        )
        yield from _wrapped(captions, width)
    yield ProposalLine()
    yield ProposalLine((("File", "heading"),), when_text(row.added_at))
    folder, slash, name = row.path.rpartition("/")
    yield from _wrapped(f"{folder}{slash}", width)
    yield from _wrapped(name, width, "text")


def _box(mark: str, label: str, *, on: bool) -> tuple[tuple[str, str], ...]:
    return ((mark, "accent" if on else "quiet"), (cell_text(label, 200), "on" if on else "off"))


def _wrapped(
    text: str, width: int, style: str = "quiet", indent: str = ""
) -> Iterator[ProposalLine]:
    first = "" if style == "question" else indent
    for line in textwrap.wrap(
        cell_text(text, _LONGEST),
        max(width, 20),
        initial_indent=first,
        subsequent_indent=indent,
        break_on_hyphens=False,
    ):
        yield ProposalLine(((line, style),))
