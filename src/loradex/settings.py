"""A person's settings: built-in values, then `loradex.toml`, then the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from loradex.domain.content_level import ContentLimit
from loradex.domain.secret import Secret
from loradex.errors import SettingsError
from loradex.paths import Home

LONGEST_TIMEOUT = 3600.0
MOST_WORKERS = 64
DEFAULT_HUB_URL = "https://civitai.com"
MOST_DOWNLOADS = 8
KNOWN_HUBS = ("civitai", "huggingface", "civarchive")

__all__ = ["DEFAULT_HUB_URL", "Secret", "Settings", "load_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Times are in seconds.

    Environment: LORADEX_HUB_URL, LORADEX_HUB_TOKEN (or CIVITAI_API_KEY, for CivitAI only),
    LORADEX_HUB_CA, LORADEX_HUB_TIMEOUT, LORADEX_HUB_RETRIES, LORADEX_OFFLINE,
    LORADEX_CONTENT_LIMIT, LORADEX_DOWNLOADS, LORADEX_SPEED_LIMIT, LORADEX_WORKERS.
    """

    hub_url: str = DEFAULT_HUB_URL
    hub_token: Secret | None = None
    """The key that belongs to `hub_url`: with another address it has to go."""
    hub_token_from: str = ""
    """Where the key comes from, for whoever asks."""
    hub_ca: str = ""
    """Path of a root certificate (PEM) that is trusted for the host of `hub_url`, beside others."""
    hub_timeout: float = 35.0
    """Longest wait for the next bytes of an answer."""
    hub_retries: int = 3
    hubs: tuple[str, ...] = ("civitai", "huggingface")
    """Hubs that may be asked, by name; others that plugins bring are asked as well."""
    offline: bool = False
    """Ask nobody: answer from what was fetched before."""
    content_limit: ContentLimit = ContentLimit.SAFE
    downloads: int = 2
    """Files that are downloaded at once."""
    speed_limit: float = 0.0
    """MiB a second that all downloads take together; 0 for no limit."""
    download_library: str = ""
    """Name of the library that downloads go to; empty: the only one that fits."""
    download_folders: str = "{base}"
    """Template of the folders below the one for the kind."""
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    """Processes that read headers."""
    disabled_plugins: tuple[str, ...] = ()
    scan_sidecars: str = "tell"
    """What a scan does about other tools' files beside models that it sees for the first time:
    `tell` of them, `read` them, or `no`thing."""
    theme: str = ""
    """Name of the terminal UI's theme; empty for its own dark one."""
    keys: tuple[tuple[str, str], ...] = ()
    """Keys of the terminal UI by the action they are for: `("library.tags", "T,f4")`."""


_CIVITAI = re.compile(r"https://civitai\.(com|red|green|blue)(:443)?(/.*)?", re.IGNORECASE)
"""One key is good for all four (docs/civitai.md)."""

_TOML_HINT = 'Write a setting a line, as in: hub_url = "https://civitai.com"'
_WANTED = {
    "hub_url": "an address that starts with https:// (http:// only for a hub of your own)",
    "hub_ca": "the path of a certificate file",
    "hub_timeout": f"a number of seconds, more than 0 and at most {LONGEST_TIMEOUT:g}",
    "hub_retries": "a whole number, 0 or more",
    "hubs": f"a list of {', '.join(KNOWN_HUBS)}",
    "offline": "true or false",
    "content_limit": "one of pg, safe, r, x, all",
    "downloads": f"a whole number from 1 to {MOST_DOWNLOADS}",
    "speed_limit": "a number of MiB a second, 0 for no limit",
    "download_library": "the name of a library",
    "download_folders": "a template of folders, as in {base}",
    "workers": f"a whole number from 1 to {MOST_WORKERS}",
    "disabled_plugins": "a list of plugin names",
    "scan_sidecars": "one of tell, read, no",
    "theme": "the name of a theme, as in loradex-light",
    "keys": 'a table of actions and their keys, as in {"library.tags" = "T,f4"}',
}
"""What may stand in the file, and what each has to be."""

_VARIABLES = (
    "hub_url",
    "hub_ca",
    "hub_timeout",
    "hub_retries",
    "offline",
    "content_limit",
    "downloads",
    "speed_limit",
    "workers",
)
"""What the environment may set, as LORADEX_ and the name in capitals."""


