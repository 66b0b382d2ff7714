"""What can be done with settings, libraries, plugins, and what the doctor found."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class SettingsSituation(Situation):
    """What the cursor is on."""

    kind: str = ""
    """`setting`, `library`, `hub key`, `pictures`, `keys`, `plugin`, `check up`, `check`; or ""."""
    own: bool = False
    """It is other than usual, because a person said so."""
    mendable: bool = False
    """A plan can mend what this check found."""
    checking: bool = False


@where(SettingsSituation)
def _needs_line(situation: SettingsSituation) -> str | None:
    return None if situation.kind else "There is nothing here."


@where(SettingsSituation)
def _needs_changeable(situation: SettingsSituation) -> str | None:
    if situation.kind == "check":
        return "The text beside it says what mends this; J and K scroll it."
    return _needs_line(situation)


@where(SettingsSituation)
def _needs_own(situation: SettingsSituation) -> str | None:
    if situation.kind == "library" or situation.own:
        return None
    return "Only a library, a key or a setting of your own can be taken away."


@where(SettingsSituation)
def _not_checking(situation: SettingsSituation) -> str | None:
    return "The check-up is running already." if situation.checking else None


@where(SettingsSituation)
def _needs_mendable(situation: SettingsSituation) -> str | None:
    if situation.mendable:
        return None
    if situation.kind == "check":
        return "No plan can mend this; the text beside it says what does."
    return "Only what the doctor found can be mended: r looks."


ACTIONS: tuple[Action, ...] = (
    Action("change", "settings", "enter,e,l,right", "Change this, or look closer", "Change",
           cli="loradex config set NAME VALUE", why_not=_needs_changeable),
    Action("usual", "settings", "d", "Let it be as usual; forget a library or a key", "As usual",
           cli="loradex config unset NAME", why_not=_needs_own),
    Action("check", "settings", "r", "Look for what is wrong anywhere", "Check up",
           cli="loradex doctor", why_not=_not_checking),
    Action("mend", "settings", "a", "Draw up the plan that mends this", "Mend",
           cli="loradex doctor CHECK --fix", why_not=_needs_mendable),
    Action("copy_command", "settings", "y", "Copy the command that does the same", "Copy",
           why_not=_needs_line),
    Action("scroll_down", "settings", "J", "Scroll the text down"),
    Action("scroll_up", "settings", "K", "Scroll the text up"),
    Action("back", "settings", "escape,h,left", "Back to the library", "Back"),
)  # fmt: skip
