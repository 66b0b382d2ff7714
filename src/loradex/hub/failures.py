"""The one place where trouble with a hub becomes a sentence: httpx errors and HTTP statuses."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass

import httpx

from loradex.domain.text import display_text
from loradex.errors import (
    DownloadsDisabled,
    HubArchived,
    HubAuthRequired,
    HubBadRequest,
    HubEarlyAccess,
    HubError,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
    HubUnreachable,
)
from loradex.hub.answers import Answer
from loradex.hub.origin import Origin, web_address
from loradex.hub.pacing import retry_after
from loradex.hub.times import utc_time

_OFFLINE_HINT = (
    "Check the network and LORADEX_HUB_URL; everything that is not about the hub works without it."
)
_KEY_HINT = (
    "Make a key in your account settings on the hub and run `loradex hub login`, or set"
    " LORADEX_HUB_TOKEN."
)
_LATER_HINT = "Try again later; what was found so far is kept."
_GONE_HINT = "It may have been taken down; what is in the catalog of it stays."
_CLOSED_HINT = "Everything that is not about the hub works without it."
_REQUEST_HINT = "Check LORADEX_HUB_URL; if it is right, an upgrade of loradex may help."
_DETAIL_LIMIT = 200

# The hub's own two kinds of 429 that waiting a little does not cure (docs/civitai.md).
_NOT_ABOUT_SPEED = {"too many pages": "pages", "unusual amount of downloading": "downloads"}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one try, and whether another may help.

    `wait` is what the hub asked for, in seconds; None leaves it to us.
    """

    error: HubError
    retry: bool
    wait: float | None = None


def connection_failure(error: httpx.HTTPError, label: str, read_seconds: float) -> Failure:
    """Return what a failed exchange with the server `label` means.

    `read_seconds` is how long the longest silence may be.
    """
    if _not_trusted(error):
        return Failure(
            HubUnreachable(
                f"{label} cannot be reached: its certificate is not trusted.",
                hint="A proxy or a virus scanner may stand in between; check the clock, too. The"
                " root certificate of a hub of your own goes into LORADEX_HUB_CA.",
            ),
            retry=False,
        )
    return Failure(
        HubUnreachable(
            f"{label} cannot be reached: {_reason(error, read_seconds)}.", hint=_OFFLINE_HINT
        ),
        retry=True,
    )


def out_of_time(label: str, seconds: float) -> Failure:
    """Return the failure of an exchange that dripped on until its total limit."""
    return Failure(
        HubUnreachable(
            f"{label} cannot be reached: the answer was not complete after {seconds:.0f} s.",
            hint=_OFFLINE_HINT,
        ),
        retry=True,
    )


def _reason(error: httpx.HTTPError, read_seconds: float) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.TimeoutException):
        return f"it said nothing for {read_seconds:g} s"
    if isinstance(error, httpx.ProxyError):
        return "the proxy does not let us through"
    if isinstance(error, httpx.RemoteProtocolError):
        return "it broke off or did not speak HTTP"
    if isinstance(error, httpx.ReadError | httpx.WriteError):
        return "the connection was cut"
    return _system_reason(error) or "no connection"


