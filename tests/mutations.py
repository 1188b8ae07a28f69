"""A model's folder, spoilt at random: bytes, JSON values, headers, whole files."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

JSON_FILES = ("config.json", "tokenizer_config.json", "ft_magics.json", "tokenizer.json")

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, [], {}, "", "x", "\ud800", "a/b", "../..", "/etc/passwd", "O", "B-PER", "float64", "\0"),
    *(0, 1, 2, 7, -1, 10**5, 10**8, 2**31, 2**63, 10**30, 10**400, 0.5, -0.5, 1e30, 1e308),
    *(float("nan"), float("inf"), -float("inf")),  # Python writes and reads them, though JSON has none
    *([None], [0], ["x"], {"x": 1}, {"0": "O"}, {"a": {"b": {}}}),
)

ODD_KEYS: tuple[tuple[str, Any], ...] = (
    ("_attn_implementation", "someone/kernel"),
    ("attn_implementation", "someone/kernel"),
    ("_attn_implementation_internal", "someone/kernel"),
    ("auto_map", {"AutoConfig": "mine.Config", "AutoModelForTokenClassification": "someone/code--mine.Model"}),
    ("auto_map", {"AutoTokenizer": ["mine.Slow", "mine.Fast"]}),
    ("auto_map", 5),
    ("quantization_config", {"quant_method": "bitsandbytes", "load_in_4bit": True}),
    ("base_model_name_or_path", "someone/model"),
    ("_name_or_path", "someone/model"),
    ("text_config", {"_attn_implementation": "someone/kernel", "model_type": "bert"}),
    ("use_kernels", True),
    ("num_labels", 10**9),
    ("is_decoder", True),
    ("to_dict", None),
    ("from_pretrained", "x"),
    ("layer_types", ["full_attention"] * 3),
    ("tokenizer_class", "XLMTokenizer"),
    ("tokenizer_file", "/etc/passwd"),
    ("vocab_file", "/etc/passwd"),
    ("gguf_file", "x.gguf"),
    ("init_inputs", ["x"]),
    ("chat_template", "{{ 1 / 0 }}"),
    ("added_tokens_decoder", {"99999999": {"content": "far"}}),
    ("extra_special_tokens", {"image_token": "<image>"}),
    ("max_length_tokens", float("nan")),
)

ADDED_FILES: dict[str, bytes] = {
    "adapter_config.json": b'{"base_model_name_or_path": "someone/model", "peft_type": "LORA"}',
    "chat_template.jinja": b"{% for x in range(999999999) %}x{% endfor %}",
    "generation_config.json": b"[",
    "model.safetensors.index.json": b'{"weight_map": {"x": "../model.safetensors"}}',
    "pytorch_model.bin": b"\x80\x04\x95",
    "special_tokens_map.json": b'{"unk_token": 5}',
    "added_tokens.json": b'{"far": 99999999}',
    "tokenizer.model": b"\0",
    "vocab.txt": b"a\na\n\xff",
}


def mutate_folder(folder: Path, rng: random.Random) -> str:
    """Spoil one to three things in a folder; says what was done.

    Args:
        folder: Holds a saved model. It is changed, and nothing else is.
        rng: Where all choices come from: the same state does the same.
    """
    kinds: list[Callable[[Path, random.Random], str]] = [
        *[json_value] * 8,
        *[json_key] * 4,
        *[header] * 4,
        *[flipped] * 3,
        *[cut, repeated, removed, replaced, added],
    ]
    return "; ".join(rng.choice(kinds)(folder, rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def _pick(folder: Path, rng: random.Random, names: tuple[str, ...] = ()) -> Path | None:
    """A regular file that is still there."""
    there = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    there = [path for path in there if not names or path.name in names]
    return rng.choice(there) if there else None


def flipped(folder: Path, rng: random.Random) -> str:
    """Some bytes of a file are others, most often near its beginning."""
    path = _pick(folder, rng)
    raw = bytearray(path.read_bytes()) if path else bytearray()
    if path is None or not raw:
        return "nothing"
    places = [rng.randrange(min(len(raw), rng.choice((16, 400, len(raw))))) for _ in range(rng.randint(1, 8))]
    for place in places:
        raw[place] ^= 1 << rng.randrange(8)
    path.write_bytes(raw)
    return f"{path.name}: bytes {places} flipped"


def cut(folder: Path, rng: random.Random) -> str:
    """A file ends early."""
    path = _pick(folder, rng)
    if path is None:
        return "nothing"
    length = rng.randint(0, path.stat().st_size)
    path.write_bytes(path.read_bytes()[:length])
    return f"{path.name}: cut to {length} bytes"


def repeated(folder: Path, rng: random.Random) -> str:
    """A piece of a file is there many times."""
    path = _pick(folder, rng)
    if path is None:
        return "nothing"
    raw = path.read_bytes()
    start = rng.randint(0, len(raw))
    piece, times = raw[start : start + rng.randint(1, 40)], rng.choice((2, 100, 10_000))
    path.write_bytes(raw[:start] + piece * times + raw[start:])
    return f"{path.name}: {piece!r} {times} times at {start}"


def removed(folder: Path, rng: random.Random) -> str:
    """A file is not there."""
    path = _pick(folder, rng)
    if path is None:
        return "nothing"
    path.unlink()
    return f"{path.name}: removed"


def replaced(folder: Path, rng: random.Random) -> str:
    """Something else has a file's name."""
    path = _pick(folder, rng)
    if path is None:
        return "nothing"
    path.unlink()
    what = rng.choice(("folder", "pipe", "/dev/zero", "nowhere", path.name, ".", "empty"))
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "empty":
        path.touch()
    else:
        path.symlink_to(what)
    return f"{path.name}: replaced by {what}"


