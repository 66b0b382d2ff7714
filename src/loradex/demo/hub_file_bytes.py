"""The bytes of a file over a connection, and what may go wrong with them on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from loradex.demo.hub_http import Connection, Reply
from loradex.demo.hub_trouble import Reset

_BLOCK = 1024 * 1024


@dataclass(slots=True)
class StorageScenario:
    """Switches for trouble with the bytes themselves.

    `link_seconds`: how long a signed link lives. `ignore_range`: answer 200 to a range.
    `refuse_range`: answer 416. `wrong_bytes`: right length, wrong content. `cut_after`: hang up
    after so many bytes, with a reset if `reset`. `stall_after`: after so many say nothing more.
    `etag`: in place of the file's own; "" for none. `instead`: this answer in place of the bytes.
    `chunked`: do not tell the length. `per_second`: most bytes a second, for each connection.
    """

    link_seconds: float = 86_400
    ignore_range: bool = False
    refuse_range: bool = False
    wrong_bytes: bool = False
    cut_after: int | None = None
    reset: bool = False
    stall_after: int | None = None
    etag: str | None = None
    instead: Reply | None = None
    chunked: bool = False
    per_second: int | None = None


@dataclass(frozen=True, slots=True)
class FileBytes:
    """Streams `path[start:end]` without holding it in memory."""

    status: int
    headers: dict[str, str]
    path: Path
    start: int
    end: int
    scenario: StorageScenario

    def perform(self, connection: Connection) -> None:
        """Send the bytes, or those that the scenario lets through."""
        scenario = self.scenario
        if scenario.chunked:
            connection.start(self.status, self.headers | {"Transfer-Encoding": "chunked"})
        else:
            length = str(self.end - self.start)
            connection.start(self.status, self.headers | {"Content-Length": length})
        whole = left = self.end - self.start
        for limit in (scenario.cut_after, scenario.stall_after):
            left = left if limit is None else min(left, limit)
        cut = left < whole
        with self.path.open("rb") as file:
            file.seek(self.start)
            while left > 0 and (block := file.read(min(left, _BLOCK, scenario.per_second or left))):
                sent = bytes(len(block)) if scenario.wrong_bytes else block
                connection.wfile.write(_chunk(sent) if scenario.chunked else sent)
                left -= len(block)
                if scenario.per_second:
                    time.sleep(len(block) / scenario.per_second)
        if not cut:
            if scenario.chunked:
                connection.wfile.write(_chunk(b""))
        elif scenario.stall_after is not None:
            connection.server.closing.wait()
        elif scenario.reset:
            Reset().perform(connection)


def _chunk(block: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(block), block)