def load_settings(home: Home, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in force; raise `SettingsError` naming the key that is wrong."""
    settings = _from_file(home)
    return _from_environment(settings, os.environ if environ is None else environ)


def _from_file(home: Home) -> Settings:
    try:
        text = home.settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{home.settings} cannot be read: {error}.",
            hint="Check LORADEX_HOME and the permissions there; the file has to be UTF-8.",
        ) from error
    import tomllib  # noqa: PLC0415 - most people have no such file

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{home.settings} is not valid TOML: {error}.", hint=_TOML_HINT
        ) from error
    settings = Settings()
    for key, value in table.items():
        settings = _apply(settings, key, value, str(home.settings))
    return settings


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    for key in _VARIABLES:
        name = _variable(key)
        if environ.get(name):
            settings = _apply(settings, key, environ[name], name)
    for name in ("LORADEX_HUB_TOKEN", "CIVITAI_API_KEY"):
        # The second is what every CivitAI tool reads: a hub of one's own must not get to see it.
        if environ.get(name) and (name == "LORADEX_HUB_TOKEN" or is_civitai(settings.hub_url)):
            return replace(settings, hub_token=Secret(environ[name]), hub_token_from=name)
    return settings


def is_civitai(url: str) -> bool:
    """Tell whether an address is one of CivitAI's own hosts, over https."""
    return _CIVITAI.fullmatch(url) is not None


def _variable(key: str) -> str:
    return f"LORADEX_{key.upper()}"


def setting_names() -> tuple[str, ...]:
    """Return what the file may set."""
    return tuple(_WANTED)


def wanted_of(name: str) -> str:
    """Return what a setting has to be, in words; raise `SettingsError` for one there is not."""
    if name not in _WANTED:
        raise SettingsError(f"There is no setting {name!r}.", hint=_hint_for(name))
    return _WANTED[name]


def variable_of(name: str) -> str | None:
    """Return the environment variable of a setting, None when it has none."""
    return _variable(name) if name in _VARIABLES else None


def checked(name: str, value: object, where: str) -> Settings:
    """Return settings with this value; raise `SettingsError` saying what it has to be."""
    return _apply(Settings(), name, value, where)


def _apply(settings: Settings, key: str, value: object, where: str) -> Settings:
    if key not in _WANTED:
        raise SettingsError(f"{where} has an unknown key {key!r}.", hint=_hint_for(key))
    try:
        changed: Settings = replace(settings, **{key: _READERS[key](value)})  # type: ignore[arg-type]
        return changed
    except ValueError as error:
        name = where if where == _variable(key) else f"{key} in {where}"
        raise SettingsError(f"{name} is {value!r}; it has to be {_WANTED[key]}.") from error


def _hint_for(key: str) -> str:
    """Return what was meant by a key that is none. A hub key must not lie in a readable file."""
    if "token" in key.lower() or "api_key" in key.lower():
        return "A hub key belongs into the environment, as LORADEX_HUB_TOKEN: take it out here."
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(key, _WANTED, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(_WANTED)}."


def _url(value: object) -> str:
    text = str(value)
    if not text.startswith(("https://", "http://")):
        raise ValueError
    return text.rstrip("/")


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(value)


def _hubs(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not set(names) <= set(KNOWN_HUBS):
        raise ValueError
    return names


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _one_of(value: object, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError
    return str(value)


def _yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    text = str(value).lower()
    if text not in words:
        raise ValueError
    return words[text]


def _keys(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(keys, str) for keys in value.values()):
        raise ValueError
    return tuple((str(action), keys) for action, keys in value.items())


def _within(number: float, most: float) -> float:
    if not 0 < number <= most:  # which NaN is not, either
        raise ValueError
    return number


def _speed(value: object) -> float:
    number = float(str(value))
    if not 0 <= number < 1e6:
        raise ValueError
    return number


_READERS: dict[str, Callable[[object], object]] = {
    "hub_url": _url,
    "hub_ca": lambda value: os.path.expanduser(_text(value)),  # noqa: PTH111 - pathlib costs time
    "hub_timeout": lambda value: _within(float(str(value)), LONGEST_TIMEOUT),
    "hub_retries": lambda value: max(int(str(value)), 0),
    "hubs": _hubs,
    "offline": _yes,
    "content_limit": lambda value: ContentLimit(str(value).lower()),
    "downloads": lambda value: int(_within(int(str(value)), MOST_DOWNLOADS)),
    "speed_limit": _speed,
    "download_library": _text,
    "download_folders": _text,
    "workers": lambda value: int(_within(int(str(value)), MOST_WORKERS)),
    "disabled_plugins": _names,
    "scan_sidecars": lambda value: _one_of(value, ("tell", "read", "no")),
    "theme": _text,
    "keys": _keys,
}
