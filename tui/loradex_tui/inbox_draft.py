"""What a person has checked in the inbox and not decided yet. Kept while the program runs."""

from __future__ import annotations

from loradex.domain.tags import fold_tag
from loradex.operations.inbox.deciding import Decision
from loradex.operations.inbox.items import Item, Question

NONE_OF_THEM = "-"
"""The answer that a model is none of the versions that are possible."""


class Draft:
    """Tags are checked and the proposed answers chosen until the person says otherwise."""

    def __init__(self) -> None:
        self._unchecked: dict[int, set[str]] = {}
        self._answers: dict[tuple[int, str], str] = {}

    def takes(self, content_id: int, tag: str) -> bool:
        """Tell whether a tag is checked."""
        return fold_tag(tag) not in self._unchecked.get(content_id, ())

    def turn(self, content_id: int, tag: str) -> None:
        """Check a tag, or no longer."""
        self._unchecked.setdefault(content_id, set()).symmetric_difference_update({fold_tag(tag)})

    def answer(self, content_id: int, question: Question) -> str:
        """Return the value that is chosen; empty when none is."""
        proposed = question.proposed
        return self._answers.get((content_id, question.key), proposed.value if proposed else "")

    def choose(self, content_id: int, question: Question, value: str) -> None:
        """Choose an answer."""
        self._answers[content_id, question.key] = value

    def forget(self, content_id: int) -> None:
        """Forget what was checked of a model: it was decided."""
        self._unchecked.pop(content_id, None)
        for key in [key for key in self._answers if key[0] == content_id]:
            del self._answers[key]

    def accept(self, item: Item, decision: Decision) -> None:
        """Add to a decision that what is checked is taken, and what is not is refused.

        Of a model that is only new it says that it was looked at.
        """
        for tag in item.tags:
            (decision.taken if self.takes(item.row.id, tag.tag) else decision.refused).append(tag)
        for question in item.questions:
            value = self.answer(item.row.id, question)
            if value:
                chosen = None if value == NONE_OF_THEM else value
                decision.answers.append((item.row.id, question, chosen))
                if chosen is None:  # without its match it may have no tags any more
                    decision.looked_at.append(item.row.id)
        only_new = item.new and not item.questions
        if only_new and not any(self.takes(item.row.id, tag.tag) for tag in item.tags):
            decision.looked_at.append(item.row.id)
