"""Lines of labelled text with hanging indents, for a pane of a given width."""

from __future__ import annotations

from textual.content import Content

LABEL = 11


class TextSheet:
    """Collects lines that are `width` cells wide. All text is taken literally."""

    def __init__(self, width: int) -> None:
        self.width = max(width, 16)
        self.lines: list[Content] = []
        """What was added so far, a line each."""

    def heading(self, text: str) -> None:
        """Start a section."""
        if self.lines:
            self.lines.append(Content())
        rule = "─" * max(self.width - len(text) - 1, 0)
        self.lines.append(Content.assemble((text, "bold $primary"), " ", (rule, "$border-blurred")))

    def line(self, content: Content, indent: int = 0) -> None:
        """Add a text, wrapped, every line of it indented."""
        pad = " " * indent
        for part in content.wrap(max(self.width - indent, 8)):
            self.lines.append(Content.assemble(pad, part))

    def pair(self, label: str, value: str | Content, style: str = "") -> None:
        """Add a label and its value; nothing when the value is empty."""
        content = value if isinstance(value, Content) else Content.styled(value, style)
        if not content.plain:
            return
        head = Content.styled(f"{label:<{LABEL}}", "$quiet")
        for number, part in enumerate(content.wrap(max(self.width - LABEL, 8))):
            self.lines.append(Content.assemble(head if number == 0 else " " * LABEL, part))

    def content(self) -> Content:
        """Return all lines as one content."""
        return Content("\n").join(self.lines)
