"""Draw what `make bench` measured: tokens a second of each side, as a picture for the docs.

    python benchmarks/training_plot.py

Reads benchmarks/results/training.json and writes docs/images/bench.svg, in colours that light and dark grounds show.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from ft_magics.markup import element

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PICTURE = ROOT / "benchmarks" / "results" / "training.json", ROOT / "docs" / "images" / "bench.svg"
SIDES = {
    "tutorial": ("tutorial's loop", "#8a8a8a"),
    "trainer": ("Trainer", "#d08a2e"),
    "ours": ("the cell", "#2e86c1"),
    "by_tokens": ("with batch_tokens", "#1e9e77"),
}
DATA = {"ner": "ner, WNUT-17", "classify": "classify, banking77", "pretrain": "%%pretrain, a novel"}
INK = "#808080"
LEFT, WIDTH, RIGHT, ROW, GAP = 130, 400, 240, 20, 34  # pixels


def main() -> None:
    """Write the picture."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    PICTURE.write_text(_drawn(found) + "\n", encoding="utf-8")
    print(f"written to {PICTURE}")


def _drawn(found: dict[str, Any]) -> str:
    most = max(run["tokens_per_s"] for runs in found["tasks"].values() for side in runs.values() for run in side)
    parts, top = [], 8
    for task, runs in found["tasks"].items():
        parts.append(_text(0, top + 12, DATA[task], font_weight="bold"))
        top += 20
        for side, repeats in runs.items():
            speeds = [run["tokens_per_s"] for run in repeats]
            parts += _bar(top, side, speeds, WIDTH / most, _beside(found["ratios"][task], side))
            top += ROW
        top += GAP - ROW
    machine, few = found["machine"], ", a few steps of each" if found["quick"] else ""
    parts.append(
        _text(
            0, top + 12, f"real tokens a second, each repeat a mark; {machine['cores']} cores, {machine['date']}{few}"
        )
    )
    size = {"width": str(LEFT + WIDTH + RIGHT), "height": str(top + 22)}
    return element("svg", *parts, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="12", **size)


def _bar(top: int, side: str, speeds: list[float], scale: float, beside: str) -> list[str]:
    """A bar as long as the mean, a mark for each repeat, and what it says in numbers."""
    name, color = SIDES[side]
    mean = statistics.mean(speeds)
    place = {"y": str(top + 3), "height": str(ROW - 6)}
    bar = element("rect", x=str(LEFT), width=f"{mean * scale:.1f}", fill=color, **place)
    ends = {"y1": str(top + 5), "y2": str(top + ROW - 5)}
    marks = [
        element("line", x1=f"{LEFT + each * scale:.1f}", x2=f"{LEFT + each * scale:.1f}", stroke=INK, **ends)
        for each in speeds
    ]
    end = LEFT + max(speeds) * scale + 6
    return [
        _text(LEFT - 6, top + 14, name, text_anchor="end"),
        bar,
        *marks,
        _text(end, top + 14, f"{mean:,.0f}{beside}"),
    ]


def _beside(ratios: dict[str, Any], side: str) -> str:
    """How many times the others the cell is."""
    if side == "ours":
        return f"  ({ratios['vs_tutorial']['mean']:.1f} × the loop, {ratios['vs_trainer']['mean']:.1f} × the Trainer)"
    return f"  ({ratios['by_tokens_vs_trainer']['mean']:.1f} × the Trainer)" if side == "by_tokens" else ""


def _text(x: float, y: float, text: str, **style: str) -> str:
    return element("text", text, x=f"{x:.0f}", y=f"{y:.0f}", fill=INK, **style)


if __name__ == "__main__":
    main()
