"""Odd documents: what is missing, of another type, hostile or too much."""

from __future__ import annotations

import json

import httpx
import pytest

from loradex.domain.hub import HubVersion
from loradex.errors import HubUnexpectedAnswer
from loradex.hub.links import Links
from loradex.hub.payloads import MOST_ENTRIES
from loradex.hub.times import utc_time
from loradex.hub.translate import RAW_LIMIT, Translator, as_text, commercial_uses

translate = Translator(Links(httpx.URL("https://civitai.com")))


def version(**more: object) -> HubVersion:
    return translate.version({"id": 1, "modelId": 2} | more)


def test_ids_alone_make_a_version() -> None:
    bare = version()

    assert (bare.id, bare.model_id, bare.name, bare.base_model) == (1, 2, "", "")
    assert (bare.files, bare.images, bare.trained_words) == ((), (), ())
    assert (bare.content_level, bare.description, bare.published_at) == (0, None, None)
    assert translate.model({"id": 3}).versions == ()


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"id": 1},
        {"id": None, "modelId": 2},
        {"id": 0, "modelId": 2},
        {"id": -1, "modelId": 2},
        {"id": 2**63, "modelId": 2},
        {"id": 10**400, "modelId": 2},
        {"id": 1, "modelId": {}},
    ],
)
def test_without_ids_there_is_no_version(document: object) -> None:
    with pytest.raises(HubUnexpectedAnswer):
        translate.version(document)


@pytest.mark.parametrize("odd", [None, 5, -1, 1.5, True, "text", [], {}, [None], [[]], {"a": 1}])
@pytest.mark.parametrize(
    "key",
    [
        "name",
        "baseModel",
        "trainedWords",
        "nsfwLevel",
        "description",
        "publishedAt",
        "air",
        "usageControl",
        "index",
        "paidAccess",
        "earlyAccessEndsAt",
        "earlyAccessTimeFrame",
        "files",
        "images",
        "model",
    ],
)
def test_an_odd_field_costs_that_field_only(key: str, odd: object) -> None:
    good = {"name": "v1", "files": [{"id": 7}], "nsfwLevel": 1}

    read = version(**(good | {key: odd}))

    assert read.id == 1
    assert key == "name" or read.name == "v1"
    assert key == "files" or [file.id for file in read.files] == [7]
    assert key == "nsfwLevel" or read.content_level == 1


@pytest.mark.parametrize("odd", [None, -1, 1e300, True, "text", [], {}, [None], {"a": []}])
@pytest.mark.parametrize(
    "key",
    [
        "id",
        "name",
        "type",
        "sizeKB",
        "primary",
        "metadata",
        "hashes",
        "downloadUrl",
        "pickleScanResult",
        "virusScanResult",
        "unknown",
    ],
)
def test_an_odd_file_stays_a_file(key: str, odd: object) -> None:
    [file] = version(files=[None, 7, {"id": 7, "type": "Model", "sizeKB": 1.5} | {key: odd}]).files

    assert key == "type" or file.type == "Model"
    assert key == "sizeKB" or file.size_bytes == 1536
    assert file.size_bytes is None or 0 <= file.size_bytes < 2**63


@pytest.mark.parametrize("odd", [None, -1, 2**40, 1.5, True, "text", [], {}])
@pytest.mark.parametrize("key", ["id", "nsfwLevel", "nsfw", "width", "height", "hash", "type"])
def test_an_odd_image_stays_an_image(key: str, odd: object) -> None:
    [image] = version(images=[{"url": "https://image.example/a.png"} | {key: odd}]).images

    assert image.url == "https://image.example/a.png"
    assert 0 <= image.content_level < 2**31


@pytest.mark.parametrize("url", [None, "", "file:///etc/passwd", "javascript:alert(1)", "data:,x"])
def test_an_image_without_a_web_address_is_none(url: str | None) -> None:
    assert version(images=[{"url": url, "id": 1}]).images == ()


@pytest.mark.parametrize(
    ("document", "level"),
    [
        ({"nsfwLevel": 4}, 4),
        ({"nsfwLevel": "Soft", "browsingLevel": 2}, 2),
        ({"nsfwLevel": "Mature"}, 4),
        ({"nsfw": "None"}, 1),
        ({"nsfw": "X"}, 8),
        ({"nsfw": "Blocked"}, 32),
        ({"nsfw": "new word"}, 0),
        ({"nsfw": False}, 0),
        ({}, 0),
    ],
)
def test_levels_as_numbers_and_words(document: dict[str, object], level: int) -> None:
    read = version(images=[{"url": "https://image.example/a.png"} | document])

    assert read.images[0].content_level == level
    assert read.content_level == level


