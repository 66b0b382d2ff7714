"""The key of a hub: checked before it is kept, and told about without ever being shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loradex.domain.hub import HubAccount
from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.errors import HubOffline, SettingsError
from loradex.paths import Home
from loradex.settings import Settings


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account on the hub at `address`, and where its key lies."""

    account: HubAccount
    address: str
    where: str


def sign_in(settings: Settings, home: Home, key: Secret, *, cancel: CancelToken) -> SignedIn:
    """Ask the hub in `settings` whose key this is, then keep it for that hub's origin alone.

    Raises `HubAuthRequired` when the hub refuses it, another `HubError` when it cannot be asked,
    and `SettingsError` when the way there is not private or the key cannot be kept. Nothing is
    kept then, and an earlier key stays.
    """
    from loradex.hub.keys import KeyStore  # noqa: PLC0415 - httpx is behind it
    from loradex.hub.origin import Origin, hub_address  # noqa: PLC0415

    origin = Origin.of(hub_address(settings.hub_url))
    if not origin.may_hold_key:
        raise SettingsError(
            f"No key is kept for {origin.text}: others could read it on the way there.",
            hint="Use an https:// address in LORADEX_HUB_URL.",
        )
    account = _account(replace(settings, hub_token=key), cancel)
    return SignedIn(account, origin.text, KeyStore(home.keys).keep(origin, key))


def sign_out(settings: Settings, home: Home) -> str | None:
    """Forget the key that was kept for the hub in `settings`; return where it lay, if anywhere."""
    from loradex.hub.keys import KeyStore  # noqa: PLC0415
    from loradex.hub.origin import Origin, hub_address  # noqa: PLC0415

    return KeyStore(home.keys).forget(Origin.of(hub_address(settings.hub_url)))


def signed_in(settings: Settings, home: Home, *, cancel: CancelToken) -> SignedIn | None:
    """Ask the hub whose key is in force; None when there is none.

    Raises `HubAuthRequired` when the hub refuses it, and another `HubError` when it cannot be
    asked.
    """
    from loradex.hub.keys import key_in_force  # noqa: PLC0415
    from loradex.hub.origin import Origin, hub_address  # noqa: PLC0415

    found = key_in_force(settings, home)
    if found is None:
        return None
    account = _account(replace(settings, hub_token=found.key), cancel)
    return SignedIn(account, Origin.of(hub_address(settings.hub_url)).text, found.where)


def key_place(settings: Settings, home: Home) -> str | None:
    """Return where the key for the hub in `settings` lies, None when there is none. Asks nobody."""
    from loradex.hub.keys import KeyStore  # noqa: PLC0415
    from loradex.hub.origin import Origin, hub_address  # noqa: PLC0415

    if settings.hub_token is not None:
        return settings.hub_token_from or "the settings"
    return KeyStore(home.keys).place(Origin.of(hub_address(settings.hub_url)))


def _account(settings: Settings, cancel: CancelToken) -> HubAccount:
    from loradex.hub.client import CivitaiHub  # noqa: PLC0415

    if settings.offline:
        raise HubOffline(
            "Whose key it is can only be told by the hub.",
            hint="Take `offline` out of the settings.",
        )
    with CivitaiHub.from_settings(settings, cancel=cancel) as hub:
        return hub.account()
