"""The questions before files are moved, brought back, or deleted for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from loradex.domain.plans import OUTSIDE, PlanState, models_text
from loradex.domain.text import display_text
from loradex.errors import LoradexError
from loradex.operations.tidying.discarding import DiscardPlan, Loss
from loradex.operations.tidying.overview import Overview
from loradex.operations.tidying.trashed import Trashed
from loradex.operations.tidying.undo_look import UndoLook
from loradex_tui.background import in_background
from loradex_tui.cells import cell_text, fit, fit_right
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.wording import count_text, size_text

_NAMED = 8
Parts = list[str | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What would happen, and the words of both answers. An empty `yes`: nothing can be done."""

    title: str
    told: Content
    yes: str
    no: str


class PlanConfirm(Dialog[bool]):
    """A question about files: what would happen, and how it is taken back.

    It is there before it is known, so that no key typed ahead means something else: `read` makes
    the question in a thread. Until then only no is an answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", show=False),
        Binding("n,q", "answer(False)", "No", show=False),
    ]
    DEFAULT_CSS = """
    PlanConfirm > #box { width: 76; padding: 1 2; }
    PlanConfirm #told { height: auto; max-height: 24; }
    PlanConfirm #answers { margin: 1 0 0 0; }
    """

    def __init__(self, title: str, read: Callable[[], Question], reading: str) -> None:
        super().__init__()
        self._read = read
        self._question = Question(title, Content(reading), "", "")
        self._known = False

    def compose(self) -> ComposeResult:
        """Show what would happen, and the answers."""
        with Vertical(id="box") as box:
            box.border_title = Content(self._question.title)
            with VerticalScroll(id="told", can_focus=False):
                yield Static(self._question.told, id="words")
            yield Static(self.answers, id="answers")

    def on_mount(self) -> None:
        """Find out what would happen."""
        in_background(self, "question", self._read, self._ask, self._cannot)

    def _ask(self, question: Question) -> None:
        self._question, self._known = question, True
        self.query_one("#box").border_title = Content(question.title)
        self.query_one("#words", Static).update(question.told)
        self.query_one("#answers", Static).update(self.answers)

    def _cannot(self, error: LoradexError) -> None:
        told = Content.assemble((error.message, "$error"), f"\n{error.hint or ''}")
        self._ask(replace(self._question, told=told))

    @property
    def answers(self) -> Content:
        """The keys and what they answer; only no, before it is known what yes would mean."""
        if not self._question.yes:
            return key_words(("Esc", "leaves"))
        return key_words(("y", self._question.yes), ("n", self._question.no))

    def action_answer(self, answer: bool) -> None:
        """Answer, once it is known what would happen."""
        if self._question.yes or not answer:
            self.dismiss(answer)
        elif self._known:
            self.dismiss(False)


def apply_question(view: Overview) -> Question:
    """Ask whether a plan is to be done: how many, where, and how it is undone."""
    plan = view.summary
    todo = [item for item in view.items if item.state.value == "planned"]
    if not todo:
        told = "Nothing of this plan is to be done: all of it was left out, or is done."
        return Question(f"Plan {plan.id}", Content(told), "", "")
    models = [item.content_id for item in todo if item.file_id is not None]
    beside = sum(len(item.beside) for item in todo)
    nbytes = sum(item.nbytes for item in todo)
    trash = bool(todo) and all(item.target.library_id == OUTSIDE for item in todo)
    verb = "Put" if trash else "Move"
    parts: Parts = [
        (f"{verb} {models_text(models) if models else count_text(len(todo), 'file')}",
         "bold $foreground"),
        f" with {count_text(beside, 'file')} beside them" if beside else "",
        f", {size_text(nbytes)}",
        ", into the trash" if trash else "",
        ".\n",
    ]  # fmt: skip
    if not trash:
        parts += _where_to(view)
    if view.conflicts:
        number = len(view.conflicts)
        stay = "1 file stays where it is" if number == 1 else f"{number:,} files stay as they are"
        parts.append((f"{stay}.\n", "$warning"))
    if view.copied_bytes:
        parts.append(
            (f"{size_text(view.copied_bytes)} go to another disk: each file is copied, read back,"
             " compared, and only then removed here.\n", "$warning")
        )  # fmt: skip
    parts.append(
        "\nNothing is replaced, nothing is deleted. It may be stopped at any time (ctrl+x) and"
        " goes on later. "
    )
    parts.append(("u takes it back, today or next month.", "bold $foreground"))
    if trash:
        parts.append(" The space becomes free when the trash is emptied.")
    going_on = plan.state is not PlanState.PLANNED
    return Question(
        f"{'Go on with' if going_on else 'Apply'} plan {plan.id}?",
        Content.assemble(*parts), "go on" if going_on else "do it", "not now",
    )  # fmt: skip


def _where_to(view: Overview) -> Parts:
    libraries: dict[int, int] = {}
    folders: set[bytes] = set()
    for item in view.items:
        libraries[item.target.library_id] = libraries.get(item.target.library_id, 0) + 1
        folders.add(item.target.folder)
    names = ", ".join(
        f"{view.libraries.get(id_, 'the trash')} ({number:,})"
        for id_, number in sorted(libraries.items())
    )
    return [
        ("Into ", "$quiet"),
        cell_text(names, 300),
        f": {count_text(len(folders), 'folder')}.\n",
    ]


def undo_question(look: UndoLook) -> Question:
    """Ask whether a plan is to be taken back. What cannot come back is shown first."""
    yes, no = ("bring them back", "leave all where it is") if look.files else ("", "")
    return Question(f"Take plan {look.summary.id} back?", _undo_text(look), yes, no)


def _undo_text(look: UndoLook) -> Content:
    parts: Parts = []
    if look.stays:
        verb = "file cannot" if len(look.stays) == 1 else "files cannot"
        parts.append((f"{len(look.stays):,} {verb} come back:\n", "bold $warning"))
        for conflict in look.stays[:_NAMED]:
            again = look.again.get(conflict.file_id or 0, "")
            parts.append(f"  {cell_text(conflict.source.shown, 400)}\n")
            parts.append((f"    {display_text(conflict.reason, 400)}\n", "$quiet"))
            if again:
                parts.append((f"    The hub has it: {cell_text(again, 200)}\n", "$quiet"))
        if more := len(look.stays) - _NAMED:
            parts.append((f"  and {more:,} more\n" if more > 0 else "", "$quiet"))
        parts.append("\n")
    if look.files:
        parts += [
            (f"{count_text(look.models or look.files, 'model' if look.models else 'file')}",
             "bold $foreground"),
            f" ({count_text(look.files, 'file')}, {size_text(look.nbytes)}) come back to where"
            " they were, with their old names.",
        ]  # fmt: skip
        if look.copied_bytes:
            parts.append(f" {size_text(look.copied_bytes)} are copied to another disk.")
        parts.append("\nNothing is replaced. An undo is a plan too: it can be taken back.")
    else:
        parts.append("Nothing of this plan can come back.")
    return Content.assemble(*parts)


def trash_question(found: DiscardPlan, hidden: int) -> Question:
    """Ask whether models go to the trash: their sizes, and what would be lost with them.

    `hidden` of them are not among those that are listed now.
    """
    if not found.plan.moves:
        reasons = [conflict.reason for conflict in found.plan.conflicts]
        told = reasons[0] if reasons else "No file of it is there."
        return Question("Nothing can go to the trash", Content(display_text(told, 400)), "", "")
    losses = found.losses
    models = count_text(len(losses), "model")
    name = cell_text(losses[0].name, 60) if len(losses) == 1 else models
    alone = sum(not loss.again for loss in losses)
    liked = sum(bool(loss.favourite or (loss.rating or 0) >= 4 or loss.judged) for loss in losses)
    described = sum(bool(loss.tags or loss.rating) for loss in losses)
    files = sum(loss.files for loss in losses)
    parts: Parts = [
        (name, "bold $foreground"),
        f", {size_text(found.nbytes)} in {count_text(files, 'file')}, with what lies beside.\n\n",
    ]
    if hidden:
        verb = "is" if hidden == 1 else "are"
        some = f"{hidden:,} of them {verb} not" if hidden < len(losses) else "None of them is"
        parts.append(
            (f"{some} in the list now: marked before the search or the filters changed.\n",
             "bold $warning")
        )  # fmt: skip
    if alone:
        verb = "is" if alone == 1 else "are"
        parts.append(
            (f"{alone:,} {verb} on no hub that is known: when the trash is emptied, nothing brings"
             f" {'it' if alone == 1 else 'them'} back.\n", "bold $warning")
        )  # fmt: skip
    if len(losses) > alone:
        parts.append(f"{len(losses) - alone:,} can be had again from a hub.\n")
    if liked:
        parts.append((f"{liked:,} of what you like or judged.\n", "$warning"))
    if described:
        parts.append(
            (f"{described:,} with tags or a rating of yours, which stay known.\n", "$quiet")
        )
    parts.append("\n")
    for loss in losses[:_NAMED]:
        parts += _loss_line(loss)
    if (more := len(losses) - _NAMED) > 0:
        parts.append((f"  and {more:,} more\n", "$quiet"))
    for conflict in found.plan.conflicts[:3]:
        told = f"{conflict.source.name_shown} stays: {conflict.reason}"
        parts.append((f"  {cell_text(told, 300)}\n", "$warning"))
    parts += [
        "\nNothing is deleted: ",
        ("u brings it all back", "bold $foreground"),
        ", until the trash is emptied.",
    ]
    return Question(
        f"Put {models} into the trash?", Content.assemble(*parts), "into the trash", "keep"
    )


def _loss_line(loss: Loss) -> Parts:
    said = [
        "only here" if not loss.again else "",
        "a favourite" if loss.favourite else "",
        "★" * (loss.rating or 0),
        "judged" if loss.judged else "",
        count_text(loss.tags, "tag") if loss.tags else "",
        f"in {count_text(loss.uses, 'picture')}" if loss.uses else "",
        count_text(loss.files, "file") if loss.files > 1 else "",
    ]
    beside = ", ".join(part for part in said if part)
    return [
        f"  {fit(loss.name, 28)} {fit_right(size_text(loss.nbytes), 7)}  ",
        (f"{beside}\n", "$quiet"),
    ]


class EmptyDialog(Dialog[bool]):
    """Deletes for good only when the number of files is typed."""

    DEFAULT_CSS = """
    EmptyDialog > #box { width: 70; padding: 1 2; border: round $error; }
    EmptyDialog Input { margin: 1 0; }
    """

    def __init__(self, files: list[Trashed]) -> None:
        super().__init__()
        self._files = files

    def compose(self) -> ComposeResult:
        """Say what is deleted, and want the number."""
        size = size_text(sum(each.size for each in self._files))
        count = len(self._files)
        with Vertical(id="box") as box:
            box.border_title = "Delete for good"
            yield Static(
                Content.assemble(
                    (f"{count_text(count, 'file')}, {size}, are deleted for good.",
                     "bold $error"),
                    " Nothing brings them back, undo neither. What others have put into the trash"
                    " stays.\n\nType ", (str(count), "bold $accent"), " to delete them:",
                )
            )  # fmt: skip
            yield Input(placeholder="how many files")
            yield Static(id="wrong", classes="wrong")
            yield Static(key_words(("Enter", "deletes"), ("Esc", "leaves")), classes="told")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Delete when the number is right."""
        event.stop()
        if event.value.replace(",", "").strip() == str(len(self._files)):
            self.dismiss(True)
            return
        self.query_one("#wrong", Static).update(
            f"That is not the number: {len(self._files)}. Nothing was deleted."
        )
