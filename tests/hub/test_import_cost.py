"""Start-up must not pay for the client."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("httpx", "pydantic", "asyncio", "http", "ssl")


def test_the_package_and_its_protocol_are_cheap_to_import() -> None:
    code = (
        "import sys, loradex.hub, loradex.hub.source; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_the_local_hub_needs_the_standard_library_only() -> None:
    code = (
        "import sys, loradex.demo.hub_server; "
        "print([name for name in ('httpx', 'pydantic', 'loradex.hub') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
