"""The hub's documents as it sends them, read with patience.

Only ids are required. A value of another type than expected reads as absent, an entry that is
no object is dropped, unknown keys are ignored (the raw document keeps them): one odd field must
not cost a batch of a hundred records. Shapes: docs/civitai.md.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import (
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from loradex.domain.text import storable

LONG_TEXT = 256 * 1024
SHORT_TEXT = 2_000
MOST_ENTRIES = 5_000
"""Longest list of anything in one record."""

T = TypeVar("T")


def _or_none(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    try:
        parsed: object = parse(value)
    except ValidationError:
        return None
    return parsed


def _short(value: object) -> object:
    return storable(value, SHORT_TEXT) if isinstance(value, str) else value


def _long(value: object) -> object:
    return storable(value, LONG_TEXT) if isinstance(value, str) else value


def _entries(value: object) -> object:
    return value[:MOST_ENTRIES] if isinstance(value, list) else []


def _pairs(value: object) -> object:
    return value if isinstance(value, dict) else {}


Id = Annotated[int, Field(gt=0, lt=2**63)]
MaybeId = Annotated[Id | None, WrapValidator(_or_none)]
Count = Annotated[int | None, Field(ge=0, lt=2**31), WrapValidator(_or_none)]
Text = Annotated[str | None, BeforeValidator(_short), WrapValidator(_or_none)]
LongText = Annotated[str | None, BeforeValidator(_long), WrapValidator(_or_none)]
Flag = Annotated[bool | None, WrapValidator(_or_none)]
Maybe = Annotated[T | None, WrapValidator(_or_none)]
Entries = Annotated[list[Maybe[T]], BeforeValidator(_entries)]
"""A list; what could not be read in it is None."""
Texts = Annotated[list[Text], BeforeValidator(_entries)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, populate_by_name=False)


class FileMetadata(_Payload):
    """`files[].metadata`."""

    format: Text = None
    size: Text = None
    fp: Text = None
    quant_type: Text = Field(None, alias="quantType")


class FilePayload(_Payload):
    """One entry of `files`."""

    id: MaybeId = None
    name: Text = None
    type: Text = None
    size_kb: Annotated[
        float | None, Field(ge=0, lt=2**50, alias="sizeKB"), WrapValidator(_or_none)
    ] = None
    primary: Flag = None
    metadata: Maybe[FileMetadata] = None
    hashes: Annotated[dict[str, Text], BeforeValidator(_pairs), WrapValidator(_or_none)] | None = (
        None
    )
    download_url: Text = Field(None, alias="downloadUrl")
    pickle_scan: Text = Field(None, alias="pickleScanResult")
    virus_scan: Text = Field(None, alias="virusScanResult")


class ImagePayload(_Payload):
    """One entry of `images`, or one item of the gallery."""

    id: MaybeId = None
    url: Text = None
    type: Text = None
    level: Annotated[int | str | None, WrapValidator(_or_none)] = Field(None, alias="nsfwLevel")
    browsing_level: Count = Field(None, alias="browsingLevel")
    old_level: Annotated[str | None, WrapValidator(_or_none)] = Field(None, alias="nsfw")
    """2023's text in place of a number; a bool today, which reads as None."""
    width: Count = None
    height: Count = None
    blurhash: Text = Field(None, alias="hash")


class PaidAccessPayload(_Payload):
    """`paidAccess` of a version: who may download it."""

    permanent: Flag = None
    ends_at: Text = Field(None, alias="endsAt")


class UpstreamPayload(_Payload):
    """`upstream` of a version: what the hub that published it says of who may download it there.

    Told by another loradex (docs/serving.md), which gives what it has to whoever may ask it.
    """

    usage_control: Text = Field(None, alias="usageControl")
    paid_access: Maybe[PaidAccessPayload] = Field(None, alias="paidAccess")


class StatsPayload(_Payload):
    """`stats`; a creator may hide any of them."""

    downloads: Count = Field(None, alias="downloadCount")
    likes: Count = Field(None, alias="thumbsUpCount")


class ParentPayload(_Payload):
    """`model` inside a version: all that a version knows of its model."""

    name: Text = None
    type: Text = None


class VersionPayload(_Payload):
    """A version: by itself, or inside a model (then without `modelId`)."""

    id: Id
    model_id: MaybeId = Field(None, alias="modelId")
    name: Text = None
    base_model: Text = Field(None, alias="baseModel")
    trained_words: Texts = Field([], alias="trainedWords")
    level: Count = Field(None, alias="nsfwLevel")
    description: LongText = None
    published_at: Text = Field(None, alias="publishedAt")
    air: Text = None
    usage_control: Text = Field(None, alias="usageControl")
    position: Count = Field(None, alias="index")
    paid_access: Maybe[PaidAccessPayload] = Field(None, alias="paidAccess")
    early_access_ends: Text = Field(None, alias="earlyAccessEndsAt")
    early_access_deadline: Text = Field(None, alias="earlyAccessDeadline")
    early_access_days: Count = Field(None, alias="earlyAccessTimeFrame")
    """How early access was told before `paidAccess`, and in lists."""
    upstream: Maybe[UpstreamPayload] = None
    files: Entries[FilePayload] = []
    images: Entries[ImagePayload] = []
    model: Maybe[ParentPayload] = None


class ModelPayload(_Payload):
    """A model. Its versions are read one by one from the raw document, see `translate`."""

    id: Id
    name: Text = None
    type: Text = None
    description: LongText = None
    tags: Texts = []
    creator: Text = Field(None, validation_alias=AliasPath("creator", "username"))
    level: Count = Field(None, alias="nsfwLevel")
    mode: Text = None
    stats: Maybe[StatsPayload] = None
    versions: Annotated[list[object], BeforeValidator(_entries)] = Field([], alias="modelVersions")
    commercial_use: object = Field(None, alias="allowCommercialUse")
    no_credit: Flag = Field(None, alias="allowNoCredit")
    derivatives: Flag = Field(None, alias="allowDerivatives")
    different_licence: Flag = Field(None, alias="allowDifferentLicense")


class HitPayload(_Payload):
    """One row of the by-hash ids answer."""

    version_id: Id = Field(alias="modelVersionId")
    model_id: MaybeId = Field(None, alias="modelId")
    hash: str


class AccountPayload(_Payload):
    """What `/me` tells, less what is none of our business."""

    username: Text = None
    tier: Text = None
