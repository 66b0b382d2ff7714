"""Fetching beside curl and aria2c: one large file and many small ones, from this machine.

    python bench/download.py [--mib 2048] [--files 200] [--rounds 3] [--folder /tmp] [--rate 110]

Everything is measured three times:

- without a limit: no network is in the way, so the machine itself is measured, of which the server
  takes its part. nginx serves with sendfile where it is installed, our own server where it is not;
- with a limit for each connection, as storages have, from the same server;
- over a line of `--rate` MiB/s for all connections together, 20 ms away, from our own server.

Every candidate runs in every round, each as a process of its own. Printed are the medians of wall
and CPU time (the server's not included), and the median of each round's ratio to the faster of
curl and aria2c: above 1.00 loradex was faster. loradex checks the SHA-256 (and has all six digests
where it says so) and flushes everything to the disk; curl and aria2c do neither. So there is a
second ratio, to curl with what gives the same: its files are digested by OpenSSL and flushed by
`sync` when all are there. The last three columns are loradex without the time that Python takes to
start, because the queue fetches many files in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MIB = 1024 * 1024
SAME = "curl, openssl, sync"
AT_ONCE = 4
"""Files, and connections for one file, at the same time: for everybody."""
LATENCY = 0.02

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port};
    location /free/ {{ alias {folder}/files/; }}
    location /slow/ {{ alias {folder}/files/; limit_rate {rate}m; }}
  }}
}}
"""


@dataclass(frozen=True)
class Job:
    """Files to fetch from `url` into `target`."""

    url: str
    names: tuple[str, ...]
    target: Path
    sums: Path

    def urls(self) -> list[str]:
        return [f"{self.url}/{name}" for name in self.names]


Candidate = tuple[str, Callable[[Job], list[str]]]


def curl(job: Job) -> list[str]:
    config = job.target.parent / "curl.conf"
    lines = [
        f'url = "{url}"\noutput = "{job.target / name}"\n'
        for url, name in zip(job.urls(), job.names, strict=True)
    ]
    config.write_text("".join(lines))
    several = ["--parallel", "--parallel-max", str(AT_ONCE)] if len(job.names) > 1 else []
    return ["curl", "--no-progress-meter", "--fail", *several, "--config", str(config)]


def curl_checked(job: Job) -> list[str]:
    """Fetch with curl, then do what loradex does besides: a digest of each file, and a flush."""
    after = 'folder=$1; shift; "$@" && cd "$folder" && openssl dgst -sha256 * >/dev/null && sync *'
    return ["sh", "-c", after, "sh", str(job.target), *curl(job)]


def aria2c(job: Job) -> list[str]:
    listed = job.target.parent / "aria2.txt"
    listed.write_text("\n".join(job.urls()))
    return [
        "aria2c", "--quiet", "--no-conf", "--file-allocation=none", f"-x{AT_ONCE}", f"-s{AT_ONCE}",
        f"-j{AT_ONCE}", f"--dir={job.target}", f"--input-file={listed}",
    ]  # fmt: skip


