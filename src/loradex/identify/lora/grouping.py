"""Pair the tensors of a LoRA: module path -> role -> tensor, for every naming convention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loradex.domain.header import Tensor

Roles = dict[str, Tensor]
"""Role of a tensor in its module (`down`, `up`, `alpha`, `hada_w1_a` …) -> the tensor."""

# The last word of a key.
_LAST: dict[str, str] = {
    "lora_A": "down",
    "lora_B": "up",
    "lora_down": "down",
    "lora_up": "up",
    "alpha": "alpha",
    "diff": "diff",
    "diff_b": "diff_b",
    "w_norm": "w_norm",
    "b_norm": "b_norm",
    "dora_scale": "dora",
    "lora_magnitude_vector": "dora",
    "on_input": "on_input",
    "oft_blocks": "oft_blocks",
    "oft_diag": "oft_blocks",
    "lora_embedding_A": "down",
    "lora_embedding_B": "up",
    "oft_R": "oft_r",
    "boft_R": "oft_blocks",
    "boft_s": "rescale",
    "ia3_l": "ia3",
    "rescale": "rescale",
    "scalar": "scalar",
    "lambda_layer": "lambda",
    "reshape_weight": "reshape",
    "set_weight": "set",
    **{
        name: name
        for name in (
            "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
            "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
        )
    },
}  # fmt: skip

# The last word but one, before `weight` (or `bias`).
_BEFORE_WEIGHT: dict[str, str] = {
    "lora_A": "down",
    "lora_B": "up",
    "lora_down": "down",
    "lora_up": "up",
    "lora_mid": "mid",
    "a1": "a1",
    "a2": "a2",
    "b1": "b1",
    "b2": "b2",
    "bm": "bm",
    "am": "am",
    "oft_R": "oft_r",
    "lora_magnitude_vector": "dora",
    "q_layer": "q_layer",
    "p_layer": "p_layer",
}

# The last word but two, before an adapter's name and `weight` (PEFT's `lora_A.default.weight`).
_BEFORE_NAME: dict[str, str] = {
    "lora_A": "down",
    "lora_B": "up",
    "lora_magnitude_vector": "dora",
    "oft_R": "oft_r",
}

_TURNED = ".lora_down"
"""Nunchaku's files keep this half as in x rank, and without `.weight`."""

NEUTRAL = frozenset({"alpha", "scalar", "rescale", "reshape", "set"})
"""Roles that do not make a file a LoRA by themselves."""


def role_of(key: str) -> tuple[str, str] | None:
    """Return the module path and the role a key's ending means, None for any other key."""
    head, _, last = key.rpartition(".")
    role = _LAST.get(last)
    if role is not None:
        return head, role
    if last not in ("weight", "bias", "default"):
        return None
    module, _, word = head.rpartition(".")
    role = _BEFORE_WEIGHT.get(word)
    if role is not None:
        return module, role if last != "bias" else f"{role}_bias"
    outer, _, before = module.rpartition(".")
    if word in ("down", "up"):
        return _old_diffusers(outer, before, word)
    role = _BEFORE_NAME.get(before)
    return None if role is None else (outer, role)


def _old_diffusers(outer: str, before: str, side: str) -> tuple[str, str] | None:
    """Read `X.lora.down`, `X.lora_linear_layer.down` and the attention processors of 2023.

    The processors of xlabs (`processor.qkv_lora1` for the picture, `…lora2` for the text) keep
    their name: both halves of one block would otherwise fall together.
    """
    if before in ("lora", "lora_linear_layer"):
        return outer, side
    if "_lora" not in before:
        return None
    if before.startswith(("qkv_", "proj_")) or not before.endswith("_lora"):
        return f"{outer}.{before}", side
    module = outer.removesuffix("processor").removesuffix(".")
    return f"{module}.{before.removesuffix('_lora')}", side


def group(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Roles], list[str]]:
    """Return the modules with their tensors by role, and the keys that are no part of one."""
    modules: dict[str, Roles] = {}
    rest: list[str] = []
    for key, tensor in tensors.items():
        found = role_of(key)
        if found is None:
            rest.append(key)
            continue
        module, role = found
        roles = modules.get(module)
        if roles is None:
            roles = modules[module] = {}
        roles[role] = _turned(tensor) if key.endswith(_TURNED) else tensor
    return modules, _claim_ia3(modules, rest, tensors)


def _turned(tensor: Tensor) -> Tensor:
    return Tensor(tensor.dtype, tensor.shape[::-1])


def _claim_ia3(
    modules: dict[str, Roles], rest: Iterable[str], tensors: Mapping[str, Tensor]
) -> list[str]:
    """(IA)³ keeps its vector as a plain `weight` beside `on_input`."""
    left: list[str] = []
    for key in rest:
        roles = modules.get(key.removesuffix(".weight")) if key.endswith(".weight") else None
        if roles is not None and "on_input" in roles:
            roles["ia3"] = tensors[key]
        else:
            left.append(key)
    return left
