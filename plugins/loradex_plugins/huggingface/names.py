"""What people call things on the Hub: page addresses, `hf:owner/name`, portable AIR names."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from loradex.domain.hub_reference import HubReference

HUB = "huggingface"

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_SLUG = re.compile(rf"(?:{_PART}/)?{_PART}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# The form in docs/civitai.md: ecosystem and type may be missing, a format may follow.
_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[a-z0-9_.-]*:){0,2}huggingface:"
    r"(?P<slug>[^@+:\s]+)(?:@(?P<revision>[^+\s]+?))?(?:\+\d+)?"
    r"(?:\.(?:safetensors|gguf|ckpt|pt|bin))?",
    re.IGNORECASE,
)
_VIEWS = frozenset({"blob", "resolve", "raw", "tree", "commit", "blame", "commits"})
_OTHER_SECTIONS = frozenset(
    {"api", "blog", "collections", "datasets", "docs", "kernels", "models", "organizations"}
    | {"papers", "posts", "settings", "spaces", "tasks"}
)
_LONGEST = 1024


def is_slug(text: str) -> bool:
    """Tell whether a repository may be called this: `owner/name`, old ones have no owner."""
    return (
        len(text) <= 96
        and _SLUG.fullmatch(text) is not None
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


def is_commit(text: str) -> bool:
    """Tell whether a revision names one state for good."""
    return _COMMIT.fullmatch(text) is not None


def version_slug(slug: str, commit: str) -> str:
    """Return the name of a repository's state."""
    return f"{slug}@{commit}"


def split_version_slug(text: str) -> tuple[str, str] | None:
    """Return repository and commit of a `version_slug`; None for anything else."""
    slug, _, commit = text.rpartition("@")
    return (slug, commit) if is_slug(slug) and is_commit(commit) else None


def file_address(endpoint: str, slug: str, revision: str, path: str) -> str:
    """Return where the bytes of a file are."""
    return f"{endpoint}/{slug}/resolve/{quote(revision, safe='')}/{quote(path)}"


def recognised(text: str, endpoint: str) -> HubReference | None:
    """Return what a text names on the Hub; None if it is not the Hub's or names no repository."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.lower().startswith("hf:"):
        return _short(text[3:].removeprefix("//"))
    if (air := _AIR.fullmatch(text)) is not None:
        return _reference(air["slug"], air["revision"])
    return _address(text, endpoint)


def _short(text: str) -> HubReference | None:
    """Read `owner/name[/path][@revision]`, and `owner/name@revision/path` as the Hub writes it."""
    owner, slash, rest = text.removeprefix("models/").partition("/")
    name, separator, tail = _parted(rest if slash else owner)
    slug = f"{owner}/{name}" if slash else name
    if separator == "@":
        revision, _, path = tail.partition("/")
    else:
        path, _, revision = tail.partition("@")
    return _reference(slug, unquote(revision), path)


def _parted(text: str) -> tuple[str, str, str]:
    """Return a name, what ends it (`/`, `@` or nothing), and what follows."""
    match = re.search(r"[/@]", text)
    if match is None:
        return text, "", ""
    return text[: match.start()], match[0], text[match.end() :]


def _address(text: str, endpoint: str) -> HubReference | None:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.netloc.casefold().removeprefix("www.")
    except ValueError:
        return None
    hosts = {"huggingface.co", "hf.co", urlsplit(endpoint).netloc.casefold()}
    if parts.scheme not in {"https", "http"} or host not in hosts:
        return None
    segments = [unquote(part) for part in parts.path.strip("/").split("/")]
    if len(segments) < 2 or segments[0] in _OTHER_SECTIONS:
        return None
    if segments[1] in _VIEWS:  # an old repository without an owner
        segments.insert(0, "")
    owner, name, *rest = segments
    slug = f"{owner}/{name}" if owner else name
    if not rest:
        return _reference(slug)
    view, *where = rest
    if view not in _VIEWS or not where:
        return _reference(slug)
    revision, *path = where
    # A folder is no file: the whole repository is meant.
    return _reference(slug, revision, "" if view == "tree" else "/".join(path))


def _reference(slug: str, revision: str | None = None, path: str = "") -> HubReference | None:
    if not is_slug(slug) or any(part in {".", ".."} for part in path.split("/")):
        return None
    return HubReference(HUB, slug=slug, revision=revision or None, path=path or None)
