"""Names in pickles: the ones that weights need, the ones that do harm, and all others.

The allow-list is what `torch.load(weights_only=True)` accepts (torch's `_weights_only_unpickler`),
and beside it plain data that trainers keep next to weights: NumPy arrays and numbers, Python's own
containers, names of Lightning's callbacks. A function on it builds data from its arguments and can
reach nothing else. Whole modules of a library (a detector of ultralytics, say) are not on it:
they are objects with code behind them, and no list of ours could keep up with that code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loradex.domain.safety import Safety
from loradex.formats.pickle_values import STORAGE_DTYPES, TORCH_DTYPES, Imported

_CALLED: Mapping[str, str] = {
    "torch._utils": (
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_qtensor"
        " _rebuild_parameter _rebuild_parameter_with_state _rebuild_sparse_tensor"
        " _rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_wrapper_subclass"
        " _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor"
    ),
    "torch._tensor": "_rebuild_from_type_v2",
    "torch": "Size device Tensor",
    "torch.serialization": "_get_layout",
    # TorchScript's lists. Its programs are suspicious for the code beside the pickles.
    "torch.jit._pickle": "build_intlist build_doublelist build_boollist build_tensorlist",
    "torch.nn.parameter": "Parameter Buffer",
    # A1111 keeps the vectors of an embedding in one of these; it sets attributes and no more.
    "torch.nn.modules.container": "ParameterDict ParameterList",
    "collections": "OrderedDict defaultdict Counter",
    "numpy": "dtype ndarray",
    "numpy.core.multiarray": "scalar _reconstruct",
    "numpy._core.multiarray": "scalar _reconstruct",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "_codecs": "encode",
    "builtins": "set frozenset dict list tuple bytearray bytes complex int float bool str slice",
    "__builtin__": "set frozenset dict list tuple bytearray complex int long float bool str",
    "argparse": "Namespace",
    "pytorch_lightning.utilities.parsing": "AttributeDict",
    "lightning_fabric.utilities.data": "AttributeDict",
    "lightning.fabric.utilities.data": "AttributeDict",
}
"""May be named and called."""

_CALLBACKS = "ModelCheckpoint EarlyStopping"
_NAMED: Mapping[str, str] = {
    "torch": (
        f"{' '.join(STORAGE_DTYPES)} {' '.join(TORCH_DTYPES)} QUInt4x2Storage QUInt2x4Storage"
        " half float double short int long complex32 bits8 quint8 qint8 qint32"
        " per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric"
        " per_channel_affine_float_qparams strided sparse_coo sparse_csr preserve_format"
        " contiguous_format"
    ),
    "torch.storage": "UntypedStorage TypedStorage",
    "pytorch_lightning.callbacks.model_checkpoint": _CALLBACKS,
    "pytorch_lightning.callbacks.early_stopping": _CALLBACKS,
    "pytorch_lightning.callbacks": _CALLBACKS,
    "lightning.pytorch.callbacks.model_checkpoint": _CALLBACKS,
    "lightning.pytorch.callbacks.early_stopping": _CALLBACKS,
}
"""May be named: types of numbers and storages, and the keys of Lightning's table of callbacks."""


def _spelled(lists: Mapping[str, str]) -> Iterator[Imported]:
    for module, names in lists.items():
        for name in names.split():
            yield Imported(module, name)


