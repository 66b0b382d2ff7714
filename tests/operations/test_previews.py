"""Previews: small stills without metadata, kept within bounds, never above the limit."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub import HubImage
from loradex.domain.progress import CancelToken
from loradex.errors import FormatError
from loradex.hub.pictures import PictureFetcher
from loradex.operations import previews
from loradex.operations.matching import found
from loradex.operations.previews import first_shown, for_content, prefetch, preview_path
from loradex.operations.previews.links import still_link
from loradex.operations.previews.shelf import FOLDERS, PreviewShelf
from loradex.operations.previews.shrinking import shrunk
from loradex.paths import Home
from loradex.settings import Settings

SAFE = ContentLimit.SAFE
UUID = "0f4c7c1e-8b1f-4a55-9c1f-0b6f2f3a4d5e"
CDN = f"https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/{UUID}"


@pytest.mark.parametrize(
    ("url", "kind", "width", "asked"),
    [
        (f"{CDN}/original=true/9.jpeg", "image", 450, f"{CDN}/width=450,optimized=true/9.jpeg"),
        (f"{CDN}/width=450/9.jpeg", "image", 300, f"{CDN}/width=320,optimized=true/9.jpeg"),
        (f"{CDN}/original=true/9.jpeg", "image", 700, f"{CDN}/width=800/9.jpeg"),
        (f"{CDN}/original=true/9.jpeg", "image", 9000, f"{CDN}/width=1600/9.jpeg"),
        (
            f"{CDN}/original=true/9.mp4",
            "video",
            450,
            f"{CDN}/transcode=true,width=450,optimized=true,anim=false/9.jpeg",
        ),
        (
            f"http://127.0.0.1:8000/localhub/{UUID}/original=true/9.jpeg",
            "image",
            96,
            f"http://127.0.0.1:8000/localhub/{UUID}/width=96,optimized=true/9.jpeg",
        ),
        # Left alone: another host, port, scheme or shape.
        *(
            (url, "image", 450, url)
            for url in (
                f"https://image.civitai.com.evil.example/a/{UUID}/original=true/9.jpeg",
                f"https://evil.example/image.civitai.com/a/{UUID}/original=true/9.jpeg",
                f"https://b2.civitai.com/a/{UUID}/original=true/9.jpeg",
                f"https://image.civitai.com:8443/a/{UUID}/original=true/9.jpeg",
                f"https://x@image.civitai.com/a/{UUID}/original=true/9.jpeg",
                f"http://image.civitai.com/a/{UUID}/original=true/9.jpeg",
                f"http://127.0.0.1:99999999/a/{UUID}/original=true/9.jpeg",
                f"{CDN}/original=true/deeper/9.jpeg",
                f"{CDN}/original=true/9.jpeg?sig=1",
                f"{CDN}/original/9.jpeg",
                f"{CDN}/9.jpeg",
                "https://image.civitai.com/a/not-a-uuid/original=true/9.jpeg",
                "https://[",
            )
        ),
        # A still of these is nowhere to be had.
        ("https://pictures.example/9.mp4", "video", 450, None),
        (f"{CDN}/original=true/9.mp3", "audio", 450, None),
    ],
)
def test_where_a_small_still_is_asked_for(
    url: str, kind: str, width: int, asked: str | None
) -> None:
    assert still_link(url, kind, width) == asked


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **more)  # type: ignore[arg-type]
    return file.getvalue()


def plain(size: tuple[int, int] = (900, 600), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, "orange" if mode == "RGB" else 200)


def moving() -> tuple[Image.Image, list[Image.Image]]:
    return plain(), [Image.new("RGB", (900, 600), "blue")]


def orientation(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = number
    exif[0x010E] = "a secret of the maker"
    return exif


def telling() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a secret of the maker")
    info.add_itxt("XML:com.adobe.xmp", "a secret of the maker", zip=True)
    return info


@pytest.mark.parametrize(
    ("data", "size", "suffix"),
    [
        (saved(plain(), "PNG", pnginfo=telling()), (450, 300), ".jpg"),
        (saved(plain(), "JPEG", exif=orientation(1), comment=b"a secret of"), (450, 300), ".jpg"),
        (saved(plain(), "JPEG", exif=orientation(6)), (450, 675), ".jpg"),
        (saved(plain(), "WEBP", exif=orientation(1), xmp=b"a secret of"), (450, 300), ".jpg"),
        (saved(plain(mode="L"), "PNG"), (450, 300), ".jpg"),
        (saved(plain().convert("CMYK"), "JPEG"), (450, 300), ".jpg"),
        (saved(plain().convert("P"), "PNG"), (450, 300), ".jpg"),
        (saved(plain((300, 200)), "PNG"), (300, 200), ".jpg"),
        (saved(plain((40, 9000)), "PNG"), (8, 1800), ".jpg"),
        (saved(Image.new("RGBA", (900, 600), (9, 9, 9, 90)), "PNG"), (450, 300), ".webp"),
        (saved(Image.new("RGBA", (900, 600), (9, 9, 9, 255)), "PNG"), (450, 300), ".jpg"),
        (
            saved(moving()[0], "GIF", save_all=True, append_images=moving()[1]),
            (450, 300),
            ".jpg",
        ),
        (
            saved(moving()[0], "WEBP", save_all=True, append_images=moving()[1]),
            (450, 300),
            ".jpg",
        ),
    ],
)
def test_what_comes_out_is_small_still_and_says_nothing(
    data: bytes, size: tuple[int, int], suffix: str
) -> None:
    small, kind = shrunk(data, 450)

    assert kind == suffix
    assert b"secret" not in small
    with Image.open(io.BytesIO(small)) as image:
        assert image.size == size
        assert getattr(image, "n_frames", 1) == 1
        assert not image.getexif()
        assert image.info.keys() <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "loop",
        } | {
            "background",
            "timestamp",
            "duration",
        }
        if suffix == ".jpg" and image.size[0] == 450 and size == (450, 300):
            red, _, blue = image.convert("RGB").getpixel((200, 100))  # type: ignore[misc]
            assert red >= blue, "the first frame is the orange one"


def lying_png() -> bytes:
    """A PNG of a few bytes that says it has 100,000 x 100,000 pixels."""
    import struct  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + head
        + struct.pack(">I", zlib.crc32(head))
        + b"\0\0\0\0IDAT"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        lying_png(),
        saved(Image.new("1", (8000, 7000)), "PNG"),
        saved(plain(), "PNG")[:200],
        saved(plain(), "JPEG")[:700],
        b"\xff\xd8\xff" + bytes(100),
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"GIF89a\xff\xff\xff\xff\0\0\0",
        saved(plain(), "TIFF"),
        saved(plain(), "BMP"),
    ],
)
def test_what_is_no_such_picture_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="preview cannot be shown"):
        shrunk(data, 450)


def test_the_shelf_lets_the_longest_unused_go(home: Home) -> None:
    now = 1000.0
    shelf = PreviewShelf(home, most_bytes=FOLDERS * 3000, clock=lambda: now)
    names = [f"ab{n}" for n in range(3)]
    for name in names:
        now += 10
        shelf.put(name, ".jpg", bytes(1000))
    now += 10
    assert shelf.find("ab0") is not None  # used again
    now += 10
    shelf.put("ab9", ".webp", bytes(1000))

    assert [name for name in (*names, "ab9") if shelf.find(name)] == ["ab0", "ab2", "ab9"]
    left = [path for path in (home.cache / "previews").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) <= 3000


def test_the_shelf_forgets_failures(home: Home) -> None:
    now = 1000.0
    shelf = PreviewShelf(home, clock=lambda: now)
    shelf.note_failure("ab1", 60)
    assert shelf.failed_lately("ab1")
    assert not shelf.failed_lately("ab2")
    now += 61
    assert not shelf.failed_lately("ab1")
    shelf.put("ab2", ".jpg", b"x")
    assert [p.name for p in (home.cache / "previews" / "ab").iterdir()] == ["ab2.jpg"]


class PictureServer:
    """Serves one picture under any path."""

    def __init__(self) -> None:
        self.answer: Reply | Misbehaviour = Reply(
            200, {"Content-Type": "image/png"}, saved(plain(), "PNG")
        )
        self.http = LoopbackServer(self._answer)

    def _answer(self, _request: Request) -> Reply | Misbehaviour:
        return self.answer

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.http.requests]

    def image(self, number: int = 1, *, level: int = 1, kind: str = "image") -> HubImage:
        suffix = "mp4" if kind == "video" else "jpeg"
        url = f"{self.http.url}/localhub/{UUID}/original=true/{number}.{suffix}"
        return HubImage(number, url, kind, level, 900, 600, None)


@pytest.fixture
def server() -> Iterator[PictureServer]:
    server = PictureServer()
    server.http.open()
    yield server
    server.http.close()


@pytest.fixture
def fetcher(server: PictureServer) -> Iterator[PictureFetcher]:
    fetcher = PictureFetcher(server.http.url)
    yield fetcher
    fetcher.close()


def test_a_preview_is_fetched_once(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    path = preview_path(home, fetcher, server.image(), limit=SAFE)

    assert path is not None
    assert path.is_relative_to(home.cache / "previews")
    assert path.parent.name == path.stem[:2]
    with Image.open(path) as image:
        assert image.size == (450, 300)
    assert preview_path(home, fetcher, server.image(), limit=SAFE) == path
    assert preview_path(home, None, server.image(), limit=SAFE) == path
    assert server.paths == [f"/localhub/{UUID}/width=450,optimized=true/1.jpeg"]


def test_a_video_is_shown_by_a_still(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    assert preview_path(home, fetcher, server.image(kind="video"), limit=SAFE) is not None
    assert server.paths == [
        f"/localhub/{UUID}/transcode=true,width=450,optimized=true,anim=false/1.jpeg"
    ]


@pytest.mark.parametrize(
    ("level", "limit", "shown"),
    [
        (1, ContentLimit.PG, True),
        (2, ContentLimit.PG, False),
        (2, ContentLimit.SAFE, True),
        (4, ContentLimit.SAFE, False),
        (8, ContentLimit.R, False),
        (16, ContentLimit.ALL, True),
        (32, ContentLimit.ALL, False),
        (0, ContentLimit.X, False),
        (0, ContentLimit.ALL, True),
    ],
)
def test_nothing_above_the_limit_is_fetched_or_shown(
    home: Home,
    fetcher: PictureFetcher,
    server: PictureServer,
    *,
    level: int,
    limit: ContentLimit,
    shown: bool,
) -> None:
    image = server.image(level=level)
    assert (preview_path(home, fetcher, image, limit=limit) is not None) is shown
    assert len(server.paths) == shown

    # Not even when it was fetched by somebody with another limit.
    preview_path(home, fetcher, replace(image, content_level=1), limit=limit)
    assert (preview_path(home, None, image, limit=limit) is not None) is shown


@pytest.mark.parametrize(
    "answer",
    [
        Reply(404, {}),
        Reply(500, {}),
        hub_trouble.rate_limited("5"),
        hub_trouble.Reset(),
        Reply(200, {"Content-Type": "image/png"}, lying_png()),
        Reply(200, {"Content-Type": "image/jpeg"}, b"<html>" * 10),
    ],
)
def test_a_failure_is_not_asked_for_again_and_again(
    home: Home, fetcher: PictureFetcher, server: PictureServer, answer: Reply | Misbehaviour
) -> None:
    server.answer = answer
    for _ in range(3):
        assert preview_path(home, fetcher, server.image(), limit=SAFE) is None
    assert len(server.paths) == 1


def test_a_disk_that_takes_nothing_costs_a_preview_only(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    home.cache.parent.mkdir(parents=True, exist_ok=True)
    home.cache.write_text("in the way")
    assert preview_path(home, fetcher, server.image(), limit=SAFE) is None


def test_offline_nothing_is_asked(home: Home, server: PictureServer) -> None:
    assert previews.open_fetcher(Settings(offline=True)) is None
    assert preview_path(home, None, server.image(), limit=SAFE) is None
    assert server.paths == []


def test_a_page_of_previews_comes_in_the_background(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    images = [server.image(n) for n in range(6)] + [server.image(6, level=8)]
    told: dict[int | None, Path | None] = {}
    all_told = threading.Event()

    def shown(image: HubImage, path: Path | None) -> None:
        told[image.id] = path
        if len(told) == len(images):
            all_told.set()

    prefetch(home, fetcher, images, limit=SAFE, cancel=CancelToken(), shown=shown)

    assert all_told.wait(20)
    assert [number for number, path in told.items() if path is None] == [6]
    assert len(server.paths) == 6


def test_a_page_that_was_left_is_not_fetched(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    cancel = CancelToken()
    first = threading.Event()

    def shown(_image: HubImage, _path: Path | None) -> None:
        cancel.cancel()
        first.set()

    images = [server.image(n) for n in range(50)]
    prefetch(home, fetcher, images, limit=SAFE, cancel=cancel, shown=shown)

    assert first.wait(20)
    for thread in threading.enumerate():
        if thread.name == "loradex-previews":
            thread.join(20)
    assert len(server.paths) <= 4


def test_one_preview_is_fetched_once_by_many(
    home: Home, fetcher: PictureFetcher, server: PictureServer
) -> None:
    paths: list[Path | None] = []

    def work() -> None:
        paths.append(preview_path(home, fetcher, server.image(), limit=SAFE))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(server.paths) == 1
    assert len(set(paths)) == 1


@pytest.mark.parametrize(
    ("levels", "limit", "chosen"),
    [
        ([("video", 1), ("image", 8), ("image", 1), ("image", 1)], SAFE, 2),
        ([("video", 8), ("video", 1), ("image", 8)], SAFE, 1),
        ([("audio", 1)], SAFE, None),
        ([("image", 8)], SAFE, None),
        ([("image", 8)], ContentLimit.X, 0),
        ([], ContentLimit.ALL, None),
    ],
)
def test_the_first_still_within_the_limit_stands_for_a_model(
    levels: list[tuple[str, int]], limit: ContentLimit, chosen: int | None
) -> None:
    images = [
        HubImage(number, f"https://x.example/{number}.jpeg", kind, level, None, None, None)
        for number, (kind, level) in enumerate(levels)
    ]
    image = first_shown(images, limit)
    assert (image and image.id) == chosen


def test_a_model_that_is_owned_has_the_hubs_picture(
    catalog: Catalog, fetcher: PictureFetcher, server: PictureServer
) -> None:
    library = add_library(catalog)
    catalog.looks.record(library, [look("a.safetensors", 1), look("b.safetensors", 2)], "1")
    to_hash = catalog.files.to_hash()
    catalog.looks.record_hashes([(to_hash[0], hashes("a"))])
    pictured = replace(
        version(), images=(server.image(1, level=8), server.image(2), server.image(3))
    )
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [pictured])
    catalog.hub.record_matches("civitai", [found(1, pictured, model(), "sha256")])

    assert for_content(catalog, fetcher, 1, limit=SAFE) is not None
    assert for_content(catalog, fetcher, 2, limit=SAFE) is None
    assert for_content(catalog, fetcher, 1, limit=ContentLimit.X) is not None
    assert [path.rpartition("/")[2] for path in server.paths] == ["2.jpeg", "1.jpeg"]