def added(folder: Path, rng: random.Random) -> str:
    """A file that was not there, or another in its place."""
    name = rng.choice(sorted(ADDED_FILES))
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.write_bytes(ADDED_FILES[name])
    return f"{name}: added"


def json_value(folder: Path, rng: random.Random) -> str:
    """A value in a JSON file is an odd one, or gone."""
    path = _pick(folder, rng, JSON_FILES)
    value = _load(path)
    if path is None or value is None:
        return "nothing"
    where, odd = spoil(value, rng)
    path.write_text(json.dumps(value))
    return f"{path.name}: {where} = {odd:.60}"


def json_key(folder: Path, rng: random.Random) -> str:
    """A JSON file says something that it did not, or says a thing at great depth or twice."""
    path = _pick(folder, rng, JSON_FILES)
    value = _load(path)
    if path is None or not isinstance(value, dict):
        return "nothing"
    key, odd = rng.choice(ODD_KEYS)
    text = json.dumps({**value, key: odd})
    how = rng.choice(("added", "added", "added", "deep", "twice"))
    if how == "deep":
        depth = rng.choice((60, 500, 100_000))
        text = f'{text[:-1]}, "{key}": {"[" * depth}{"]" * depth}}}'
    elif how == "twice":
        text = f'{text[:-1]}, "{key}": 1}}'
    path.write_text(text)
    return f"{path.name}: {key} {how}"


def header(folder: Path, rng: random.Random) -> str:
    """The header of the weights says something else, or another length of itself."""
    path = _pick(folder, rng, ("model.safetensors",))
    raw = path.read_bytes() if path else b""
    length = int.from_bytes(raw[:8], "little")
    if path is None or not 2 <= length <= len(raw):
        return "nothing"
    if rng.random() < 0.3:
        claimed = rng.choice((0, 1, length - 1, length + 1, 2**31, 2**60, 2**64 - 1))
        path.write_bytes(claimed.to_bytes(8, "little") + raw[8:])
        return f"{path.name}: the header claims {claimed} bytes"
    try:
        described = json.loads(raw[8 : 8 + length])
    except ValueError:
        return "nothing"
    where, odd = spoil(described, rng)
    new = json.dumps(described).encode()
    path.write_bytes(len(new).to_bytes(8, "little") + new + raw[8 + length :])
    return f"{path.name}: header {where} = {odd:.60}"


def _load(path: Path | None) -> Any:
    try:
        return json.loads(path.read_bytes()) if path else None
    except (ValueError, RecursionError):
        return None


def spoil(value: Any, rng: random.Random) -> tuple[str, str]:
    """Put an odd value somewhere into it, or take one out; says where and what."""
    where = []
    while True:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not places:
            return "/".join(where), "nothing"
        place = rng.choice(places)
        where.append(str(place))
        child = value[place]
        if not isinstance(child, (dict, list)) or not child or rng.random() < 0.25:
            break
        value = child
    if rng.random() < 0.15:
        del value[place]
        return "/".join(where), "gone"
    value[place] = rng.choice((*ODD_VALUES, *_near(child)))
    return "/".join(where), repr(value[place])


def _near(value: Any) -> tuple[Any, ...]:
    """Values of the same type that differ a little: they come furthest."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ()
    if isinstance(value, int):
        return (value + 1, value - 1, value * 2, value // 2, str(value), min(value, 10**9) + 0.0) * 3
    return (value[::-1], value + "x", value.lower(), value * 3) * 2
