"""A fake Hub, and hubs that ask it with a home of their own for the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.huggingface import FakeHuggingFace, sample_repos
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnreachable
from loradex.plugin_api import HubContext
from loradex_plugins.huggingface.hub import HuggingFaceHub

TOKEN = "hf_paperlantern"


class NoHttp:
    def get_json(self, url: str) -> object:
        raise HubUnreachable(f"{url} is not there.")


@pytest.fixture(autouse=True)
def _own_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library ask servers on this machine, and find no token but a test's own.

    Other tests may have imported it before: it keeps what it read from the environment.
    """
    from huggingface_hub import constants  # noqa: PLC0415

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(tmp_path / "stored_tokens"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake() -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace(*sample_repos(), tokens={TOKEN: "paperlantern"}) as fake:
        yield fake


@pytest.fixture
def waits() -> list[HubWait]:
    """What was told of waits."""
    return []


Connect = Callable[..., HuggingFaceHub]


@pytest.fixture
def connect(fake: FakeHuggingFace, waits: list[HubWait]) -> Connect:
    def make(
        *, endpoint: str | None = None, offline: bool = False, cancel: CancelToken | None = None
    ) -> HuggingFaceHub:
        context = HubContext(
            NoHttp(),
            names=("huggingface",),
            offline=offline,
            cancel=cancel or CancelToken(),
            tell=waits.append,
            version="9.9",
        )
        return HuggingFaceHub(context, endpoint or fake.url)

    return make


@pytest.fixture
def hub(connect: Connect) -> HuggingFaceHub:
    return connect()
