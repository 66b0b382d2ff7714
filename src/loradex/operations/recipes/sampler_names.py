"""Samplers and schedules under A1111's names, whatever a picture's tool calls them.

ComfyUI, SwarmUI and Fooocus use the names of k-diffusion's functions, InvokeAI has its own.
"""

from __future__ import annotations

_SAMPLERS = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "euler_a": "Euler a",
    "heun": "Heun",
    "lms": "LMS",
    "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2s": "DPM++ 2S a",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "ddim": "DDIM",
    "ddpm": "DDPM",
    "pndm": "PLMS",
    "uni_pc": "UniPC",
    "unipc": "UniPC",
    "lcm": "LCM",
    "tcd": "TCD",
}
_SCHEDULES = {
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "normal": "Normal",
    "ddim_uniform": "DDIM",
    "beta": "Beta",
}


def a1111_names(sampler: str, schedule: str) -> tuple[str, str]:
    """Return sampler and schedule as A1111 calls them; what is not known stays as it is.

    A sampler that ends in `_k` is InvokeAI's with Karras' schedule.
    """
    plain = sampler.lower().removeprefix("k_").removesuffix("_gpu")
    if plain.endswith("_k") and not schedule:
        plain, schedule = plain.removesuffix("_k"), "karras"
    return _SAMPLERS.get(plain, sampler), _SCHEDULES.get(schedule.lower(), schedule)
