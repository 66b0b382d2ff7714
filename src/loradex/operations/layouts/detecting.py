"""Tell which tool a folder belongs to."""

from __future__ import annotations

from pathlib import Path

from loradex.operations.layouts import (
    a1111,
    comfyui,
    huggingface,
    invokeai,
    plain,
    sdnext,
    stabilitymatrix,
    swarmui,
)
from loradex.operations.layouts.detected import Detected, Detector

DETECTORS: tuple[Detector, ...] = (
    stabilitymatrix.detect,  # has packages of all the others below it
    invokeai.detect,
    huggingface.detect,
    swarmui.detect,  # may have a ComfyUI as its backend
    sdnext.detect,  # before A1111, whose names it kept
    a1111.detect,
    comfyui.detect,
)
"""All tools, the first that knows a folder wins."""


def detect_tool(folder: Path) -> Detected | None:
    """Return the tool whose folder this is, None when it is no tool's."""
    return next((found for detect in DETECTORS if (found := detect(folder))), None)


def detect(folder: Path) -> Detected | None:
    """Return what a folder is, a plain one when it is no tool's; None when it is no folder."""
    return detect_tool(folder) or plain.detect(folder)
