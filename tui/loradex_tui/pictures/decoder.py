"""Ask the process that decodes pictures; begin it when it is first needed, and again if it died."""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from PIL import Image

from loradex.errors import FormatError
from loradex.operations.child_job import environment_without_keys

PATIENCE = 20.0
"""Seconds after which a picture that is still being decoded is given up, and its process too."""
_PIPE = 1 << 20


class PictureDecoder:
    """Decodes one picture at a time for any thread; the others wait."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def load(self, path: Path, longest: int) -> Image.Image:
        """Return the picture as RGB, at most `longest` pixels wide and high.

        Raises `FormatError` for what is no picture, takes too long or too much memory.
        """
        with self._lock:
            if self._closed:
                raise FormatError(str(path), "was not read: loradex is ending.")
            try:
                return self._asked(path, longest)
            except _NoAnswer as failure:
                self._end()
                raise FormatError(str(path), f"cannot be shown: {failure}.") from failure

    def close(self) -> None:
        """End the process; one that decodes is not waited for."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _asked(self, path: Path, longest: int) -> Image.Image:
        process = self._running()
        request = json.dumps([str(path), longest]) + "\n"
        try:
            if process.stdin is not None:
                process.stdin.write(request.encode("ascii"))
                process.stdin.flush()
        except OSError as error:
            raise _NoAnswer("the process that reads pictures ended") from error
        until = time.monotonic() + self._patience
        if self._read(process, 1, until) == b"E":
            (length,) = struct.unpack(">I", self._read(process, 4, until))
            told = self._read(process, length, until).decode("utf-8", "replace")
            raise FormatError(str(path), told)
        width, height = struct.unpack(">II", self._read(process, 8, until))
        return Image.frombytes(
            "RGB", (width, height), self._read(process, width * height * 3, until)
        )

    def _read(self, process: subprocess.Popen[bytes], length: int, until: float) -> bytes:
        """Return exactly so many bytes of the answer."""
        handle = process.stdout.fileno() if process.stdout else -1
        parts = bytearray()
        while len(parts) < length:
            readable, _, _ = select.select([handle], [], [], max(until - time.monotonic(), 0))
            if not readable:
                raise _NoAnswer(f"reading it took more than {self._patience:g} seconds")
            some = os.read(handle, min(length - len(parts), _PIPE))
            if not some:
                raise _NoAnswer("reading it takes too much memory, or it is made to do harm")
            parts += some
        return bytes(parts)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "loradex_tui.pictures.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment_without_keys(),
                    start_new_session=True,
                )
            except OSError as error:
                raise _NoAnswer(f"no process could be started ({error.strerror})") from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class _NoAnswer(Exception):
    """The process gave no answer; the text says why."""