def test_hashes_are_lower_case_hex_or_absent() -> None:
    [file] = version(
        files=[
            {
                "hashes": {
                    "SHA256": "AB" * 32,
                    "AutoV3": "CD" * 32,
                    "BLAKE3": "xyz",
                    "CRC32": None,
                    "AutoV2": 5,
                    "bad name": "ab" * 32,
                }
            }
        ]
    ).files

    assert (file.sha256, file.autov3) == ("ab" * 32, "cd" * 6)
    assert file.hashes == {"SHA256": "ab" * 32, "AutoV3": "cd" * 32}


@pytest.mark.parametrize("sha256", ["ab" * 31, "ab" * 33, "AB", "g" * 64])
def test_a_sha256_of_another_length_is_none(sha256: str) -> None:
    [file] = version(files=[{"hashes": {"SHA256": sha256}}]).files

    assert file.sha256 is None


@pytest.mark.parametrize(
    ("file", "link"),
    [
        ({"id": 7}, "https://civitai.com/api/download/models/1?fileId=7"),
        ({"id": 7, "primary": True}, "https://civitai.com/api/download/models/1?fileId=7"),
        ({"primary": True}, "https://civitai.com/api/download/models/1"),
        ({}, None),
    ],
)
def test_links_come_from_ids_never_from_the_answer(
    file: dict[str, object], link: str | None
) -> None:
    evil = {"downloadUrl": "https://evil.example/malware"}

    assert version(files=[file | evil]).files[0].download_url == link


