"""The looks of loradex: one dark theme, one light."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="loradex-dark",
    primary="#7fb4ca",
    secondary="#8a93a8",
    accent="#e2b070",
    success="#98bb8d",
    warning="#e2b070",
    error="#e2777a",
    foreground="#d7dbe4",
    background="#14161a",
    surface="#191c21",
    panel="#24282f",
    dark=True,
    variables={
        "border": "#7fb4ca",
        "border-blurred": "#2e333c",
        "block-cursor-background": "#333b44",
        "block-cursor-foreground": "#f1f4f9",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#262b32",
        "block-cursor-blurred-foreground": "#d7dbe4",
        "input-selection-background": "#7fb4ca 35%",
        "input-cursor-background": "#e2b070",
        "input-cursor-foreground": "#14161a",
        "scrollbar": "#363c47",
        "scrollbar-hover": "#4b535f",
        "scrollbar-active": "#7fb4ca",
        "scrollbar-background": "#191c21",
        "scrollbar-background-hover": "#191c21",
        "scrollbar-background-active": "#191c21",
        "scrollbar-corner-color": "#191c21",
        "quiet": "#7c869a",
        "chip": "#98bb8d",
    },
)

LIGHT = Theme(
    name="loradex-light",
    primary="#1d6f8a",
    secondary="#6a7280",
    accent="#9a5b00",
    success="#3f7336",
    warning="#9a5b00",
    error="#b3333b",
    foreground="#2a2e37",
    background="#f3f1ec",
    surface="#fbfaf7",
    panel="#e6e3db",
    dark=False,
    variables={
        "border": "#1d6f8a",
        "border-blurred": "#d3cfc4",
        "block-cursor-background": "#d5e4ea",
        "block-cursor-foreground": "#14181f",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e9e7e0",
        "block-cursor-blurred-foreground": "#2a2e37",
        "input-selection-background": "#1d6f8a 25%",
        "input-cursor-background": "#9a5b00",
        "input-cursor-foreground": "#fbfaf7",
        "scrollbar": "#c9c5ba",
        "scrollbar-hover": "#aaa598",
        "scrollbar-active": "#1d6f8a",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
        "scrollbar-corner-color": "#fbfaf7",
        "quiet": "#777d88",
        "chip": "#3f7336",
    },
)

FALLBACK_VARIABLES = {"quiet": "ansi_default", "chip": "ansi_green"}
"""What our own names mean in a theme that is not ours."""
