"""A person's settings: built-in values, then `loradex.toml`, then the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from loradex.errors import SettingsError
from loradex.paths import Home

LONGEST_TIMEOUT = 3600.0
MOST_WORKERS = 64
DEFAULT_HUB_URL = "https://civitai.com"


class Secret:
    """A key that does not show itself in logs, tracebacks or `repr`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Times are in seconds.

    Environment: LORADEX_HUB_URL, LORADEX_HUB_TOKEN (or CIVITAI_API_KEY), LORADEX_HUB_TIMEOUT,
    LORADEX_HUB_RETRIES, LORADEX_WORKERS.
    """

    hub_url: str = DEFAULT_HUB_URL
    hub_token: Secret | None = None
    hub_timeout: float = 35.0
    """Longest wait for the next bytes of an answer."""
    hub_retries: int = 3
    workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 8))
    """Processes that read headers."""
    disabled_plugins: tuple[str, ...] = ()


_TOML_HINT = 'Write a setting a line, as in: hub_url = "https://civitai.com"'
_WANTED = {
    "hub_url": "an address that starts with https:// (http:// only for a hub of your own)",
    "hub_timeout": f"a number of seconds, more than 0 and at most {LONGEST_TIMEOUT:g}",
    "hub_retries": "a whole number, 0 or more",
    "workers": f"a whole number from 1 to {MOST_WORKERS}",
    "disabled_plugins": "a list of plugin names",
}
"""What may stand in the file, and what each has to be."""


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
    token = environ.get("LORADEX_HUB_TOKEN") or environ.get("CIVITAI_API_KEY")
    if token:
        settings = replace(settings, hub_token=Secret(token))
    for key in ("hub_url", "hub_timeout", "hub_retries", "workers"):
        name = _variable(key)
        if environ.get(name):
            settings = _apply(settings, key, environ[name], name)
    return settings


def _variable(key: str) -> str:
    return f"LORADEX_{key.upper()}"


def _apply(settings: Settings, key: str, value: object, where: str) -> Settings:
    if key not in _WANTED:
        raise SettingsError(f"{where} has an unknown key {key!r}.", hint=_hint_for(key))
    try:
        if key == "hub_url":
            return replace(settings, hub_url=_url(str(value)))
        if key == "disabled_plugins":
            return replace(settings, disabled_plugins=_names(value))
        if key == "hub_timeout":
            return replace(settings, hub_timeout=_within(float(str(value)), LONGEST_TIMEOUT))
        number = int(str(value))
        if key == "workers":
            return replace(settings, workers=int(_within(number, MOST_WORKERS)))
        return replace(settings, hub_retries=max(number, 0))
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


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError
    return text.rstrip("/")


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(value)


def _within(number: float, most: float) -> float:
    if not 0 < number <= most:  # which NaN is not, either
        raise ValueError
    return number
