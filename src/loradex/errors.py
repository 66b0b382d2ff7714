"""Everything that can go wrong, as one tree.

    LoradexError
    ├── UsageError                 the request itself is wrong (exit code 2)
    │   ├── QueryError             a query that cannot be read; knows the place
    │   ├── BadReference           a REF that names nothing, or several things
    │   └── UnknownLibrary         a name that no library has
    ├── SettingsError
    ├── LibraryError               a library folder is missing or nested
    ├── FormatError                a model file that cannot be read as what it claims to be
    ├── CatalogError
    │   ├── CatalogBusy            another process holds the catalog too long
    │   ├── CatalogDamaged
    │   ├── CatalogTooNew          written by a newer loradex: left untouched
    │   └── CatalogReadOnly
    ├── HubError
    │   ├── HubUnreachable         no network, no such host, timeout
    │   ├── HubOffline             nothing may be asked, and the answer was not kept
    │   ├── HubAuthRequired        401
    │   │   └── DownloadsDisabled  the creator lets nobody download it
    │   ├── HubForbidden           403
    │   │   ├── HubEarlyAccess     only for those who paid; may know until when
    │   │   └── HubRegionBlocked   451
    │   ├── HubNotFound            404
    │   │   └── HubArchived        410
    │   ├── HubRateLimited         429; knows how long to wait, and what was too much
    │   ├── HubBadRequest          other 4xx
    │   ├── HubUnavailable         5xx
    │   └── HubUnexpectedAnswer    not JSON, too large, or not in the promised shape
    ├── DownloadError
    │   ├── WrongBytes             not the file that was promised: kept aside
    │   ├── NotAModel              a web page, an error text … in place of a model
    │   └── DiskFull
    ├── ServeError                 `hub serve` cannot start
    │   └── ServeExtraMissing      starlette or uvicorn is not installed
    ├── RenderError
    │   ├── ExtraMissing           torch or diffusers is not installed
    │   ├── NotRenderable          no pipeline can be built from this checkpoint
    │   └── LoraMismatch           a LoRA that does not fit the checkpoint
    ├── PluginError
    └── Cancelled                  the person stopped it

The message says what failed and on which file; the hint says what to do next. Both are plain
sentences without markup. They may hold untrusted text: whoever prints them passes them through
`loradex.domain.text.display_text` first.
"""

from __future__ import annotations


class LoradexError(Exception):
    """A failure that a person can understand: what failed, and what to do next.

    `elsewhere` is the hint of a face that has no command line; None where `hint` fits there, too.
    """

    exit_code = 1

    def __init__(
        self, message: str, *, hint: str | None = None, elsewhere: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.elsewhere = elsewhere

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class UsageError(LoradexError):
    """The request is wrong: nothing was done."""

    exit_code = 2


class QueryError(UsageError):
    """A query that cannot be read; `position` and `length` mark the place in `query`."""

    def __init__(
        self, message: str, *, query: str, position: int, length: int = 1, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.query = query
        self.position = position
        self.length = length


class BadReference(UsageError):
    """A reference (REF) that names no model, or more than one."""


class UnknownLibrary(UsageError):
    """A name that no library has."""


class SettingsError(LoradexError):
    """A setting or environment variable has a value that cannot be used."""


class LibraryError(LoradexError):
    """A library folder is missing, nested in another, or registered already."""


class FormatError(LoradexError):
    """A file that cannot be read as what it claims to be: `<path> <what>`.

    `what` is the sentence without its subject, as in `is cut short.`
    """

    def __init__(self, path: str, what: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path} {what}", hint=hint)
        self.path = path
        self.what = what


class CatalogError(LoradexError):
    """The catalog database cannot do what was asked."""


class CatalogBusy(CatalogError):
    """Another process kept the catalog locked longer than we wait."""


class CatalogDamaged(CatalogError):
    """The catalog file is not a healthy SQLite database; it was left as it is."""


class CatalogTooNew(CatalogError):
    """A newer loradex made this catalog; it was left as it is."""


class CatalogReadOnly(CatalogError):
    """The catalog or its folder cannot be written."""


class HubError(LoradexError):
    """A hub did not give what was asked. `status` is the HTTP status, if there was one."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        elsewhere: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, elsewhere=elsewhere)
        self.status = status


class HubUnreachable(HubError):
    """No connection: no network, no such host, refused, or too slow."""


class HubOffline(HubError):
    """Nothing may be asked (`--offline`), and the answer was not kept from before."""


class HubAuthRequired(HubError):
    """The hub wants a key, or refuses the one it got (401)."""


class DownloadsDisabled(HubAuthRequired):
    """The creator lets nobody download this file (401): a key does not help."""


class HubForbidden(HubError):
    """The hub refuses this to us (403): early access, blocked, or a bot check."""


class HubEarlyAccess(HubForbidden):
    """Only for those who paid. `until` is in ISO 8601, None when it stays so."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = 403,
        until: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, status=status, hint=hint)
        self.until = until


class HubRegionBlocked(HubForbidden):
    """The hub does not serve this country (451)."""


class HubNotFound(HubError):
    """The hub knows no such thing (404)."""


class HubArchived(HubNotFound):
    """The hub had it and gives it to nobody any more (410)."""


class HubRateLimited(HubError):
    """Too much (429). `retry_after` is in seconds, None when the hub did not say.

    `scope`: `requests` (asked too fast), `downloads` (the hourly quota of an account) or `pages`
    (a parameter the hub never accepts).
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        scope: str = "requests",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, status=429, hint=hint)
        self.retry_after = retry_after
        self.scope = scope


class HubBadRequest(HubError):
    """The hub does not accept the request (other 4xx)."""


class HubUnavailable(HubError):
    """The hub is in trouble (5xx)."""


class HubUnexpectedAnswer(HubError):
    """The answer is not JSON, too large, or not in the promised shape."""

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(
            message,
            status=status,
            hint=hint
            or "Check LORADEX_HUB_URL and try again later; if it stays so, the hub has changed and"
            " loradex needs an upgrade.",
        )


class DownloadError(LoradexError):
    """A file could not be fetched or put in its place."""


class WrongBytes(DownloadError):
    """What came is not the file that was promised."""


class NotAModel(DownloadError):
    """A web page, an error text or the like came in place of a model."""


class DiskFull(DownloadError):
    """There is no room for the file."""


class ServeError(LoradexError):
    """The catalog cannot be served: no place to listen, or no certificate."""


class ServeExtraMissing(ServeError):
    """A package of the `serve` extra is not installed."""


class RenderError(LoradexError):
    """A picture could not be drawn."""


class ExtraMissing(RenderError):
    """A package of the `render` extra is not installed."""


class NotRenderable(RenderError):
    """No pipeline can be built from this checkpoint."""


class LoraMismatch(RenderError):
    """A LoRA has keys that fit nothing in the checkpoint."""


class PluginError(LoradexError):
    """A plugin failed; the rest of loradex is not affected."""


class Cancelled(LoradexError):
    """The person stopped a long operation; what was finished before is kept."""
