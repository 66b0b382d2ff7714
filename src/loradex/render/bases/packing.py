"""Latents as rows of tokens, 2x2 latents each, as FLUX and its kin take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def pack_patches(latents: Tensor) -> Tensor:
    """Turn (n, c, h, w) into (n, h/2 * w/2, 4c)."""
    count, channels, rows, columns = latents.shape
    patches = latents.view(count, channels, rows // 2, 2, columns // 2, 2)
    patches = patches.permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(count, (rows // 2) * (columns // 2), channels * 4)


def unpack_patches(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Turn (n, h/2 * w/2, 4c) back into (n, c, rows, columns)."""
    count, _, width = tokens.shape
    patches = tokens.view(count, rows // 2, columns // 2, width // 4, 2, 2)
    patches = patches.permute(0, 3, 1, 4, 2, 5)
    return patches.reshape(count, width // 4, rows, columns)


def positions(rows: int, columns: int, device: torch.device) -> Tensor:
    """Return FLUX's position of each of rows * columns tokens: (0, row, column)."""
    import torch  # noqa: PLC0415 - heavy

    table = torch.zeros(rows, columns, 3, device=device)
    table[..., 1] = torch.arange(rows, device=device)[:, None]
    table[..., 2] = torch.arange(columns, device=device)[None, :]
    return table.reshape(rows * columns, 3)
