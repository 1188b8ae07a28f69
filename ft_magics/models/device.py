"""Where a run computes, and in which precision."""

from __future__ import annotations

import torch

from ft_magics.errors import DeviceError
from ft_magics.models.half_precision import gains_from_bf16

__all__ = ["choose_device", "choose_precision"]


def choose_device(name: str) -> str:
    """`cpu`, `cuda` or `mps`.

    Args:
        name: One of them, or `auto` for the best that is there.

    Raises:
        DeviceError: The device was named and is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, present in there.items() if present)
    if not there[name]:
        others = ", ".join(device for device, present in there.items() if present)
        cpu_build = name == "cuda" and not torch.version.cuda
        build = f" This PyTorch ({torch.__version__}) is a CPU build." if cpu_build else ""
        raise DeviceError(
            f"train.device: `{name}` is not there; this machine has {others}.{build} "
            "Leave `device` out to take the best"
        )
    return name


def choose_precision(name: str, device: str) -> str:
    """`fp32` or `bf16` (autocast over fp32 weights).

    `auto` takes bf16 where the device gains from it: CUDA from Ampere on, CPUs that were measured to.

    Raises:
        DeviceError: bf16 was named and the GPU cannot do it.
    """
    if name == "fp32":
        return name
    if device == "cuda":
        gains = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device == "cpu":
        gains = name == "auto" and gains_from_bf16()
    else:
        gains = False
    if name == "auto":
        return "bf16" if gains else "fp32"
    if device != "cpu" and not gains:
        raise DeviceError(f"train.precision: this {device} device has no bf16; use `precision: auto` or fp32")
    return name