def ours(digests: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        listed = job.target.parent / "ours.json"
        work = {
            "url": job.url,
            "names": job.names,
            "target": str(job.target),
            "sums": str(job.sums),
            "digests": digests,
        }
        listed.write_text(json.dumps(work))
        return [sys.executable, __file__, "--fetch", str(listed)]

    return command


CANDIDATES: tuple[Candidate, ...] = (
    ("curl", curl),
    ("aria2c", aria2c),
    (SAME, curl_checked),
    ("loradex, SHA-256", ours("sha256")),
    ("loradex, six digests", ours("six")),
)


def fetch(listed: Path) -> None:
    """Be the process that fetches for loradex."""
    from loradex.domain.hub_source import FetchStart
    from loradex.domain.progress import CancelToken
    from loradex.formats.stream_hashing import StreamDigester
    from loradex.hub.fetching import Fetcher, Promise

    work = json.loads(listed.read_text())
    sums = json.loads(Path(work["sums"]).read_text())
    digester = StreamDigester() if work["digests"] == "six" else None
    cancel = CancelToken()
    began = time.perf_counter()
    with Fetcher() as fetcher, ThreadPoolExecutor(AT_ONCE) as pool:

        def one(name: str) -> None:
            place = Path(work["target"], name)
            part = place.with_name(name + ".part")
            fetcher.fetch(
                lambda: FetchStart(f"{work['url']}/{name}"),
                part,
                Promise(name=name, sha256=sums[name]),
                cancel=cancel,
                digester=digester,
            )
            part.rename(place)

        list(pool.map(one, work["names"]))
    print(time.perf_counter() - began)


class Line:
    """Lets so many bytes a second pass, for all who share it."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait(self, count: int) -> None:
        with self._lock:
            start = max(time.monotonic(), self._free_at)
            self._free_at = start + count / self._rate
        time.sleep(max(0.0, start - time.monotonic()))


class Sendfile(BaseHTTPRequestHandler):
    """Serves `folder` at /free/, /slow/ and /line/."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    folder: Path
    rate: float
    line: Line

    def do_GET(self) -> None:
        _, way, name = self.path.split("/")
        line = {"free": None, "slow": Line(self.rate), "line": self.line}[way]
        if way == "line":
            time.sleep(LATENCY)
        with (self.folder / name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            first, _, last = self.headers.get("Range", "bytes=0-")[6:].partition("-")
            start, end = int(first), int(last or size - 1) + 1
            self.send_response(206 if "Range" in self.headers else 200)
            self.send_header("Content-Length", str(end - start))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{size}"')
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.end_headers()
            self.wfile.flush()
            while start < end:
                count = min(end - start, 256 * 1024)
                if line is not None:
                    line.wait(count)
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, count)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    """Does not mind clients that hang up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def serve(folder: Path, rate: int) -> None:
    """Be our own server; print its port."""
    parts = {"folder": folder, "rate": rate * MIB, "line": Line(rate * MIB)}
    with Quiet(("127.0.0.1", 0), type("Handler", (Sendfile,), parts)) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


@contextlib.contextmanager
def own_server(folder: Path, rate: int) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", str(folder / "files"), "--rate", str(rate)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None  # noqa: S101
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def nginx(folder: Path, rate: int) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(user + NGINX.format(folder=folder, port=port, rate=rate))
    process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def make_files(folder: Path, sizes: Sequence[int], prefix: str) -> dict[str, str]:
    """Write random files of these sizes; return their names with their SHA-256."""
    block = random.Random(1).randbytes(16 * MIB)  # noqa: S311
    sums = {}
    for number, size in enumerate(sizes):
        name = f"{prefix}{number}.safetensors"
        digest = hashlib.sha256()
        with (folder / name).open("wb") as file:
            header = json.dumps({"w": {"dtype": "U8", "shape": [number], "data_offsets": [0, 0]}})
            data = (len(header).to_bytes(8, "little") + header.encode() + block)[:size]
            left = size
            while left > 0:
                piece = data[:left]
                file.write(piece)
                digest.update(piece)
                left -= len(piece)
        sums[name] = digest.hexdigest()
    return sums


@dataclass
class Times:
    """Seconds of each round: in all, without start-up, and of the processor."""

    wall: list[float] = field(default_factory=list)
    fetching: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def measure(title: str, job: Job, candidates: Sequence[Candidate], rounds: int) -> None:
    size = 0
    times = {name: Times() for name, _ in candidates}
    for _ in range(rounds):
        for name, command in candidates:
            shutil.rmtree(job.target, ignore_errors=True)
            job.target.mkdir()
            arguments = command(job)
            os.sync()  # what the one before left behind is not written at this one's cost
            used, began = cpu_seconds(), time.perf_counter()
            told = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
            wall = time.perf_counter() - began
            times[name].wall.append(wall)
            times[name].fetching.append(float(told) if name.startswith("loradex") else wall)
            times[name].cpu.append(cpu_seconds() - used)
            size = sum((job.target / one).stat().st_size for one in job.names)
    shutil.rmtree(job.target)
    others = [times[name].wall for name in ("curl", "aria2c") if name in times]
    fastest = [min(walls) for walls in zip(*others, strict=True)]
    same = times[SAME].wall if SAME in times else []
    print(f"\n{title}: {size / MIB:,.0f} MiB, medians of {rounds} rounds")
    print(
        f"{'':22} {'wall s':>8} {'best':>7} {'CPU s':>7} {'x':>6} {'x same':>6}"
        f" {'started s':>10} {'x':>6} {'x same':>6}"
    )
    for name, mine in times.items():
        line = f"{name:22} {statistics.median(mine.wall):8.2f} {min(mine.wall):7.2f}"
        line += f" {statistics.median(mine.cpu):7.2f}"
        if name.startswith("loradex"):
            line += f" {ratio(fastest, mine.wall)} {ratio(same, mine.wall)}"
            line += f" {statistics.median(mine.fetching):10.2f}"
            line += f" {ratio(fastest, mine.fetching)} {ratio(same, mine.fetching)}"
        print(line)


def ratio(theirs: Sequence[float], mine: Sequence[float]) -> str:
    if not theirs:
        return f"{'-':>6}"
    median = statistics.median(one / other for one, other in zip(theirs, mine, strict=True))
    return f"{median:6.2f}"


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=2048, help="size of the large file")
    parser.add_argument("--files", type=int, default=200, help="how many of 256 KiB to 2 MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=110, help="limit in MiB/s for each connection")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--fetch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fetch is not None:
        fetch(options.fetch)
        return
    if options.serve is not None:
        serve(options.serve, options.rate)
        return
    candidates = []
    for name, command in CANDIDATES:
        needed = name.split(", ")
        if name.startswith("loradex") or all(map(shutil.which, needed)):
            candidates.append((name, command))
        else:
            print(f"{name} is not installed: left out")
    with tempfile.TemporaryDirectory(dir=options.folder) as text:
        folder = Path(text)
        folder.chmod(0o755)
        files = folder / "files"
        files.mkdir()
        dice = random.Random(2)  # noqa: S311
        large = make_files(files, [options.mib * MIB], "large")
        sizes = [dice.randrange(256 * 1024, 2 * MIB) for _ in range(options.files)]
        small = make_files(files, sizes, "small")
        (folder / "sums.json").write_text(json.dumps(large | small))
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(own_server(folder, options.rate))
            installed = shutil.which("nginx") is not None
            url = stack.enter_context(nginx(folder, options.rate)) if installed else own
            cores = len(os.sched_getaffinity(0))
            print(f"{cores} cores, {'nginx' if installed else 'our own server'}")
            ways = (
                (f"{url}/free", "no limit"),
                (f"{url}/slow", f"{options.rate} MiB/s for each connection"),
                (f"{own}/line", f"a line of {options.rate} MiB/s, {LATENCY * 1000:.0f} ms away"),
            )
            for way, words in ways:
                for title, sums in (("One large file", large), ("Small files", small)):
                    job = Job(way, tuple(sums), folder / "got", folder / "sums.json")
                    measure(f"{title}, {words}", job, candidates, options.rounds)


if __name__ == "__main__":
    main()
