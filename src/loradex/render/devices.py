"""Which devices of this machine share a grid."""

from __future__ import annotations

from loradex.domain.recipe import RenderSettings
from loradex.render.device import place


def devices_for(settings: RenderSettings) -> list[str]:
    """Return the devices to draw on: the one asked for, or with `auto` all alike cards.

    Cards of another kind than the first are left alone: they would draw the same cell with other
    last bits. Raises `UsageError` for a device that is not there.
    """
    first = place(settings)
    if settings.device != "auto" or first.device == "cpu":
        return [first.device]
    import torch  # noqa: PLC0415 - heavy

    kind = torch.cuda.get_device_capability(0)
    count = torch.cuda.device_count()
    return [f"cuda:{n}" for n in range(count) if torch.cuda.get_device_capability(n) == kind]
