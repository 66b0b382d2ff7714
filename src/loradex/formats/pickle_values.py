"""What a pickle may build when it is only looked at: tensors by shape, and labels for the rest.

The table of builders is the whole of what is understood: torch's tensor builders, storages,
ordered dictionaries. Anything else that a pickle names becomes an `Opaque`, a label without
behaviour: nothing is ever imported or called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from loradex.domain.header import Tensor
from loradex.formats.limits import MAX_DIMENSIONS


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that the pickle asked for, `module.name`."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """The dotted name."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Opaque:
    """An object of a class or call that is not understood; `state` is what it was filled with."""

    made_by: str
    state: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Storage:
    """The raw memory behind tensors: torch's persistent id for one of the archive's members."""

    dtype: str


STORAGE_DTYPES: Mapping[str, str] = {
    "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "DoubleStorage": "F64", "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16",
    "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64", "ComplexDoubleStorage": "C128", "UntypedStorage": "U8",
    "Float8_e4m3fnStorage": "F8_E4M3", "Float8_e5m2Storage": "F8_E5M2",
    "QInt8Storage": "I8", "QUInt8Storage": "U8", "QInt32Storage": "I32",
}  # fmt: skip

TORCH_DTYPES: Mapping[str, str] = {
    "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32",
    "uint64": "U64", "bool": "BOOL", "complex64": "C64", "complex128": "C128",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
}  # fmt: skip


def persistent(identifier: object) -> object:
    """Return what torch's persistent id stands for.

    `("storage", type, key, …)` is a storage; `("module", class, file, source)`, in the old format,
    is that class, its source being there only to be compared.
    """
    match identifier:
        case ("module", Imported() as whole, *_):
            return whole
        case ("storage", Imported(module="torch" | "torch.storage", name=name), *_):
            return Storage(STORAGE_DTYPES.get(name, "U8"))
    return Opaque("persistent id")


def called(function: object, arguments: object) -> object:
    """Return what calling `function` would build: a tensor, a dictionary, or a label."""
    if not isinstance(function, Imported) or not isinstance(arguments, tuple):
        return Opaque("call")
    build = _BUILDERS.get(function.path)
    built = build(arguments) if build is not None else None
    return Opaque(function.path) if built is None else built


def key_text(key: object) -> str | None:
    """Return a dictionary key as text: strings and small numbers; None for any other."""
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, int) and abs(key) < 1 << 64 else None


def _tensor(arguments: tuple[object, ...]) -> Tensor | None:
    # (storage, offset, size, stride, …); the third version adds a dtype to an untyped storage.
    if len(arguments) < 4 or not isinstance(arguments[0], Storage):
        return None
    dtype = arguments[0].dtype
    for extra in arguments[6:7]:
        dtype = _dtype(extra) or dtype
    return _shaped(dtype, arguments[2])


def _meta_tensor(arguments: tuple[object, ...]) -> Tensor | None:
    return _shaped(_dtype(arguments[0]), arguments[1]) if len(arguments) >= 2 else None


def _of_subclass(arguments: tuple[object, ...]) -> object | None:
    """Build what a tensor subclass wraps: (function, class, its arguments, state)."""
    match arguments:
        case (Imported() as function, _, tuple() as inner, *_) if function.module == "torch._utils":
            return called(function, inner)
    return None


def _encoded(arguments: tuple[object, ...]) -> bytes | None:
    # How protocols below 3 spell bytes.
    match arguments:
        case (str(text), "latin1" | "latin-1"):
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError:
                return None
    return None


def _first(arguments: tuple[object, ...]) -> object | None:
    return arguments[0] if arguments else None


def _dtype(value: object) -> str | None:
    if isinstance(value, Imported) and value.module == "torch":
        return TORCH_DTYPES.get(value.name)
    return None


def _shaped(dtype: str | None, size: object) -> Tensor | None:
    if dtype is None or not isinstance(size, tuple) or len(size) > MAX_DIMENSIONS:
        return None
    shape = tuple(side for side in size if isinstance(side, int) and 0 <= side < 1 << 63)
    return Tensor(dtype, shape) if len(shape) == len(size) else None


def _dictionary(arguments: tuple[object, ...]) -> dict[str, object]:
    """Build the dictionary of Python 2's `OrderedDict([[key, value], …])`, or an empty one."""
    result: dict[str, object] = {}
    match arguments:
        case ([*pairs],):
            for pair in pairs:
                match pair:
                    case [key, value] | (key, value) if (text := key_text(key)) is not None:
                        result[text] = value
    return result


_BUILDERS: Mapping[str, Callable[[tuple[object, ...]], object | None]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_qtensor": _tensor,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta_tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _of_subclass,
    "torch.Size": _first,
    "_codecs.encode": _encoded,
    "collections.OrderedDict": _dictionary,
    "collections.defaultdict": _dictionary,
}
"""What is understood, by its full name."""
