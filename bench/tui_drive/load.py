"""Work beside: a tree of models to scan, and a large file to fetch, as the TUI's jobs do it."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loradex.operations.child_job import give_way

MIB = 1 << 20
PIECE = os.urandom(MIB)
TENSORS = 264


def grow_tree(folder: Path, count: int) -> None:
    """Write `count` small LoRAs with headers of 30 kB, a hundred to a folder."""
    for number in range(count):
        place = folder / f"shelf {number // 100:03}" / f"lora {number:06}.safetensors"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_lora(number))


def _lora(number: int) -> bytes:
    header: dict[str, object] = {
        "__metadata__": {"ss_output_name": f"lora {number}", "ss_network_dim": "1"}
    }
    at = 0
    for block in range(TENSORS // 2):
        for part, shape in (("down", [1, 1 + number % 7]), ("up", [1 + number % 7, 1])):
            size = 2 * shape[0] * shape[1]
            name = f"lora_unet_block_{block}_attn1_to_q.lora_{part}.weight"
            header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + number.to_bytes(8, "little") * (at // 8 + 1)


class _Endless(http.server.BaseHTTPRequestHandler):
    """Serves one file of `mib` at `rate` MiB/s."""

    mib = 16_384
    rate = 40.0

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.mib * MIB))
        self.end_headers()
        began = time.monotonic()
        for number in range(self.mib):
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            try:
                self.wfile.write(PIECE)
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:
        pass


def fetch(url: str, target: str) -> None:
    """Fetch and digest, as the download job does, in this process."""
    from loradex.domain.hub_source import FetchStart
    from loradex.domain.progress import CancelToken
    from loradex.formats.stream_hashing import StreamDigester
    from loradex.hub.fetching import Fetcher, Promise

    promise = Promise(name="large", sha256=hashlib.sha256().hexdigest())
    with Fetcher() as fetcher:
        fetcher.fetch(
            lambda: FetchStart(url),
            Path(target),
            promise,
            cancel=CancelToken(),
            digester=StreamDigester(),
        )


@contextmanager
def fetching(folder: Path) -> Iterator[None]:
    """Fetch a large file at 40 MiB/s in a process of its own until the context ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Endless)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/large"
    command = [sys.executable, __file__, url, str(folder / "large.part")]
    child = subprocess.Popen(command, start_new_session=True)
    give_way(child.pid)
    try:
        yield
        if child.poll() is not None:
            raise RuntimeError("The download ended before the measurement did.")
    finally:
        child.terminate()
        child.wait()
        server.shutdown()
        server.server_close()
        (folder / "large.part").unlink(missing_ok=True)


@contextmanager
def scanning(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Scan in a process of its own until the context ends."""
    command = [sys.executable, "-m", "loradex", "--home", str(home), "scan", "--progress", "json"]
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    give_way(child.pid)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


if __name__ == "__main__":
    fetch(sys.argv[1], sys.argv[2])
