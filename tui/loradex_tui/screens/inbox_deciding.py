"""What the inbox does to models: accept, dismiss, edit, and all that is sure at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from loradex.domain.models import ModelRow
from loradex.domain.tags import fold_tag
from loradex.errors import LoradexError
from loradex.operations.annotation_undo import Memory
from loradex.operations.annotation_undo import take_back as take_back_tags
from loradex.operations.inbox.deciding import Decision, decide
from loradex.operations.inbox.items import LIKELY, SURE, Group, Item
from loradex.operations.inbox.looking import Looker
from loradex.operations.inbox.receipts import Receipt, take_back
from loradex.operations.inbox.survey import Survey
from loradex.operations.tag_changes import TagChange, change_tags, tag_view
from loradex.plugin_manager import Plugins, load_plugins
from loradex_tui.background import in_background
from loradex_tui.inbox_desk import FEW, InboxDesk
from loradex_tui.inbox_draft import Draft
from loradex_tui.screens.confirm import Confirm
from loradex_tui.screens.editing import Editing
from loradex_tui.screens.handing_out import HandingOut
from loradex_tui.screens.inbox_editor import ProposalEditor
from loradex_tui.screens.key_menu import Choice, KeyMenu
from loradex_tui.screens.tag_editor import Progress
from loradex_tui.undo import Deed
from loradex_tui.widgets.inbox_list import InboxList
from loradex_tui.wording import count_text

_ITEMS_KEPT = 3_000


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a decision: what takes it back, and what waits of its models now."""

    receipt: Receipt | None
    left: Survey
    items: list[Item]


class ThresholdMenu(KeyMenu):
    """A menu with room for what each choice would write."""

    DEFAULT_CSS = "ThresholdMenu > #box { width: 62; }"


