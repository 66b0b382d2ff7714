"""What the settings screen lists: settings, libraries, the hub key, plugins, the doctor."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.operations.hub_login import key_place
from loradex.operations.setting_file import Setting, settings_in_force
from loradex.plugin_manager import find_plugins
from loradex.settings import Settings
from loradex_tui.pictures.choice import Choice
from loradex_tui.wording import count_text, size_text, when_text

if TYPE_CHECKING:
    from loradex.operations.check_up import CheckUp, Told


class LineKind(StrEnum):
    """What a line stands for."""

    HEADING = "heading"
    SETTING = "setting"
    LIBRARY = "library"
    HUB_KEY = "hub key"
    PICTURES = "pictures"
    KEYS = "keys"
    PLUGIN = "plugin"
    CHECK_UP = "check up"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and what is told beside it. Texts may hold untrusted names."""

    kind: LineKind
    label: str
    value: str = ""
    source: str = ""
    about: tuple[str, ...] = ()
    """Paragraphs."""
    command: str = ""
    id: str = ""
    level: str = ""
    """Of what the doctor found: `serious`, `fault`, `advice`."""
    own: bool = False
    mendable: bool = False


def known_lines(catalog: Catalog, settings: Settings, pictures: Choice) -> list[Line]:
    """Read all that is listed but the doctor's word; raises `SettingsError` for a wrong file."""
    home = catalog.home
    settings_of = {one.name: one for one in settings_in_force(home)}
    del settings_of["keys"]  # it has a line of its own
    plugins = settings_of.pop("disabled_plugins")
    return [
        *_libraries(catalog),
        Line(LineKind.HEADING, "Terminal"),
        Line(
            LineKind.PICTURES,
            "pictures",
            pictures.mode.value,
            "",
            (
                "How pictures are drawn in this terminal.",
                pictures.why,
                "Enter draws one in each way, and remembers the one you can see for this terminal.",
            ),
            f"loradex --images {pictures.mode.value}",
            id="pictures",
        ),
        _setting(settings_of.pop("theme"), "the usual one"),
        Line(
            LineKind.KEYS,
            "keys",
            count_text(len(settings.keys), "key") + " of your own" if settings.keys else "as usual",
            "loradex.toml" if settings.keys else "",
            ("Enter lists what can be done, and lets you give it another key.",),
            "loradex config key library.tags T",
            id="keys",
            own=bool(settings.keys),
        ),
        Line(LineKind.HEADING, "Hub"),
        _hub_key(settings, catalog),
        *(_setting(one) for name, one in settings_of.items() if _of_hub(name)),
        Line(LineKind.HEADING, "Scanning"),
        *(_setting(one) for name, one in settings_of.items() if not _of_hub(name)),
        *_plugins(catalog, settings, plugins),
    ]


def _of_hub(name: str) -> bool:
    return name not in ("workers", "scan_sidecars")


def _setting(one: Setting, empty: str = "–") -> Line:
    own = one.source == "loradex.toml"
    told = [f"{one.about}."]
    told.append(f"It has to be {one.wanted}. Usually it is {one.usual or 'empty'}.")
    if one.source.startswith("LORADEX"):
        told.append(f"The environment says so ({one.source}), which goes before the file.")
    return Line(
        LineKind.SETTING,
        one.name.replace("_", " "),
        one.value or empty,
        "" if one.source == "built in" else one.source,
        tuple(told),
        f"loradex config set {one.name} VALUE",
        id=one.name,
        own=own,
    )


def _libraries(catalog: Catalog) -> Iterator[Line]:
    yield Line(LineKind.HEADING, "Libraries")
    usage = catalog.libraries.usage()
    for library in catalog.files.libraries():
        used = usage.get(library.id)
        files, size = (used.files, used.nbytes) if used else (0, 0)
        scanned = when_text(library.scanned_at) if library.scanned_at else "never"
        yield Line(
            LineKind.LIBRARY,
            library.name,
            f"{count_text(files, 'file')}, {size_text(size)}",
            library.layout.value,
            (
                library.root,
                f"{count_text(files, 'file')}, {size_text(size)}. Last scanned: {scanned}.",
                "Enter shows its models. d forgets the library: no file is touched, and tags and"
                " notes are kept.",
            ),
            f"loradex library remove {shlex.quote(library.name)}",
            id=library.name,
        )


def _hub_key(settings: Settings, catalog: Catalog) -> Line:
    place = key_place(settings, catalog.home)
    return Line(
        LineKind.HUB_KEY,
        "key",
        "there" if place else "none",
        place or "",
        (
            f"Your key for {settings.hub_url}. It goes to that host alone, over https, and is never"
            " shown.",
            f"It lies in {place}." if place else "Some downloads and searches need one.",
            "Enter asks for one and checks it with the hub; d forgets it.",
        ),
        "loradex hub login",
        id="key",
        own=place is not None and settings.hub_token is None,
    )


def _plugins(catalog: Catalog, settings: Settings, disabled: Setting) -> Iterator[Line]:
    yield Line(LineKind.HEADING, "Plugins")
    for found in find_plugins(catalog.home):
        off = found.name in settings.disabled_plugins
        yield Line(
            LineKind.PLUGIN,
            found.name,
            "off" if off else "on",
            found.origin.value,
            (found.where, f"Enter switches it {'on' if off else 'off'} from the next start."),
            f"loradex config set {disabled.name} NAMES",
            id=found.name,
        )


def doctor_lines(found: CheckUp | None, checking: bool) -> Iterator[Line]:
    """Return the doctor's part: what was found by the last check-up of this session."""
    from loradex.operations.doctor.table import CHECKS  # noqa: PLC0415 - seldom looked at

    yield Line(LineKind.HEADING, "Doctor")
    if checking:
        value = "looking …"
    elif found is None:
        value = "not asked yet"
    else:
        value = "all is well" if found.healthy else _counts(found)
    yield Line(
        LineKind.CHECK_UP,
        "check-up",
        value,
        "",
        (
            "Looks for what is wrong with files, folders, settings and the catalog. Nothing is"
            " changed.",
            "Enter or r begins.",
        ),
        "loradex doctor",
        id="check up",
    )
    for name, findings in (found.by_check if found else {}).items():
        check = CHECKS.get(name)
        level = findings[0].level
        yield Line(
            LineKind.CHECK,
            check.title if check else name,
            f"{sum(one.count for one in findings):,}",
            level,
            tuple(_told(findings)),
            f"loradex doctor {name}",
            id=name,
            level=level,
            mendable=check is not None and check.fix is not None,
        )


_SHOWN = 200


def _told(findings: list[Told]) -> Iterator[str]:
    yield findings[0].why
    mends = {one.mend for one in findings}
    once = mends.pop() if len(mends) == 1 and len(findings) > 1 else None
    if once:
        yield f"→ {once}"
    for one in findings[:_SHOWN]:
        mend = f"→ {one.mend}" if one.mend and not once else ""
        yield "\n".join(part for part in (one.path, one.what, mend) if part)
    if len(findings) > _SHOWN:
        yield f"… and {len(findings) - _SHOWN:,} more: loradex doctor {findings[0].check} --all"


def _counts(found: CheckUp) -> str:
    count = dict.fromkeys(("serious", "fault", "advice"), 0)
    for one in found.findings:
        count[one.level] += one.count
    words = {"serious": "serious", "fault": "wrong", "advice": "to know of"}
    return ", ".join(f"{count[level]:,} {words[level]}" for level in count if count[level])
