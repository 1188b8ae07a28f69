"""The files of a model's tokenizer, copied to a place of their own without what a tokenizer does not need.

transformers looks into its folder for more than a tokenizer: templates, code, names of other files. Here it finds only
what was read and checked.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.tokenization_auto import tokenizer_class_from_name
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from ft_magics.errors import ModelError
from ft_magics.models.weight_files import read_bytes, read_json

__all__ = ["TOKENIZER_FILES", "tokenizer_files"]

_CONFIG = "tokenizer_config.json"
_VOCABULARIES = (
    *("vocab.txt", "vocab.json", "merges.txt", "entity_vocab.json", "bpe.codes"),
    *("spiece.model", "spm.model", "sentencepiece.model", "sentencepiece.bpe.model", "tokenizer.model"),
)
_JSON = ("tokenizer.json", "added_tokens.json", "special_tokens_map.json")
TOKENIZER_FILES = (_CONFIG, *_JSON, *_VOCABULARIES)
_MOST_BYTES = 64 << 20  # the largest vocabularies, of 256,000 pieces, take half of it
_MOST_ID = 10_000_000

# Anything else in tokenizer_config.json could name files, code or places.
_TAKEN = frozenset(
    (
        *("tokenizer_class", "model_max_length", "model_input_names", "padding_side", "truncation_side"),
        *("added_tokens_decoder", "additional_special_tokens", "extra_special_tokens", "split_special_tokens"),
        *("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"),
        *("do_lower_case", "do_lowercase", "strip_accents", "tokenize_chinese_chars", "keep_accents", "clean_text"),
        *("remove_space", "split_by_punct", "wordpieces_prefix", "add_prefix_space", "trim_offsets", "errors"),
        *("add_bos_token", "add_eos_token", "unk_id", "vocab_type", "legacy", "clean_up_tokenization_spaces"),
        *("do_basic_tokenize", "never_split"),
    )
)


@contextmanager
def tokenizer_files(folder: Path) -> Iterator[str]:
    """A folder for a while, with the checked files of a model's tokenizer.

    Raises:
        ModelError: A file cannot be read, is too large, or says what no tokenizer says.
    """
    names = {path.name for path in folder.iterdir()}
    with tempfile.TemporaryDirectory(prefix="ft_magics_tokenizer_") as place:
        copy = Path(place)
        for name in names.intersection(_JSON):
            (copy / name).write_text(json.dumps(read_json(folder / name, _MOST_BYTES)), encoding="utf-8")
        for name in names.intersection(_VOCABULARIES):
            (copy / name).write_bytes(read_bytes(folder / name, _MOST_BYTES))
        if _CONFIG in names:
            (copy / _CONFIG).write_text(json.dumps(_settings(folder / _CONFIG)), encoding="utf-8")
        (copy / "config.json").write_text(json.dumps(_kind(folder / "config.json")), encoding="utf-8")
        yield place


def _settings(path: Path) -> dict[str, Any]:
    """The settings in tokenizer_config.json that make the tokenizer what it is."""
    settings = {key: value for key, value in read_json(path).items() if key in _TAKEN and value is not None}
    longest = settings.pop("model_max_length", None)
    if isinstance(longest, (int, float)) and not isinstance(longest, bool) and longest >= 1:
        settings["model_max_length"] = int(min(longest, 1e30))  # transformers writes 1e30 where there is no limit
    _check_class(path, settings)
    added = settings.get("added_tokens_decoder", {})
    if not isinstance(added, dict) or not all(key.isdecimal() and int(key) <= _MOST_ID for key in added):
        raise ModelError(f"model: {path}: `added_tokens_decoder` does not name tokens by their ids; save it again")
    return settings


def _check_class(path: Path, settings: dict[str, Any]) -> None:
    name = settings.get("tokenizer_class", "")
    if not isinstance(name, str):
        raise ModelError(f"model: {path}: `tokenizer_class` is {name!r:.80}; expected a name, such as BertTokenizer")
    found = tokenizer_class_from_name(name) if name else None
    if isinstance(found, type) and not issubclass(found, TokenizersBackend):
        raise ModelError(
            f"model: {path.parent} has no fast tokenizer, which is needed to know which token is of which word "
            f"(`tokenizer_class` is {name:.80})"
        )


def _kind(path: Path) -> dict[str, str]:
    """What transformers asks config.json, to choose a tokenizer's class."""
    config = read_json(path)
    chosen = {key: config.get(key) for key in ("model_type", "tokenizer_class")}
    if chosen["model_type"] not in CONFIG_MAPPING:
        del chosen["model_type"]
    _check_class(path, {key: value for key, value in chosen.items() if value is not None})
    return {key: value for key, value in chosen.items() if isinstance(value, str)}
