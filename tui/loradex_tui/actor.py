"""What turns a key into an action: look it up, say why when it is not possible, do it."""

from __future__ import annotations

from textual.dom import DOMNode
from textual.widgets import Input, TextArea

from loradex_tui.actions import Situation, action


class Actor(DOMNode):
    """A screen or widget with a scope of actions: `do_NAME` does the action NAME."""

    @property
    def situation(self) -> Situation:
        """What is shown now."""
        screen = self.screen
        return screen.situation if isinstance(screen, Actor) and screen is not self else Situation()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a text field has the focus, letters are text; a key that is awaited is taken."""
        if action == "do_unless_typing":
            awaited: bool = getattr(self.screen, "awaits_key", False)
            return not awaited and not self._is_for_focused(parameters)
        return super().check_action(action, parameters)

    def _is_for_focused(self, parameters: tuple[object, ...]) -> bool:
        """True for a letter that is text, or that a list over the screen has a meaning for."""
        focused = self.screen.focused
        if isinstance(focused, Input | TextArea):
            return True
        return parameters[1:] != ("app",) and bool(getattr(focused, "takes_letters", False))

    def action_do_unless_typing(self, id_: str, scope: str) -> None:
        """Do an action whose key is a letter."""
        self.action_do(id_, scope)

    def action_do(self, id_: str, scope: str) -> None:
        """Do an action of this scope, or tell why it cannot be done now.

        What is typed before a screen has its parts is done when it has them.
        """
        if not self.screen.is_mounted:
            self.screen.call_after_refresh(self.action_do, id_, scope)
            return
        reason = action(id_, scope).why_not(self.situation)
        if reason:
            self.app.notify(reason, severity="warning", timeout=4)
            return
        getattr(self, f"do_{id_}")()
