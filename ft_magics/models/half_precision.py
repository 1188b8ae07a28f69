"""Whether a processor is faster in bf16: measured once, and remembered for this user.

That a processor has instructions for bf16 says little: of two with AVX-512 BF16 one took 1.38 times as long for a step
as in fp32, and the other 0.62 times (docs/experiments.md).
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import cache

import torch
from torch import nn

from ft_magics.models.cache import cache_folder
from ft_magics.models.omp_threads import own_number_of_threads

__all__ = ["gains_from_bf16"]

_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16")  # of x86 and of ARM, as torch names them
_WORTH_IT = 0.85  # of the time in fp32: below, rounding is paid for
_ROWS, _WIDTH, _INNER = 384, 384, 1536  # a batch of 16 short sentences in a feed-forward layer of MiniLM
_WARM_UP, _PAIRS = 2, 8


@cache
def gains_from_bf16() -> bool:
    """Whether this processor trains clearly faster under bf16 autocast than in fp32.

    The first call on a machine takes a quarter of a second; others read what it found in the user's cache.
    """
    abilities = torch.cpu.get_capabilities()
    if not any(abilities.get(name) for name in _INSTRUCTIONS):
        return False  # bf16 is emulated
    known = cache_folder("precision") / "bf16.json"
    machine = f"{abilities.get('cpu_name')}, torch {torch.__version__}"
    told: dict[str, float] = {}
    with suppress(OSError, ValueError, TypeError):
        told = dict(json.loads(known.read_text(encoding="utf-8")))
    if not isinstance(told.get(machine), float):
        told[machine] = round(_time_of_bf16(), 3)
        with suppress(OSError):
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(json.dumps(told), encoding="utf-8")
    return told[machine] < _WORTH_IT


def _time_of_bf16() -> float:
    """The time of a training step of a feed-forward layer in bf16, over that in fp32.

    The shortest of each: what else the machine does makes some longer, and none shorter.
    """
    generator = torch.Generator().manual_seed(0)  # torch's own stays as it is: a run's seed has drawn from it or will
    first = torch.randn(_INNER, _WIDTH, generator=generator).requires_grad_()
    second = torch.randn(_WIDTH, _INNER, generator=generator).requires_grad_()
    rows = torch.randn(_ROWS, _WIDTH, generator=generator)

    def step(enabled: bool) -> float:
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            out = nn.functional.linear(nn.functional.gelu(nn.functional.linear(rows, first)), second)
        torch.autograd.grad(out.float().sum(), (first, second))
        return time.perf_counter() - began

    with torch.enable_grad(), own_number_of_threads():
        torch.set_num_threads(1)  # several wait for each other on a busy machine, which says nothing of the numbers
        pairs = [(step(True), step(False)) for _ in range(_WARM_UP + _PAIRS)]
    half, full = (min(times) for times in zip(*pairs[_WARM_UP:], strict=True))
    return float(half / full)
