"""Write docs/keys.md from the actions of the terminal UI: `python docs/make_keys.py`."""

from __future__ import annotations

from pathlib import Path

from loradex_tui.actions import FAMILIES, Action
from loradex_tui.keymap import own_id

_HEAD = """# Keys

Everything the terminal UI can do, with the keys it has from the start and the command that does the
same. `?` shows those that work where you are, with the reason when one does not, and does what you
choose; `:` finds any of them by name. This page is made from the program's own table
(`python docs/make_keys.py`).

Give an action other keys by its name in the last column, in `loradex.toml` or with a command;
several keys are set apart by commas, and capitals are keys of their own:

    loradex config key library.tags T,f4
    loradex config key library.tags          # its own again

What two actions would share is told when the terminal UI starts.
"""
_TITLES = {
    "everywhere": "Everywhere",
    "library": "Library",
    "inbox": "Inbox",
    "hub": "Hub",
    "grids": "Grids",
    "jobs": "Jobs",
    "plans": "Plans",
    "settings": "Settings",
    "pictures": "Pictures",
}
_NAMES = {"escape": "Esc", "enter": "Enter", "space": "Space", "pagedown": "PgDn"}
_NAMES |= {"home": "Home", "end": "End", "tab": "Tab"}
_NAMES |= {"pageup": "PgUp", "up": "↑", "down": "↓", "left": "←", "right": "→"}


def page() -> str:
    """Return the text of docs/keys.md."""
    parts = [_HEAD]
    for name, actions in FAMILIES.items():
        parts.append(f"\n## {_TITLES.get(name, name.capitalize())}\n")
        parts.append("| Keys | What | Command | Name |\n|---|---|---|---|")
        parts += [_line(each) for each in actions]
    return "\n".join(parts) + "\n"


def _line(action: Action) -> str:
    keys = " ".join(f"`{_shown(key)}`" for key in action.keys.split(","))
    command = f"`{action.cli}`" if action.cli else ""
    cells = (keys, action.title, command, f"`{own_id(action)}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(key: str) -> str:
    modifier, plus, last = key.rpartition("+")
    if not plus or not last:
        return _NAMES.get(key, key.upper() if key[1:].isdigit() else key)
    return f"{modifier.capitalize()}+{_NAMES.get(last, last.capitalize())}"


if __name__ == "__main__":
    Path(__file__).with_name("keys.md").write_text(page(), encoding="utf-8")