def _system_reason(error: BaseException) -> str | None:
    """Return the operating system's words for what is behind `error`: "Connection refused"."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            return display_text(cause.strerror, _DETAIL_LIMIT)
    return None


def _not_trusted(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def status_failure(answer: Answer, label: str, *, key_sent: bool, key_withheld: bool) -> Failure:
    """Return what an answer that is no success means."""
    status = answer.status
    if status == 429:
        return _too_many(answer, label)
    if status >= 500:
        wait = retry_after(answer.headers.get("retry-after"))
        return Failure(_in_trouble(answer, label), retry=True, wait=wait)
    if status == 401 and "disabled downloads" in said(answer).lower():
        return Failure(_not_for_download(label), retry=False)
    if status == 401:
        return Failure(_key_wanted(label, sent=key_sent, withheld=key_withheld), retry=False)
    return Failure(_refused(answer, label), retry=False)


def _too_many(answer: Answer, label: str) -> Failure:
    wait = retry_after(answer.headers.get("retry-after"))
    detail = said(answer)
    for words, scope in _NOT_ABOUT_SPEED.items():
        if words in detail.lower():
            sentence = f"{label} refuses more requests{_because(detail)}"
            return Failure(
                HubRateLimited(sentence, scope=scope, retry_after=wait, hint=_LATER_HINT),
                retry=False,
            )
    how_long = "" if wait is None else f" for {wait:.0f} s"
    error = HubRateLimited(
        f"{label} wants us to stop asking{how_long}: too many requests (status 429).",
        retry_after=wait,
        hint=_LATER_HINT,
    )
    # Without Retry-After only the edge's own page tells that this is about speed.
    return Failure(error, retry=wait is not None or not answer.says_json, wait=wait)


def _in_trouble(answer: Answer, label: str) -> HubError:
    return HubUnavailable(
        f"{label} is in trouble (status {answer.status}){_because(said(answer))}",
        status=answer.status,
        hint=_LATER_HINT,
    )


def redirect_error(response: httpx.Response, label: str) -> HubError:
    """Return the error for a redirect: the API has none, so it leads away from the hub."""
    return HubUnexpectedAnswer(
        f"{label} wants to send us elsewhere{_target(response)} (status {response.status_code}); "
        "this was not followed.",
        status=response.status_code,
        hint="A sign-in page of the network may stand in between, or LORADEX_HUB_URL is not "
        "the hub's own address.",
    )


def _target(response: httpx.Response) -> str:
    """Return " to host", never the address itself: it may be signed."""
    try:
        url = web_address(response.headers.get("location", ""))
    except httpx.InvalidURL:
        return ""
    return f" to {display_text(Origin.of(url).label, _DETAIL_LIMIT)}" if url.host else ""


def _not_for_download(label: str) -> HubError:
    return DownloadsDisabled(
        f"{label} gives this file to nobody: its creator disabled downloads.",
        status=401,
        hint="It can only be used on the site; look for another version.",
    )


def _key_wanted(label: str, *, sent: bool, withheld: bool) -> HubError:
    if sent:
        return HubAuthRequired(
            f"The hub at {label} refuses the key it was given.", status=401, hint=_KEY_HINT
        )
    if withheld:
        return HubAuthRequired(
            f"The hub at {label} wants a key, and ours was not sent: the way there is not private.",
            status=401,
            hint="Use an https:// address in LORADEX_HUB_URL.",
        )
    return HubAuthRequired(f"The hub at {label} wants a key.", status=401, hint=_KEY_HINT)


def _refused(answer: Answer, label: str) -> HubError:
    status = answer.status
    because = _because(said(answer))
    if status == 404:
        return HubNotFound(f"{label} knows no such thing{because}", status=status, hint=_GONE_HINT)
    if status == 410:
        return HubArchived(f"{label} no longer has this{because}", status=status, hint=_GONE_HINT)
    if status == 451:
        return HubRegionBlocked(
            f"{label} does not serve this country{because}", status=status, hint=_CLOSED_HINT
        )
    if status == 403:
        return _forbidden(answer, label, because)
    if status < 300:
        return HubUnexpectedAnswer(
            f"{label} gave an answer without content (status {status}).", status=status
        )
    return HubBadRequest(
        f"{label} does not accept the request{because}", status=status, hint=_REQUEST_HINT
    )


def _forbidden(answer: Answer, label: str, because: str) -> HubError:
    if not answer.says_json:
        return HubForbidden(
            f"{label} took us for a robot and refused (status 403).",
            status=403,
            hint="Wait a while, or try another network; a VPN often causes this.",
        )
    early = _early_access(answer)
    if early is None:
        return HubForbidden(f"{label} refuses this to us{because}", status=403, hint=_CLOSED_HINT)
    until = early[0]
    when = f" until {until}" if until else ""
    return HubEarlyAccess(
        f"{label} gives this only to those who paid for early access{when}.",
        until=until,
        hint="Try again after that time." if until else "Buy access on its page, or pass it by.",
    )


def _early_access(answer: Answer) -> tuple[str | None] | None:
    """Return until when only those who paid get it (None: for good); None if it is not that."""
    try:
        document = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("error") != "Early Access":
        return None
    deadline = document.get("deadline")
    return (utc_time(deadline) if isinstance(deadline, str) else None,)


def _because(detail: str) -> str:
    """Return the end of a sentence that gives the hub's own reason, if it gave one."""
    if not detail:
        return "."
    return f": {detail}" if detail.endswith((".", "!", "?", "…")) else f": {detail}."


def said(answer: Answer) -> str:
    """Return the hub's own words in an error, on one safe line; "" if it gave none.

    There is no single error shape (docs/civitai.md): `error` as text, `error.message`,
    `message`, or an array of issues with messages. Of `error` and `message` the longer is the
    sentence, the other a catchword.
    """
    if not answer.says_json:
        return ""
    try:
        document = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return ""
    text = _words(document)
    return display_text(" ".join(text.split()), _DETAIL_LIMIT) if text else ""


def _words(document: object) -> str | None:
    if isinstance(document, list):
        issues = [_words(issue) for issue in document[:3]]
        return "; ".join(issue for issue in issues if issue)
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return _issues_in(error["message"])
    texts = [text for text in (error, document.get("message")) if isinstance(text, str)]
    return max(texts, key=len, default=None)


def _issues_in(message: str) -> str:
    """Return the plain messages of a ZodError, whose message is JSON text once more."""
    try:
        issues = json.loads(message)
    except (ValueError, RecursionError):
        return message
    return _words(issues) or message