_MAY_BE_CALLED = frozenset(_spelled(_CALLED))
_MAY_BE_NAMED = _MAY_BE_CALLED | frozenset(_spelled(_NAMED))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMFUL_MODULES = _words(
    """
    os posix nt posixpath ntpath sys subprocess _posixsubprocess commands popen2 pty tty fcntl
    importlib _frozen_importlib _frozen_importlib_external imp runpy pkgutil zipimport zipapp
    ctypes _ctypes cffi _cffi_backend mmap
    socket _socket ssl _ssl socketserver select http httplib urllib urllib2 urllib3 requests httpx
    aiohttp ftplib smtplib poplib imaplib nntplib telnetlib xmlrpc asyncio paramiko webbrowser
    pip ensurepip venv setuptools distutils pkg_resources site sysconfig
    pickle _pickle cPickle dill cloudpickle joblib marshal shelve jsonpickle pandas sqlite3 dbm
    code codeop codecs types inspect ast dis functools _functools operator _operator
    pdb bdb cProfile profile pstats trace timeit doctest unittest test pytest pydoc idlelib lib2to3
    turtledemo tkinter _tkinter _pyrepl _osx_support _aix_support antigravity this rlcompleter
    multiprocessing _multiprocessing concurrent threading _thread signal atexit gc weakref
    shutil tempfile fileinput io _io gzip bz2 lzma zipfile tarfile linecache glob
    logging winreg _winapi _winreg msvcrt platform resource crypt
    yaml jinja2 IPython jupyter keras tensorflow
    numpy.f2py numpy.testing numpy.distutils numpy.ctypeslib numpy.lib.npyio numpy.lib._npyio_impl
    torch.hub torch.jit torch.utils torch._inductor torch._dynamo torch.fx torch.ops torch.classes
    torch.package torch.distributed torch.multiprocessing torch._C torch.export torch.onnx
    torch.testing torch._higher_order_ops torch.cuda.jiterator torch.serialization
    """
)
"""Modules with which a pickle can start programs, import, reach the network or files, or build
code. All below them counts as well."""

_HARMFUL_BUILTINS = _words(
    """
    eval exec execfile compile open file getattr setattr delattr hasattr globals locals vars dir
    input raw_input breakpoint apply map filter reduce iter next reversed sorted super type
    classmethod staticmethod property memoryview help exit quit print reload
    """
)

_HARMFUL_STEPS = _words(
    """
    os posix nt sys subprocess builtins importlib ctypes socket pickle runpy shutil pty marshal
    """
)
"""Modules that others import: `random`, for one, has `os` under the name `_os`."""

_HARMFUL_ANYWHERE = _words(
    """
    eval exec execfile system popen Popen check_output check_call import_module exec_module
    load_module run_module run_path runcode runsource exec_command resolve_name attrgetter
    itemgetter methodcaller partial getattr
    load loads load_model load_library read_pickle from_pickle unpickle from_pretrained fromfile
    memmap save savez tofile dump compile_file
    """
)
"""Names that do harm, or load further files, in whatever module they are found."""


def is_ordinary(imported: Imported) -> bool:
    """Tell whether tensor files name this as a matter of course."""
    return imported in _MAY_BE_NAMED


def judge_name(imported: Imported, *, called: bool) -> Safety:
    """Return what a name that a pickle asks for makes of it."""
    if imported in (_MAY_BE_CALLED if called else _MAY_BE_NAMED):
        return Safety.SAFE
    if any(map(_is_harmful, _meanings(imported))):
        return Safety.DANGEROUS
    return Safety.SUSPICIOUS


def _meanings(imported: Imported) -> Iterator[Imported]:
    """Yield the name and what Python 3 takes it for in a pickle of Python 2's time."""
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # noqa: PLC0415 - seldom needed

    yield imported
    module, name = NAME_MAPPING.get(
        (imported.module, imported.name),
        (IMPORT_MAPPING.get(imported.module, imported.module), imported.name),
    )
    yield Imported(module, name)


def _is_harmful(imported: Imported) -> bool:
    # A dotted name walks through attributes: torch's `os.system` is that of `os`.
    steps = imported.name.split(".")
    if any(step.startswith("__") or step.strip("_") in _HARMFUL_STEPS for step in steps):
        return True
    if any(step in _HARMFUL_ANYWHERE for step in steps):
        return True
    if imported.module in ("builtins", "__builtin__"):
        return steps[0] in _HARMFUL_BUILTINS
    parts = imported.module.split(".")
    return any(".".join(parts[:count]) in _HARMFUL_MODULES for count in range(1, len(parts) + 1))