@pytest.mark.parametrize(
    ("value", "uses"),
    [
        ("{Image,RentCivit,Rent}", ("Image", "RentCivit", "Rent")),
        ('{"Image",Sell}', ("Image", "Sell")),
        ("{}", ()),
        ("", ()),
        ("Sell", ("Sell",)),
        (["Image", "Sell", None, 5, "\x1b[2J"], ("Image", "Sell")),
        ([], ()),
        (None, None),
        (5, None),
        ({}, None),
    ],
)
def test_commercial_use_in_all_its_shapes(value: object, uses: tuple[str, ...] | None) -> None:
    assert commercial_uses(value) == uses


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-02-11T09:30:00.000Z", "2026-02-11T09:30:00Z"),
        ("2026-02-11T09:20:41.12", "2026-02-11T09:20:41Z"),
        ("2026-02-11T09:20:41.123456", "2026-02-11T09:20:41Z"),
        ("2026-02-11T09:20:41+02:00", "2026-02-11T07:20:41Z"),
        ("2026-02-11", "2026-02-11T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text: str | None, time: str | None) -> None:
    assert utc_time(text) == time


LATER = "2999-01-01T00:00:00.000Z"
UNTIL = "2999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("document", "until", "paid"),
    [
        ({}, None, False),
        ({"paidAccess": None}, None, False),
        ({"paidAccess": {"permanent": False, "endsAt": LATER}}, UNTIL, False),
        # A time that is over is kept: what it means is a matter of now.
        ({"paidAccess": {"endsAt": "2020-01-01"}}, "2020-01-01T00:00:00Z", False),
        ({"paidAccess": {"permanent": False, "endsAt": None}}, None, False),
        ({"paidAccess": {"permanent": True, "endsAt": None}}, None, True),
        ({"paidAccess": {}}, None, False),
        ({"paidAccess": "odd"}, None, False),
        # The old words count where the new one is missing, and only there.
        ({"earlyAccessEndsAt": LATER, "availability": "EarlyAccess"}, UNTIL, False),
        ({"earlyAccessDeadline": LATER}, UNTIL, False),
        ({"paidAccess": None, "earlyAccessEndsAt": LATER}, None, False),
        ({"paidAccess": {"endsAt": LATER}, "earlyAccessEndsAt": "2020-01-01"}, UNTIL, False),
        (
            {"earlyAccessTimeFrame": 14, "publishedAt": "2023-02-20T10:00:00.000Z"},
            "2023-03-06T10:00:00Z",
            False,
        ),
        ({"earlyAccessTimeFrame": 0, "publishedAt": "2023-02-20T10:00:00.000Z"}, None, False),
        ({"earlyAccessTimeFrame": 14}, None, False),
        ({"earlyAccessTimeFrame": 2**31 - 1, "publishedAt": LATER}, None, False),
        ({"earlyAccessTimeFrame": 3650, "publishedAt": "9999-01-01"}, None, False),
        ({"earlyAccessEndsAt": "soon"}, None, False),
    ],
)
def test_early_access_in_new_and_old_words(
    document: dict[str, object], until: str | None, paid: bool
) -> None:
    read = version(**document)

    assert (read.early_access_until, read.paid) == (until, paid)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"size": "pruned", "fp": "fp16"}, ("pruned", "fp16", None)),
        ({"quantType": "Q4_K_M"}, (None, None, "Q4_K_M")),
        ({"quantType": "None", "fp": "bf16"}, (None, "bf16", None)),
        ({"size": None, "fp": None, "quantType": ""}, (None, None, None)),
        ({}, (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_what_a_file_is_made_of(
    metadata: object, said: tuple[str | None, str | None, str | None]
) -> None:
    [file] = version(files=[{"metadata": metadata}]).files

    assert (file.size_type, file.precision, file.quantisation) == said


def test_the_hubs_own_scans_and_places() -> None:
    read = version(
        index=3, files=[{"pickleScanResult": "Danger", "virusScanResult": "Pending"}, {"id": 2}]
    )

    assert read.position == 3
    assert [(f.pickle_scan, f.virus_scan) for f in read.files] == [
        ("Danger", "Pending"),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("stats", "numbers"),
    [
        ({"downloadCount": 5, "thumbsUpCount": 2}, (5, 2)),
        ({"downloadCount": None, "thumbsUpCount": 0}, (None, 0)),
        ({"downloadCount": -1, "thumbsUpCount": "many"}, (None, None)),
        (None, (None, None)),
        ([], (None, None)),
    ],
)
def test_numbers_that_a_creator_may_hide(
    stats: object, numbers: tuple[int | None, int | None]
) -> None:
    read = translate.model({"id": 1, "stats": stats})

    assert (read.downloads, read.likes) == numbers


@pytest.mark.parametrize(
    ("document", "level"),
    [
        ({"nsfwLevel": 4, "modelVersions": [{"id": 2, "nsfwLevel": 1}]}, 4),
        ({"modelVersions": [{"id": 2, "nsfwLevel": 1}, {"id": 3, "nsfwLevel": 8}]}, 9),
        ({"nsfwLevel": 0, "modelVersions": [{"id": 2, "nsfwLevel": 1}]}, 0),
        ({}, 0),
    ],
)
def test_the_level_of_a_model(document: dict[str, object], level: int) -> None:
    assert translate.model({"id": 1} | document).content_level == level


def test_text_that_no_database_holds_is_made_storable() -> None:
    document = {"id": 1, "modelId": 2, "name": "a\x00b\ud800c", "trainedWords": ["\udfff"]}

    read = translate.version(document)

    assert read.name == r"ab\ud800c"
    assert read.trained_words == (r"\udfff",)
    assert json.loads(read.raw) == document
    read.raw.encode("utf-8")


def test_everything_is_bounded() -> None:
    read = version(
        name="n" * 10_000,
        description="d" * 1_000_000,
        trainedWords=["w" * 2_001] * (MOST_ENTRIES + 5),
        files=[{"id": 1}] * (MOST_ENTRIES + 5),
    )

    assert len(read.name) == 2_000
    assert len(read.description or "") == 256 * 1024
    assert len(read.trained_words) == len(read.files) == MOST_ENTRIES
    assert len(read.trained_words[0]) == 2_000
    assert len(read.raw) <= RAW_LIMIT


@pytest.mark.parametrize(
    ("heavy", "kept"),
    [
        ({}, {"name", "images", "description"}),
        ({"images": ["i" * RAW_LIMIT]}, {"name", "description"}),
        ({"images": ["i" * RAW_LIMIT], "description": "d" * RAW_LIMIT}, {"name"}),
        ({"name": "n" * RAW_LIMIT}, set()),
    ],
)
def test_a_raw_document_sheds_its_heaviest_parts(heavy: dict[str, object], kept: set[str]) -> None:
    document = {"id": 1, "name": "n", "images": [], "description": "d"} | heavy

    text = as_text(document)

    assert len(text) <= RAW_LIMIT
    assert set(json.loads(text)) == {"id"} | kept


def test_one_bad_version_does_not_cost_the_model() -> None:
    model = translate.model(
        {
            "id": 1,
            "name": 5,
            "creator": {"username": None},
            "tags": ["a", None, 5, {"name": "b"}],
            "modelVersions": [None, {"id": "x"}, {"id": 2}, "text"],
        }
    )

    assert [v.id for v in model.versions] == [2]
    assert (model.name, model.creator, model.tags) == ("5", None, ("a", "5"))


@pytest.mark.parametrize("creator", [None, "text", [], {}, {"username": []}])
def test_a_model_without_a_creator(creator: object) -> None:
    assert translate.model({"id": 1, "creator": creator}).creator is None


def test_a_document_nested_too_deeply_is_left_out() -> None:
    deep: object = 0
    for _ in range(5_000):
        deep = [deep]

    found = translate.each(
        [{"id": 1, "modelId": 1, "x": deep}, {"id": 2, "modelId": 1}], translate.version
    )

    assert [v.id for v in found] == [2]
