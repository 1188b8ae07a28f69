"""A run's folder, spoilt at random: lines of its log, JSON values, bytes, whole files, links."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mutations import spoil

_LINES: tuple[bytes, ...] = (
    *(b"5", b"null", b"[]", b'"step"', b"9" * 5000, b"[" * 100_000, b"\xff\xfe", b"\0" * 300),
    b'{"kind": "run_resumed", "time": 1, "step": -5, "epoch": NaN}',
    b'{"kind": "run_ended", "time": 1, "status": "<b>", "reason": "", "best_epoch": 1, "best_f1": 1e308, "elapsed_s": -1}',
    b'{"kind": "notice", "time": 1, "level": "warning", "text": "<script>alert(1)</script>\\u001b[2J\\ud800"}',
)  # fmt: skip
_YAML: tuple[str, ...] = (
    "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c]\n",
    "[" * 5000,
    "train: {epochs: " + "9" * 5000 + "}\n",
    "5\n",
    "- a\n",
    "train: &t {<<: *t}\n",
    "model: !!python/object/apply:os.system [id]\n",
    "\ud800",
)


def mutate_run(folder: Path, rng: random.Random) -> str:
    """Spoil one to three things in a run's folder; says what was done.

    Args:
        folder: Of a run that has ended. It is changed, and nothing else is.
        rng: Where all choices come from: the same state does the same.
    """
    kinds: list[Callable[[Path, random.Random], str]] = [
        *[line_value] * 8,
        *[odd_line] * 4,
        *[json_value] * 4,
        *[flipped] * 3,
        *[cut, doubled, removed, replaced, linked, odd_config],
    ]
    return "; ".join(rng.choice(kinds)(folder, rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def _pick(folder: Path, rng: random.Random, *endings: str) -> Path | None:
    there = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    there = [path for path in there if path.name.endswith(endings or "")]
    return rng.choice(there) if there else None


def line_value(folder: Path, rng: random.Random) -> str:
    """A value in a line of a JSONL file is an odd one, or gone."""
    path = _pick(folder, rng, ".jsonl")
    lines = path.read_bytes().splitlines() if path else []
    if path is None or not lines:
        return "nothing"
    at = rng.randrange(len(lines))
    record = _load(lines[at])
    if not record:
        return "nothing"
    where, odd = spoil(record, rng)
    lines[at] = json.dumps(record).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")
    return f"{path.name}, line {at + 1}: {where} = {odd:.60}"


def odd_line(folder: Path, rng: random.Random) -> str:
    """A line more, or two in another order."""
    path = _pick(folder, rng, ".jsonl")
    if path is None:
        return "nothing"
    lines = path.read_bytes().splitlines()
    at = rng.randint(0, len(lines))
    lines.insert(at, rng.choice((*_LINES, *lines[:3], *lines[-3:])))
    path.write_bytes(b"\n".join(lines) + rng.choice((b"\n", b"")))
    return f"{path.name}: line {at + 1} inserted: {lines[at][:60]!r}"


def json_value(folder: Path, rng: random.Random) -> str:
    """A value in a JSON file is an odd one, or gone."""
    path = _pick(folder, rng, ".json")
    record = _load(path.read_bytes()) if path else None
    if path is None or not record:
        return "nothing"
    where, odd = spoil(record, rng)
    path.write_text(json.dumps(record))
    return f"{path.name}: {where} = {odd:.60}"


def flipped(folder: Path, rng: random.Random) -> str:
    """Some bytes of a file are others."""
    path = _pick(folder, rng)
    raw = bytearray(path.read_bytes()) if path else bytearray()
    if path is None or not raw:
        return "nothing"
    places = [rng.randrange(len(raw)) for _ in range(rng.randint(1, 8))]
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


def doubled(folder: Path, rng: random.Random) -> str:
    """A file is there many times over."""
    path = _pick(folder, rng, ".jsonl", ".json", ".yaml")
    if path is None or path.stat().st_size > 1 << 16:
        return "nothing"
    path.write_bytes(path.read_bytes() * (times := rng.choice((2, 50))))
    return f"{path.name}: {times} times"


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


def linked(folder: Path, rng: random.Random) -> str:
    """A folder or a file that leads to what lies beside the run."""
    name = rng.choice(
        ("model", "checkpoints", "model.new", "model.old", "events.jsonl", "config.yaml.new", "STOP", "run")
    )
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(rng.choice(("../beside", "../beside/file", "/etc/passwd", "/")))
    return f"{name}: leads to {path.readlink()}"


def odd_config(folder: Path, rng: random.Random) -> str:
    """Settings that were not written by a run."""
    text = rng.choice(_YAML)
    (folder / "config.yaml").unlink(missing_ok=True)
    (folder / "config.yaml").write_bytes(text.encode(errors="surrogatepass"))
    return f"config.yaml: {text[:40]!r}"


def _load(raw: bytes) -> Any:
    """What can be spoilt in a JSON text; None where there is nothing."""
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, (dict, list)) else None
