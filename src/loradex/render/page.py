"""A grid as one HTML file that holds its pictures and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.text import display_text
from loradex.render.page_data import page_data
from loradex.render.page_pictures import page_pictures
from loradex.render.whole_file import whole_file

_SCRIPTS = ("model.js", "layout.js", "board.js", "viewer.js", "stage.js", "tools.js", "keys.js")
_STYLES = ("page.css", "board.css", "viewer.css")


def write_page(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    path: Path,
    *,
    notes: Sequence[str] = (),
) -> Path:
    """Write the page of `plan` to `path`; return `path`.

    `finished` and `failed` are by key; a key in neither is shown as not drawn. `notes` stand above
    the pictures, one a line. Small pictures are inside the page, and full ones until there are too
    many; those are reached by relative links. Every text goes in as data and is shown as text,
    whatever it holds.
    """
    pictures = page_pictures([finished[cell.key] for cell in plan.cells if cell.key in finished])
    data = page_data(plan, finished, failed, pictures, path.parent, notes=notes)
    style, script = _joined(_STYLES), _joined(_SCRIPTS)
    filled = {
        "POLICY": html.escape(_policy(style, script), quote=True),
        "TITLE": html.escape(display_text(plan.spec.title, 200) or "Sample grid"),
        "STYLE": style,
        "SCRIPT": script,
        "DATA": _as_data(data),
    }
    # One pass, so that no text can smuggle in another placeholder.
    page = re.sub(r"%%([A-Z]+)%%", lambda found: filled[found.group(1)], _resource("page.html"))
    with whole_file(path) as file:
        file.write(page.encode("utf-8", "backslashreplace"))
        for number, cell in enumerate(plan.cells):
            full = pictures[cell.key].full if cell.key in pictures else None
            if full is not None:
                # A block of its own, so that it is read when its picture is looked at, not before.
                file.write(b'<script type="text/plain" id="full-%d">' % number)
                file.write(base64.b64encode(full) + b"</script>\n")
        file.write(b"</body>\n</html>\n")
    return path


def _policy(style: str, script: str) -> str:
    """Return a content policy that allows these two texts and local pictures, nothing else."""
    return (
        "default-src 'none'; img-src data: 'self' file:; base-uri 'none'; form-action 'none'; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(raw).decode('ascii')}"


def _joined(names: Sequence[str]) -> str:
    return "\n".join(_resource(name) for name in names)


def _resource(name: str) -> str:
    return (files("loradex.render") / "web" / name).read_text("utf-8")


def _as_data(content: Mapping[str, object]) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
