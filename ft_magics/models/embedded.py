"""`ft-tiny`: the small English and Chinese model whose files come with this package.

It is made by a `%%pretrain` cell; recipes/ft_tiny.py makes it again, and prints the table below.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ft_magics.errors import ModelError

__all__ = ["FILES", "FOLDER", "embedded_model"]

FOLDER = Path(__file__).parent / "ft_tiny"
FILES = {  # sha256 of each
    "config.json": "ab59fbc4771ebd85fc26f1d3aa774c5968ad43dc3272bd776798b8f3d1b6c1e1",
    "model.safetensors": "dc77103b02c850e74a2a98f3d240c4f40e2cc5078ab655d2507c41f821d0acb2",
    "tokenizer.json": "137eb7eda0a4372bfc3e966d9ffdf7f0c90d764c8f83878b6384938370849006",
    "tokenizer_config.json": "d72bbf11e7c0efb8229a543e51c674012f75083f09e2bac4095ee7d8b0deb14f",
}


def embedded_model() -> str:
    """The folder of the model, each file of which has been compared with its hash.

    Raises:
        ModelError: A file is missing or is not the one that was published.
    """
    for name, expected in FILES.items():
        try:
            found = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
        except OSError:
            found = ""
        if found != expected:
            fault = f"is not the one that came with it (sha256 {found[:12]}…)" if found else "cannot be read"
            raise ModelError(
                f"model: `ft-tiny` comes with ft_magics, and {FOLDER / name} {fault}; reinstall it: "
                "`pip install --force-reinstall --no-deps ft_magics`"
            )
    return str(FOLDER)
