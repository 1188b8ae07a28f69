"""Imported once by the process that lives are forked from, so that none of them loads or computes this again."""

from __future__ import annotations

import gc
from importlib import import_module

from transformers.conversion_mapping import get_checkpoint_conversion_mapping

for name in (
    *("ft_magics.display.run_page", "ft_magics.training.launch", "ft_magics.training.worker"),
    *("transformers.models.bert.modeling_bert", "seqeval.metrics", "torch.utils.serialization"),
    "pytest",  # a fork imports the main module, which is this in a suite
):
    import_module(name)
get_checkpoint_conversion_mapping("bert")  # compiles the patterns of all models' weights
gc.freeze()  # none of this is garbage; the Trainer looks through all of it otherwise
