"""A person's settings one by one: what each is, where its value is from, and a new value for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.errors import SettingsError
from loradex.paths import Home
from loradex.settings import (
    Settings,
    checked,
    load_settings,
    setting_names,
    variable_of,
    wanted_of,
)

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

ABOUT: Mapping[str, str] = {
    "hub_url": "The hub that is asked about models",
    "hub_ca": "A root certificate that is trusted for that hub",
    "hub_timeout": "Seconds without a byte after which a hub counts as silent",
    "hub_retries": "How often a question to a hub is repeated",
    "hubs": "The hubs that may be asked",
    "offline": "Ask nobody; answer from what was fetched before",
    "content_limit": "The most that previews and searches show",
    "downloads": "Files that are downloaded at once",
    "speed_limit": "MiB a second that all downloads take together; 0 for no limit",
    "download_library": "The library that downloads go to; empty for the only one that fits",
    "download_folders": "The folders of a download below the one for its kind",
    "workers": "Processes that read headers",
    "disabled_plugins": "Plugins that are not loaded",
    "scan_sidecars": "What a scan does about other tools' files beside new models",
    "theme": "The look of the terminal UI; empty for its own dark one",
    "keys": "Keys of the terminal UI that you changed",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is in force. Lists and tables are in the form the file has them."""

    name: str
    value: str
    usual: str
    """What it is when nobody says anything."""
    source: str
    """`built in`, `loradex.toml`, or the environment variable."""
    about: str
    wanted: str
    """What it has to be, in words."""


def settings_in_force(home: Home, environ: Mapping[str, str] | None = None) -> list[Setting]:
    """Return all settings that the file may have; raise `SettingsError` when it is wrong."""
    environ = os.environ if environ is None else environ
    settings, usual = load_settings(home, environ), Settings()
    written = _read(home)
    found = []
    for name in setting_names():
        variable = variable_of(name)
        source = "loradex.toml" if name in written else "built in"
        if variable is not None and environ.get(variable):
            source = variable
        found.append(
            Setting(
                name,
                _as_text(getattr(settings, name)),
                _as_text(getattr(usual, name)),
                source,
                ABOUT[name],
                wanted_of(name),
            )
        )
    return found


def set_setting(home: Home, name: str, value: str) -> Settings:
    """Write a setting into the file and return what is in force then.

    `value` is read as TOML where that makes sense (`true`, `4`, `["a"]`), else as a text. Comments,
    order and everything else in the file stay. Raises `SettingsError`, and writes nothing, for a
    value that cannot be and for a file that is wrong already.
    """
    wanted_of(name)
    read = _meant(name, value)
    document = _read(home)
    document[name] = read
    _write(home, document)
    return load_settings(home)


def unset_setting(home: Home, name: str) -> Settings:
    """Take a setting out of the file, so that it is what it usually is."""
    wanted_of(name)
    document = _read(home)
    if name in document:
        del document[name]
        _write(home, document)
    return load_settings(home)


def set_key(home: Home, action: str, keys: str | None) -> Settings:
    """Give an action of the terminal UI other keys (`T,f4`); None gives it its own again."""
    import tomlkit  # noqa: PLC0415 - seldom needed

    document = _read(home)
    # A new table would take over the lines that follow it: settings come before tables.
    table = document.setdefault("keys", tomlkit.table())
    if keys is None:
        table.pop(action, None)
    else:
        table[action] = keys
    if not table:
        del document["keys"]
    _write(home, document)
    return load_settings(home)


def _meant(name: str, text: str) -> object:
    """Return the value a text stands for, in the form that the file has it."""
    import tomllib  # noqa: PLC0415 - seldom needed

    readings: list[object] = [text]
    with suppress(tomllib.TOMLDecodeError):
        readings.insert(0, tomllib.loads(f"value = {text}")["value"])
    if isinstance(getattr(Settings(), name), tuple) and not text.lstrip().startswith(("[", "{")):
        readings = [[part.strip() for part in text.split(",") if part.strip()]]
    for value in readings:
        with suppress(SettingsError):
            checked(name, value, "")
            return value
    raise SettingsError(f"{name} cannot be {text!r}; it has to be {wanted_of(name)}.")


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(" = ".join(one) if isinstance(one, tuple) else one for one in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _read(home: Home) -> TOMLDocument:
    import tomlkit  # noqa: PLC0415 - seldom needed
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(home.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(
            f"{home.settings} cannot be read: {error}.", hint="Mend the file by hand first."
        ) from error


def _write(home: Home, document: TOMLDocument) -> None:
    """Write the file whole or not at all, readable by whom it was."""
    import tomlkit  # noqa: PLC0415 - seldom needed

    path = home.settings.resolve()  # a link to a file kept elsewhere stays a link
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        if path.exists():
            part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SettingsError(
            f"{home.settings} cannot be written: {error.strerror or error}.",
            hint="Check the permissions of the folder.",
        ) from error
