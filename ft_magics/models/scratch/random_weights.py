"""A model's architecture and tokenizer with random weights: what fine-tuning without pre-training begins from."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from transformers import AutoModel

from ft_magics.errors import ModelError
from ft_magics.models.configs import build_config, check_sizes, read_config
from ft_magics.models.faults import plain_errors
from ft_magics.models.heads import Head
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.tokenizer_files import TOKENIZER_FILES
from ft_magics.models.weight_files import open_weights

__all__ = ["write_random_copy"]


def write_random_copy(source: str, folder: Path, head: Head, seed: int) -> None:
    """Write a folder like a model's, with weights as the architecture draws them; one that is there stays.

    Args:
        source: What `find_weights` gave.
        folder: To be made, whole or not at all.
        head: That the model is to get.
        seed: Of the weights; torch's own generator is left alone.

    Raises:
        ModelError: The model cannot have this head, or the folder cannot be written.
    """
    if (folder / "config.json").is_file():
        return
    place = Path(source)
    with plain_errors(source), quiet_transformers():
        weights = open_weights(place)
        config = build_config(place, read_config(place, head), weights, head, fresh=True)
        check_sizes(source, config, weights, head)
        with OwnRandomNumbers(seed):
            model = AutoModel.from_config(config, dtype=torch.float32)
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
    try:
        fresh.mkdir(parents=True)
        try:
            with quiet_transformers():
                model.save_pretrained(fresh)
            for name in TOKENIZER_FILES:
                if (place / name).is_file():
                    shutil.copyfile(place / name, fresh / name)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise ModelError(f"model: {folder} cannot be written ({error.strerror or error}); make room there") from error