class InboxDeciding(Editing, HandingOut):
    """Decisions on `models.targets`. A decided model leaves the list at once."""

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[int, Item] = {}
        """What was read of models that were in view."""
        self.draft = Draft()
        self._reading = threading.Lock()
        self._looker: Looker | None = None
        self._plugins: Plugins | None = None

    @property
    def models(self) -> InboxList:
        """The list."""
        raise NotImplementedError

    @property
    def desk(self) -> InboxDesk:
        """What waits, for the whole program."""
        return self.place_app.inbox

    def show_listed(self, ids: list[int], keep: int | None) -> None:
        """Show these models, the cursor on one of them."""
        raise NotImplementedError

    def show_current(self) -> None:
        """Show the proposal of the model under the cursor."""
        raise NotImplementedError

    def forget_rules(self) -> None:
        """Read the tagging rules anew before the next look."""
        self._looker = None

    def look(self, ids: Sequence[int]) -> list[Item]:
        """Return what is proposed of models; called from threads."""
        with self._reading:
            if self._plugins is None:
                settings = self.place_app.settings
                self._plugins = load_plugins(self.catalog.home, settings.disabled_plugins)
            if self._looker is None:
                self._looker = Looker(self.catalog, self._plugins)
            return self._looker.items(ids)

    def read_items(self, ids: Sequence[int]) -> list[ModelRow]:
        """Read what is proposed of models for the list; those decided meanwhile leave it."""
        items = self.look(ids)
        for id_ in list(self.items)[:-_ITEMS_KEPT]:
            self.items.pop(id_, None)
        self.items.update((item.row.id, item) for item in items if item.group is not None)
        waiting = {item.row.id for item in items if item.group is not None}
        gone = [id_ for id_ in ids if id_ not in waiting]
        if gone:
            self.app.call_later(self._leave, gone)
        return [item.row for item in items if item.group is not None]

    def _leave(self, ids: Sequence[int]) -> None:
        """Take models off the list; the cursor goes to the next one that stays."""
        models, gone = self.models, set(ids)
        shown = models.window.ids
        if not gone.intersection(shown):
            return
        after = range(models.cursor, len(shown))
        before = range(models.cursor - 1, -1, -1)
        keep = next((shown[at] for at in (*after, *before) if shown[at] not in gone), None)
        for id_ in gone:
            self.items.pop(id_, None)
        if models.marks & gone:
            models.marked.set_ids(models.marks - gone)
        self.desk.drop(list(gone))
        left = [id_ for id_ in shown if id_ not in gone]
        self.show_listed(left, -1 if keep is None else keep)

    def came_back(self, ids: Sequence[int]) -> None:
        """Look at models again whose decision was taken back; those that wait are listed."""

        def looked() -> tuple[Survey, list[Item]]:
            items = self.look(ids)
            return _survey(items), items

        def arrived(found: tuple[Survey, list[Item]]) -> None:
            self._put(*found)

        in_background(self, "back", looked, arrived, exclusive=False)

    def _put(self, some: Survey, items: Sequence[Item]) -> None:
        self.desk.drop([item.row.id for item in items])
        self.desk.put(some)
        self.items.update((item.row.id, item) for item in items if item.group is not None)
        self.relist(some.ids[0] if some.ids else None)

    def relist(self, keep: int | None) -> None:
        """List what waits again."""
        raise NotImplementedError

    def refresh_after_edit(self, ids: Sequence[int]) -> None:
        """Show what an edit has changed: a model that has a tag now is not new any more."""
        if len(ids) > FEW:
            self.desk.look()
        else:
            self.came_back(list(ids))

    def do_accept(self) -> None:
        """Take what is checked of the models; what is not checked is refused."""
        ids = self.models.targets
        if len(ids) > FEW:
            self._accept_many(ids)
            return

        def build(items: Sequence[Item], decision: Decision) -> None:
            for item in items:
                self.draft.accept(item, decision)

        self._decide(ids, build, "Accepted")

    def do_dismiss(self) -> None:
        """Refuse what is proposed of the models, for good."""
        ids = self.models.targets

        def build(items: Sequence[Item], decision: Decision) -> None:
            for item in items:
                decision.dismiss(item)

        if len(ids) <= FEW:
            self._decide(ids, build, "Dismissed")
            return
        many = count_text(len(ids), "model")
        self.app.push_screen(
            Confirm(f"Dismiss all that is proposed of {many}?\nu takes it back.", "dismiss", "no"),
            lambda answer: self.desk.dismiss_all(ids) if answer else None,
        )

    def _decide(
        self, ids: Sequence[int], build: Callable[[Sequence[Item], Decision], None], verb: str
    ) -> None:
        """Write a decision in a thread. The models leave the list before it is written."""

        def write() -> Done:
            items = self.look(ids)
            decision = Decision()
            build(items, decision)
            if decision.empty:
                return Done(None, _survey(items), items)
            receipt = decide(self.catalog, decision)
            after = self.look(ids)
            return Done(receipt, _survey(after), after)

        pending: Future[Receipt | None] = Future()

        def guarded() -> Done:
            """Write; whoever takes it back waits for the end of this."""
            receipt = None
            try:
                done = write()
                receipt = done.receipt
                return done
            finally:
                pending.set_result(receipt)

        def written(done: Done) -> None:
            if done.receipt is None:
                self._put(done.left, done.items)
                told = "Nothing is chosen yet: Enter shows the answers, Space chooses one."
                self.app.notify(told if done.left.ids else "Nothing to decide.", timeout=4)
                return
            for id_ in ids:
                self.draft.forget(id_)
            if done.left.ids:
                self._put(done.left, done.items)
            self.app.notify(f"{verb}: {done.receipt.what} · u undo", timeout=4)

        def failed(error: LoradexError) -> None:
            self.place_app.report(error)
            self.came_back(list(ids[:FEW]))

        self._leave(list(ids))
        self.desk.doing(count_text(len(ids), "model"), pending)
        in_background(self, "decide", guarded, written, failed, exclusive=False)

    def do_edit(self) -> None:
        """Edit the tags that are proposed; those left out are refused."""
        id_ = self.models.current_id
        item = None if id_ is None else self.items.get(id_)
        if item is None or id_ is None:
            return
        catalog, memory = self.catalog, Memory()
        text = ", ".join(each.tag for each in item.tags if self.draft.takes(id_, each.tag))

        def write(change: TagChange, progress: Progress) -> None:
            change_tags(catalog, [id_], change, memory)
            progress.done = 1

        def wrote() -> None:
            self._edited(id_, memory)

        self.app.push_screen(
            ProposalEditor([id_], lambda: tag_view(catalog, [id_]), write, wrote, text)
        )

    def _edited(self, id_: int, memory: Memory) -> None:
        """Refuse what is still proposed: the person has written what they want."""
        catalog = self.catalog

        def write() -> Done:
            items = self.look([id_])
            decision = Decision()
            for item in items:
                decision.dismiss(item, only=frozenset(fold_tag(each.tag) for each in item.tags))
            receipt = None if decision.empty else decide(catalog, decision)
            after = self.look([id_])
            return Done(receipt, _survey(after), after)

        def written(done: Done) -> None:
            receipt = done.receipt

            def back() -> str:
                if receipt is not None:
                    take_back(catalog, receipt)
                take_back_tags(catalog, memory)
                return "Took back the tags of 1 model."

            self.draft.forget(id_)
            self._leave([id_])
            self._put(done.left, done.items)
            self.place_app.did(Deed("tags of 1 model", back, lambda: self.came_back([id_])))
            told = "Tagged" if receipt is None else "Tagged; the rest is refused"
            self.app.notify(f"{told} · u undo", timeout=4)

        in_background(self, "decide", write, written, exclusive=False)

    def do_accept_all(self) -> None:
        """Offer the thresholds with what each would add to the models that are listed."""
        ids = list(self.models.window.ids)
        survey = self.desk.survey
        wanted = set(ids)
        places = [at for at, id_ in enumerate(survey.ids) if id_ in wanted]
        choices: list[Choice] = []
        told: dict[str, tuple[float, str]] = {}
        for key, word, least, counts in (
            ("s", f"sure ({SURE * 100:.0f} %+)", SURE, survey.certain),
            ("l", f"likely ({LIKELY * 100:.0f} %+)", LIKELY, survey.likely),
            ("a", "all of them", 0.0, survey.tags),
        ):
            models = sum(counts[at] > 0 for at in places)
            if models:
                tags = count_text(sum(counts[at] for at in places), "tag")
                told[key] = (least, f"{tags} to {count_text(models, 'model')}")
                choices.append(Choice(key, word, key, told[key][1]))
        new = [survey.ids[at] for at in places if survey.group(at) is Group.NEW]
        if new:
            choices.append(Choice("n", "new: all seen", "n", count_text(len(new), "model")))
        if not choices:
            self.app.notify("No tags are proposed of what is listed.", severity="warning")
            return

        def chosen(key: str | None) -> None:
            if key == "n":
                self._see_all(new)
            elif key is not None:
                least, what = told[key]
                self._ask_all(ids, least, what)

        self.app.push_screen(ThresholdMenu("Accept all tags that are", choices), chosen)

    def _ask_all(self, ids: Sequence[int], least: float, what: str) -> None:
        def go(answer: bool | None) -> None:
            if answer:
                self.desk.take_all(ids, least)

        question = f"This adds {what}.\nu takes it back."
        self.app.push_screen(Confirm(question, "add them", "no"), go)

    def _accept_many(self, ids: Sequence[int]) -> None:
        """Take all tags of more models than are decided at once, in the background."""
        self._ask_all(ids, 0.0, f"all proposed tags to {count_text(len(ids), 'marked model')}")

    def _see_all(self, new: Sequence[int]) -> None:
        def build(_items: Sequence[Item], decision: Decision) -> None:
            decision.looked_at += new

        self._decide(new, build, "Seen")


def _survey(items: Sequence[Item]) -> Survey:
    found = Survey()
    for item in items:
        found.add(item)
    return found
