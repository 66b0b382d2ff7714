"""Put LoRAs into a checkpoint's weights at their strengths, and take them out without a trace.

Every merge starts from the untouched weight, adds in float32 and rounds once; nothing is ever
undone by subtraction, which would drift. Copies of the untouched weights are kept only for what
is merged at the moment, and only what has to change is merged anew. Changes are computed again
for each strength: kept in float32 they would take twice the memory of 16-bit weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.file import LoraFile
from loradex.render.lora.modules import Piece
from loradex.render.lora.patch import Group, Patch
from loradex.render.lora.use import LoraAt

if TYPE_CHECKING:
    from torch import Tensor, nn

    _Slot = tuple[nn.Parameter, bool]
    _Term = tuple[LoraFile, Patch, float]
    _Fused = dict[LoraFile, tuple[Group, float, Tensor]]

_CACHED = 1 << 18
"""Numbers that are added to at a time: so many in float32 stay in a CPU's cache."""


class Merger:
    """Holds the untouched weights behind what is merged. Not for several threads.

    `parts` limits it to some parts of the checkpoint (diffusers' folder names), for when the
    rest runs unmerged.
    """

    def __init__(self, parts: frozenset[str] | None = None) -> None:
        self._parts = parts
        self._pristine: dict[nn.Parameter, Tensor] = {}
        self._merged: dict[nn.Parameter, list[_Term]] = {}
        self._tensors: dict[LoraFile, dict[str, Tensor]] = {}

    def apply(self, uses: Sequence[LoraAt]) -> None:
        """Make the checkpoint what it is with exactly these LoRAs.

        Raises `LoraMismatch` when a file has
        changed on disk or the weights are stored in a form that cannot be added to; what is
        merged by then stays so until the next `apply` or `restore`.
        """
        import torch  # noqa: PLC0415 - heavy

        wanted = self._wanted(uses)
        files = {use.file for use in uses}
        self._tensors = {file: kept for file, kept in self._tensors.items() if file in files}
        fused: _Fused = {}
        with torch.no_grad():
            self._put_back(set(self._pristine) - {parameter for parameter, _ in wanted})
            for (parameter, is_bias), terms in wanted.items():
                if self._merged.get(parameter) != terms:
                    self._merge(parameter, terms, is_bias=is_bias, fused=fused)
                    self._merged[parameter] = terms

    def restore(self) -> None:
        """Put every untouched weight back, bit for bit."""
        import torch  # noqa: PLC0415 - heavy

        with torch.no_grad():
            self._put_back(set(self._pristine))
        self._tensors.clear()

    def _wanted(self, uses: Sequence[LoraAt]) -> dict[_Slot, list[_Term]]:
        """Return, for each parameter that is to differ from the checkpoint, what is added."""
        wanted: dict[_Slot, list[_Term]] = {}
        for use in uses:
            for patch in use.file.patches:
                strength = use.at(patch)
                if strength == 0 or (self._parts is not None and patch.part not in self._parts):
                    continue
                for name, touched in (
                    ("weight", patch.touches_weight),
                    ("bias", patch.touches_bias),
                ):
                    parameter = patch.module._parameters[name] if touched else None
                    if parameter is not None:
                        slot = (parameter, name == "bias")
                        wanted.setdefault(slot, []).append((use.file, patch, strength))
        return wanted

    def _put_back(self, parameters: set[nn.Parameter]) -> None:
        for parameter in parameters:
            parameter.copy_(self._pristine.pop(parameter))
            self._merged.pop(parameter, None)

    def _merge(
        self,
        parameter: nn.Parameter,
        terms: list[_Term],
        *,
        is_bias: bool,
        fused: _Fused,
    ) -> None:
        import torch  # noqa: PLC0415 - heavy

        if not parameter.is_floating_point():
            raise LoraMismatch(
                f"{terms[0][0].name} cannot be merged: the checkpoint's weights are quantised.",
                hint="Choose a checkpoint of 16 bits, or a plain LoRA drawn without merging.",
            )
        if parameter not in self._pristine:
            self._pristine[parameter] = parameter.detach().clone()
        base = self._pristine[parameter]
        if not is_bias and all(patch.is_plain for _, patch, _ in terms):
            self._merge_plain(parameter, base, terms)
            return
        total = base.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        for term in terms:
            file, patch, strength = term
            tensors = self._by_role(file, patch.group, parameter)
            piece = patch.piece
            if is_bias:
                change = patch.group.bias_change(tensors, strength=strength)
            else:
                change = self._weight_change(term, tensors, fused)
            total[piece.target : piece.target + piece.count] += change[
                piece.source : piece.source + piece.count
            ]
        parameter.copy_(total)

    def _merge_plain(self, parameter: nn.Parameter, base: Tensor, terms: list[_Term]) -> None:
        """Add products of two factors, some rows at a time where memory is what takes time."""
        import torch  # noqa: PLC0415 - heavy

        factors = []
        for file, patch, strength in terms:
            down, up, scale = patch.factors(self._on_device(file, patch.group, parameter))
            start = patch.piece.target
            factors.append(
                (down.float().flatten(1), up.float().flatten(1), scale * strength, start)
            )
        step = parameter.shape[0]
        if parameter.device.type == "cpu":
            step = max(1, _CACHED * step // parameter.numel())
        for row in range(0, parameter.shape[0], step):
            total = base[row : row + step].to(
                torch.float32, copy=True, memory_format=torch.contiguous_format
            )
            matrix = total.view(total.shape[0], -1)
            for down, up, scale, start in factors:
                first, last = max(row, start), min(row + len(matrix), start + len(up))
                if first < last:
                    matrix[first - row : last - row].addmm_(
                        up[first - start : last - start], down, alpha=scale
                    )
            parameter[row : row + step].copy_(total)

    def _weight_change(self, term: _Term, tensors: Mapping[str, Tensor], fused: _Fused) -> Tensor:
        """Return the change of a group's whole matrix, once for all modules it is spread over.

        `fused` keeps the last one of each file: a matrix's modules follow one another.
        """
        import torch  # noqa: PLC0415 - heavy

        file, patch, strength = term
        group = patch.group
        known = fused.get(file)
        if known is not None and known[:2] == (group, strength):
            return known[2]
        if group.needs_base:
            weight = torch.cat([self._rows(piece) for piece in group.pieces])
        else:
            weight = torch.empty(group.shape, device="meta")
        change = group.weight_change(weight, tensors, strength=strength)
        if len(group.pieces) > 1:
            fused[file] = (group, strength, change)
        return change

    def _rows(self, piece: Piece) -> Tensor:
        """Return a piece's untouched weight in float32."""
        weight = piece.module._parameters["weight"]
        assert weight is not None  # noqa: S101 - only modules with a weight are listed
        whole = self._pristine.get(weight, weight.detach())
        return whole[piece.target : piece.target + piece.count].float()

    def _by_role(
        self, file: LoraFile, group: Group, parameter: nn.Parameter
    ) -> Mapping[str, Tensor]:
        tensors = self._on_device(file, group, parameter)
        return {role: tensors[key].float() for role, key in group.tensors.items()}

    def _on_device(
        self, file: LoraFile, group: Group, parameter: nn.Parameter
    ) -> Mapping[str, Tensor]:
        """Return the file's tensors, those of `group` where `parameter` is."""
        tensors = self._tensors.get(file)
        if tensors is None:
            tensors = self._tensors[file] = file.tensors()
        for key in group.tensors.values():
            tensors[key] = tensors[key].to(parameter.device)
        return tensors
