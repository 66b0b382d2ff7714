"""What other tools' files beside models say, and what loradex would have them say.

Free of any tool's format: a dialect (`loradex.plugin_api.SidecarDialect`) turns its file into
`SidecarClaims`, and what loradex knows, a `SidecarModel`, into the keys of its file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.preferences import Preferences


@dataclass(frozen=True, slots=True)
class SidecarDocument:
    """A sidecar as it was read: bounded in size and depth, and not to be trusted otherwise."""

    name: str
    """The file's name, without folders."""
    value: object = None
    """The JSON in it; None for a dialect of plain text."""
    text: str = ""
    """The whole text, for a dialect of plain text."""


@dataclass(frozen=True, slots=True)
class SidecarClaims:
    """What a sidecar says. Empty values say nothing."""

    miss: bool = False
    """The tool asked the hub, and it did not have the file."""

    # which bytes it speaks of
    sha256: tuple[str, ...] = ()
    """Lower-case hex. Several where a version has several files and the sidecar means one."""
    blake3: tuple[str, ...] = ()
    tensor_hash: tuple[str, ...] = ()
    """First twelve digits of the SHA-256 of the tensors (AutoV3)."""
    size: int | None = None
    file_name: str = ""
    """The model file that is meant, with its suffix."""

    # the hub's page
    model_id: int | None = None
    version_id: int | None = None
    """CivitAI's numbers."""
    hub_version: object | None = None
    """The hub's document of the version, as it came from there."""
    hub_model: object | None = None
    """The hub's document of the model, with its versions."""
    gone: bool = False
    """The tool found the page deleted."""
    link: str = ""
    """The page, where it is not on CivitAI."""

    # what it is
    title: str = ""
    """What the tool shows it as."""
    model_name: str = ""
    version_name: str = ""
    model_type: str = ""
    """In the hub's words: `LORA`, `Checkpoint` …"""
    base_model: str = ""
    """In the hub's words: `SDXL 1.0`, `Pony` …"""
    creator: str = ""
    description: str = ""
    """HTML or plain text."""
    version_description: str = ""
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    content_level: int | None = None

    # what a person set there
    note: str = ""
    favourite: bool = False
    preferences: Preferences = field(default_factory=Preferences)

    preview: str = ""
    """A picture as a `data:` address."""
    refused: tuple[str, ...] = ()
    """What could not be taken, a sentence each."""


@dataclass(frozen=True, slots=True)
class SidecarHub:
    """A model's page on CivitAI, as loradex keeps it."""

    model_id: int
    version_id: int
    model_name: str
    version_name: str
    model_type: str
    base_model: str
    creator: str
    model_description: str
    """HTML, as the hub has it."""
    version_description: str
    words: tuple[str, ...]
    """As the hub has them."""
    tags: tuple[str, ...]
    content_level: int
    published_at: str
    gone: bool
    version: dict[str, object]
    """The hub's document of the version, with `modelId` and `model`."""
    whole: bool
    """The hub's own document is known; else `version` was made of what little there is."""
    model: dict[str, object]
    """The hub's document of the model; empty where only the version is known."""


@dataclass(frozen=True, slots=True)
class SidecarModel:
    """All that loradex can tell a tool of one model file. Digests are lower-case hex or empty."""

    file_name: str
    """With its suffix."""
    path: str
    """Absolute, with `/`."""
    size: int
    modified: float
    """Unix time of the file's last change."""
    added: float
    """Unix time when loradex first saw it."""
    now: float
    sha256: str = ""
    blake3: str = ""
    crc32: str = ""
    autov1: str = ""
    autov3: str = ""
    tensor_sha256: str = ""
    """All 64 digits, where the header tells them and they agree with `autov3`."""
    name: str = ""
    kind: str = "unknown"
    """A `ModelKind`."""
    algorithm: str = ""
    base: str = ""
    """A `BaseModel`, empty when it cannot be told."""
    base_model: str = ""
    """The same in the hub's words, derivative included."""
    creator: str = ""
    description: str = ""
    """Plain text; empty where the hub's is all there is."""
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    removed_tags: tuple[str, ...] = ()
    """Those that the person took off, folded."""
    note: str = ""
    favourite: bool = False
    rating: int | None = None
    content_level: int | None = None
    prediction: str = ""
    preferences: Preferences = field(default_factory=Preferences)
    hub: SidecarHub | None = None
    preview: str = ""
    """Path of a picture beside the model, absolute, with `/`; empty when there is none."""
    own: tuple[str, ...] = ()
    """Which of these the person said in loradex: `words`, `note`, `favourite`, `preferences`."""


class KeyRule(StrEnum):
    """What becomes of a key that the file has already."""

    FILE = "file"
    """A fact of the model file: loradex's value, whatever stands there."""
    HUB = "hub"
    """What hubs say: loradex's value where it has one; tables are merged, key by key."""
    PERSON = "person"
    """People change it in that tool: what stands there stays, unless loradex wrote it, or the
    person has said otherwise in loradex and nobody has touched it there since."""
    ONCE = "once"
    """Written where it is missing or empty."""


@dataclass(frozen=True, slots=True)
class SidecarKey:
    """One key of a sidecar, and what loradex would write there. Empty values replace nothing."""

    key: str
    value: object
    rule: KeyRule = KeyRule.HUB
    own: str = ""
    """The name in `SidecarModel.own` under which the person may have said it in loradex."""


TEXT_KEY = ""
"""The key of a dialect of plain text: its value is the whole file."""
