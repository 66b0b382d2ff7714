"""The hubs that may be asked, opened once for a piece of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

from loradex.domain.hub_source import HubSource
from loradex.domain.hub_waiting import TellWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.errors import HubOffline, UsageError
from loradex.paths import Home
from loradex.settings import KNOWN_HUBS, Settings, is_civitai

if TYPE_CHECKING:
    from loradex.hub.client import CivitaiHub
    from loradex.hub.plugin_http import PluginHttp
    from loradex.plugin_manager import Plugins

CIVITAI = "civitai"

T = TypeVar("T")


def open_hubs(
    settings: Settings,
    home: Home,
    *,
    plugins: Callable[[], Plugins],
    cancel: CancelToken,
    tell: TellWait = nobody_told,
    refresh: bool = False,
) -> Hubs:
    """Return the hubs that `settings` allows; nobody is asked anything yet.

    `plugins` is called when a hub of a plugin is first needed. `tell` hears of every wait of more
    than a moment, from any thread. With `refresh` no kept answer is given without asking. Raises
    `SettingsError` when the key that was kept lies open, and `Cancelled` when stopped while a
    locked keyring is asked for it.
    """
    from loradex.hub.client import (  # noqa: PLC0415 - httpx and pydantic take their time
        CivitaiHub,
        surroundings,
    )
    from loradex.hub.keys import with_key  # noqa: PLC0415
    from loradex.hub.parts import parts_of  # noqa: PLC0415
    from loradex.hub.plugin_http import PluginHttp  # noqa: PLC0415
    from loradex.hub.transport import HubTransport  # noqa: PLC0415
    from loradex.plugin_api import HubContext  # noqa: PLC0415

    if not settings.offline:
        settings = with_key(settings, home, cancel)
    around = surroundings(home, cancel, tell, refresh=refresh)
    transport = HubTransport(settings, around)
    if is_civitai(settings.hub_url):
        built_in: tuple[CivitaiHub, ...] = (CivitaiHub(transport),)
    else:
        built_in = parts_of(transport)
    http = PluginHttp(settings, around)
    context = HubContext(http, settings.hubs, settings.offline, cancel, tell)
    return Hubs(built_in, http, settings, lambda: plugins().hubs(context))


class Hubs:
    """Hubs in the order in which they are asked: CivitAI, then those of plugins by name.

    Where the settings name another server in CivitAI's place, what it has under numbers of its own
    comes as a hub of the server's name and port. A context manager. Hubs that loradex knows are
    there if the settings name them, others always; offline those of plugins are left out, because
    nobody can promise what a plugin does.
    """

    def __init__(
        self,
        built_in: Sequence[CivitaiHub],
        http: PluginHttp,
        settings: Settings,
        load: Callable[[], tuple[HubSource, ...]],
    ) -> None:
        self._built_in = tuple(built_in)
        self.civitai = built_in[0]
        """CivitAI's client, whether it may be asked for models or not: a key is its own affair."""
        self._settings = settings
        self._http = http
        self._load = load
        self._from_plugins: tuple[HubSource, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.civitai.close()
        self._http.close()

    @property
    def offline(self) -> bool:
        """True when nobody may be asked, and the hubs of plugins are left out."""
        return self._settings.offline

    def __iter__(self) -> Iterator[HubSource]:
        if self._allowed(CIVITAI):
            yield from self._built_in
        yield from self._plugin_hubs()

    def named(self, name: str) -> HubSource:
        """Return the hub with this name; raise `UsageError` if it is not there.

        Raises `HubOffline` for a hub that would have to be asked over the network.
        """
        for hub in self:
            if hub.name == name:
                return hub
        if self._settings.offline and name != CIVITAI:
            raise HubOffline(
                f"The hub {name!r} cannot be asked offline.",
                hint="Run it again without --offline.",
                elsewhere="Turn `offline` off in the settings.",
            )
        if name in KNOWN_HUBS and name not in self._settings.hubs:
            raise UsageError(
                f"The hub {name!r} is switched off.",
                hint="Add it to `hubs` in loradex.toml.",
            )
        raise UsageError(
            f"There is no hub {name!r}.",
            hint=f"Known hubs: {', '.join(hub.name for hub in self) or 'none'}.",
        )

    def able(self, ability: Callable[..., T]) -> list[T]:
        """Return the hubs that have an ability: `HubSearch`, `HubNames`, `HubDownloads` …"""
        # A protocol is no `type[T]` to the type checker, but it is one to isinstance.
        kind = cast("type[T]", ability)
        return [hub for hub in self if isinstance(hub, kind)]

    def _plugin_hubs(self) -> tuple[HubSource, ...]:
        if self._settings.offline:
            return ()
        if self._from_plugins is None:
            hubs = (hub for hub in self._load() if self._allowed(hub.name))
            # A plugin cannot pose as the hub that holds the key.
            own = (hub for hub in hubs if hub.name != CIVITAI)
            self._from_plugins = tuple(sorted(own, key=lambda hub: hub.name))
        return self._from_plugins

    def _allowed(self, name: str) -> bool:
        return name in self._settings.hubs or name not in KNOWN_HUBS
