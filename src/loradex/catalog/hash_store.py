"""Digests that are known already, so that nobody has to read a file for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.domain.hashes import Hashes

if TYPE_CHECKING:
    from loradex.catalog.reader import Reader


class HashStore:
    """What the catalog holds of digests."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def of_twins(self) -> dict[int, Hashes]:
        """Return the digests of present files that wait for a full read and need none.

        Another place leads to the very same file (a link, or one folder in two libraries), with
        the same size, time and fingerprint, and was read. By the id of the waiting place.
        """
        return {
            int(str(row[0])): Hashes(*row[1:])  # type: ignore[arg-type]
            for row in self._reader.rows_of(
                "SELECT mine.id, known.sha256, known.blake3, known.crc32, known.autov1,"
                " known.autov2, known.autov3 FROM file AS mine"
                " JOIN content AS guess ON guess.id = mine.content_id"
                " JOIN file AS other ON other.device = mine.device AND other.inode = mine.inode"
                " AND other.size = mine.size AND other.mtime_ns = mine.mtime_ns"
                " JOIN content AS known ON known.id = other.content_id"
                " WHERE mine.state = 'present' AND mine.hashed_at IS NULL"
                " AND other.state = 'present' AND other.hashed_at IS NOT NULL"
                " AND known.sha256 IS NOT NULL AND known.blake3 IS NOT NULL"
                " AND known.fingerprint = guess.fingerprint"
            )
        }
