"""The chat template in a model's folder, which no loader of ours takes: a small program, run in a sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ft_magics.models.weight_files import read_bytes, read_json

__all__ = ["read_chat_template", "write_chat_template"]

_FILE, _CONFIG, _KEY = "chat_template.jinja", "tokenizer_config.json", "chat_template"
_MOST_BYTES = 1 << 18


def read_chat_template(folder: str) -> str | None:
    """The template of a folder: of `chat_template.jinja`, else of tokenizer_config.json; None where there is none.

    Args:
        folder: Of a tokenizer.

    Raises:
        ModelError: The file cannot be read, or is too large.
    """
    file, config = Path(folder) / _FILE, Path(folder) / _CONFIG
    if file.is_file():
        return read_bytes(file, _MOST_BYTES).decode(errors="replace")
    said: Any = read_json(config).get(_KEY) if config.is_file() else None
    if isinstance(said, list):  # several by name, as older versions of transformers wrote them
        named = {item.get("name"): item.get("template") for item in said if isinstance(item, dict)}
        said = named.get("default")
    return said if isinstance(said, str) and len(said) <= _MOST_BYTES else None


def write_chat_template(folder: Path, template: str) -> None:
    """Keep a template in a tokenizer's folder, where `read_chat_template` finds it."""
    (folder / _FILE).write_text(template, encoding="utf-8")
