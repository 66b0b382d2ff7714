"""One look at the names in a file: which modules there are, how many blocks, how wide.

Every rule asks a `View`. Names are brought to one form first, so that `a.0.b`, `a_0_b` and a
file with a prefix are asked in the same words: separators become `_`, the number of a block
becomes `#` (`double_blocks.7.img_mlp.0` is `double_blocks_#_img_mlp_0`; the last number is a
position in a small sequence and stays).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache

# A number is a block's index when the word before it is a plural or one of these.
# Two patterns that begin with fixed letters and need no groups are twice as fast as one.
_AFTER_PLURAL_DOT = re.compile(r"s\.\d+(?![^._])")
_AFTER_PLURAL_LINE = re.compile(r"s_\d+(?![^._])")
_AFTER_SINGULAR = re.compile(
    r"(?:(?<=block[._])|(?<=layer[._])|(?<=refiner[._])|(?<=blk[._]))\d+(?![^._])"
)

MAX_TEMPLATES = 4000
"""More different names than any model has; a hostile header stops here."""
_MAX_NAME = 400

Size = tuple[int | None, int | None]
"""Out and in features of a module; None where the file does not tell."""


def _without_block_numbers(name: str) -> str:
    if "s." in name:
        name = _AFTER_PLURAL_DOT.sub("s.#", name)
    if "s_" in name:
        name = _AFTER_PLURAL_LINE.sub("s_#", name)
    return name


@lru_cache(maxsize=4096)
def _probe(path: str) -> str:
    flat = path.replace(".", "_")
    return f"^_{flat[1:]}_" if flat.startswith("^") else f"_{flat}_"


# What makes `blocks` another word: `^transformer_blocks` is not `single_transformer_blocks`.
_OTHER_WORDS = ("single_", "joint_", "visual_", "text_")


@lru_cache(maxsize=512)
def _index_pattern(path: str) -> re.Pattern[str]:
    """The number after a path; fixed letters come first, which makes the search fast."""
    flat = re.escape(path.replace(".", "_").lstrip("^"))
    alone = "".join(f"(?<!{word}{flat})" for word in _OTHER_WORDS) if path.startswith("^") else ""
    return re.compile(rf"{flat}(?<![^_\n]{flat}){alone}_(\d{{1,6}})(?![^_\n])")


class View:
    """The modules of one part of a file, ready to be asked.

    `names` are module or tensor names; `size_of` gives a name's out and in features, `dims_of`
    the number of dimensions of its weight (2 linear, 4 convolution) where that is known;
    `packed` says that a quantisation hides some sizes, so that a missing one proves nothing.
    """

    def __init__(
        self,
        names: Iterable[str],
        size_of: Callable[[str], Size],
        *,
        dims_of: Callable[[str], int | None] | None = None,
        prefix: str = "",
        packed: bool = False,
    ) -> None:
        self.names = names if isinstance(names, list) else list(names)
        self.packed = packed
        self._size_of = size_of
        self._dims_of = dims_of
        self._first: dict[str, str] = {}
        self._indices: dict[str, set[int]] = {}
        self._fill(prefix)

    def _fill(self, prefix: str) -> None:
        raw: dict[str, str] = {}
        for name in self.names:
            key = _without_block_numbers(name[:_MAX_NAME])
            if key not in raw:
                raw[key] = name
                if len(raw) >= MAX_TEMPLATES:
                    break
        for key, name in raw.items():
            short = key.removeprefix(prefix).removesuffix("._data").removesuffix(".weight")
            self._first.setdefault(_AFTER_SINGULAR.sub("#", short).replace(".", "_"), name)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _blob(self) -> str:
        return "\n".join(f"^_{name}_" for name in self._first)

    @cached_property
    def flat(self) -> str:
        """All names as written but with `_` for `.`, one a line."""
        return "\n".join(self.names).replace(".", "_")

    @property
    def examples(self) -> Iterable[str]:
        """One real name for each distinct name in normal form."""
        return self._first.values()

    @property
    def templates(self) -> Iterable[str]:
        """The distinct names in normal form."""
        return self._first.keys()

    def has(self, *paths: str) -> bool:
        """Return whether each path is there; `a|b` is either, `^a` only at the beginning.

        A path matches whole words anywhere in a name: `attn2.to_k` is found at any depth.
        """
        blob = self._blob
        return all(any(_probe(one) in blob for one in path.split("|")) for path in paths)

    def written(self, text: str) -> bool:
        """Return whether `text` (with `_` for `.`) occurs in any name, numbers included."""
        return text in self.flat

    def example(self, path: str) -> str | None:
        """Return the first real name that ends in one of `path`'s alternatives, else None."""
        for one in path.split("|"):
            probe = _probe(one)
            for key, name in self._first.items():
                if f"^_{key}_".endswith(probe):
                    return name
        return None

    def size(self, path: str) -> Size | None:
        """Return out and in features of the module a path ends at; None when it is not there."""
        name = self.example(path)
        return None if name is None else self._size_of(name)

    def sizes(self, path: str) -> list[Size]:
        """Return the sizes of every kind of module that ends in `path`, one per template."""
        probe = _probe(path)
        return [
            self._size_of(name) for key, name in self._first.items() if f"^_{key}_".endswith(probe)
        ]

    def sizes_at(self, endings: tuple[str, ...]) -> list[Size]:
        """Return the sizes of all whose name, numbers included, ends in one of `endings`."""
        return [self._size_of(name) for name in self.names if name.endswith(endings)]

    def dims(self, path: str) -> int | None:
        """Return the number of dimensions of a module's weight, None when absent or not told."""
        name = self.example(path)
        return self._dims_of(name) if name is not None and self._dims_of else None

    def takes(self, path: str) -> int | None:
        """Return a module's in features, None when absent or not told."""
        size = self.size(path)
        return size[1] if size else None

    def gives(self, path: str) -> int | None:
        """Return a module's out features, None when absent or not told."""
        size = self.size(path)
        return size[0] if size else None

    def indices(self, path: str) -> set[int]:
        """Return the block numbers that follow `path`; `^blocks` is not `single_blocks`."""
        known = self._indices.get(path)
        if known is None:
            known = {int(found) for found in set(_index_pattern(path).findall(self.flat))}
            self._indices[path] = known
        return known

    def depth(self, path: str) -> int:
        """Return the highest block number after `path`, plus one; 0 when there is none."""
        return max(self.indices(path), default=-1) + 1
