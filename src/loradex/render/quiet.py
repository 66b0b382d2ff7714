"""Keep the drawing libraries off the network and off the screen while they work for us."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_OFFLINE = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "DIFFUSERS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
)
_LIBRARIES = ("diffusers", "transformers", "torch", "numpy", "huggingface_hub")


@contextmanager
def offline_and_quiet() -> Iterator[None]:
    """Run the body with the hub off, library warnings unseen and logs at errors; then undo it.

    The hub library reads its switch once, when it is first imported, so the import is done here.
    """
    before = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ.update(dict.fromkeys(_OFFLINE, "1"))
    try:
        from diffusers.utils import logging as diffusers_logging  # noqa: PLC0415 - heavy
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415 - heavy

        loggers = (diffusers_logging, transformers_logging)
        levels = [logger.get_verbosity() for logger in loggers]
        for logger in loggers:
            logger.set_verbosity_error()
        try:
            with warnings.catch_warnings():
                for library in _LIBRARIES:
                    warnings.filterwarnings("ignore", module=rf"{library}(\.|$)")
                yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.set_verbosity(level)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
