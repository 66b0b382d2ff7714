"""How much of an untrusted file is read and kept. Checked before anything is allocated."""

from __future__ import annotations

MAX_HEADER_BYTES = 100_000_000
"""Longest header or pickle that is read: the cap of the safetensors reference reader."""

MAX_TENSORS = 100_000
"""Tensors kept of one header. The largest published models have about 6,000."""

MAX_NAME = 1_024
"""Characters kept of a tensor's name."""

MAX_DIMENSIONS = 64

MAX_METADATA_ENTRIES = 2_000
MAX_METADATA_KEY = 256
MAX_METADATA_VALUE = 512 * 1024
"""Characters kept of one metadata value: whole tag tables (at most 100 kB) and small thumbnails."""

MAX_METADATA_TOTAL = 4 * 1024 * 1024
"""Characters kept of all metadata values together."""

MAX_JSON_FILE = 4 * 1024 * 1024
"""Longest JSON file of a diffusers folder that is read."""
