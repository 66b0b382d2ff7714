"""What would let a file go that stays: a sentence for each reason that plans give."""

from __future__ import annotations

_HELP: tuple[tuple[str, str], ...] = (
    ("has changed since", "Scan, then draw the plan up again: loradex scan"),
    ("scan first", "Scan, then draw the plan up again: loradex scan"),
    ("see `loradex plan dedupe`",
     "It is a copy of what lies there: loradex plan dedupe lets copies go."),
    ("keeps an order of its own",
     "That tool lists every file under the name it has: move it within the tool."),
    ("It is a link", "Nothing has to be done: links lead to where their model has gone."),
    ("not known what it is",
     "Without its kind it has no folder: a template without {kind} moves it, in a plain library."),
    ("has no folder for",
     "That library's tool has no place for this kind: leave it out, or choose another library."),
    ("drive is away", "Connect the drive, then go on: loradex apply PLAN"),
    ("not enough room", "Make room first: loradex plan trash --free SIZE"),
    ("cannot be written to", "Check the folder's permissions."),
    ("would be too long", "Cut a value in the template, as in {name:cut(60)}."),
    ("several files of a model",
     "Its files are numbered 1 of N: a template with {file} keeps that."),
    ("was not read in full", "Read it first, which compares the bytes: loradex scan --hash now"),
    ("still being written", "Wait until its download is done."),
    ("You have said something of it", "loradex plan dedupe --near --mine takes it along."),
    ("a folder can only be moved within one disk", "Choose a library on the same disk."),
    ("leads elsewhere", "Put a real folder in the link's place, or use another template."),
    ("is in the way", "A file has the name of a folder that is needed: rename one of them."),
    ("nothing brings it back", "Only a hub can have it, or a copy of yours."),
    ("taken its place", "Another file has the old name now: rename that one first."),
    ("is not there any more", "It was moved or deleted by somebody else since."),
    ("no trash folder", "Use the folder in the library: loradex plan trash --to folder"),
    ("has the name", "Add {version}, {hash8} or a folder to the template, or let names be mended."),
    ("Another file of this plan goes to",
     "Add {version}, {hash8} or a folder to the template, or let names be mended."),
    ("already.", "Rename one of the two, or add {version} or {hash8} to the template."),
)  # fmt: skip


def what_helps(reason: str) -> str:
    """Return what would let a file go that stays for this reason; empty when nothing is known."""
    return next((help_ for part, help_ in _HELP if part in reason), "")
