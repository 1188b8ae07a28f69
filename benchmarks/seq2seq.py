"""Translation and summaries with `minilm` made into an encoder-decoder, beside a copy or a lead baseline.

    python benchmarks/seq2seq.py translate --data ../shared/data --train "max_steps: 300, batch_size: 64"
    python benchmarks/seq2seq.py summarize --data ../shared/data --train "epochs: 3, batch_size: 16" --work RUNS

`translate`: Tatoeba, Chinese to English, against the source as it stands. `summarize`: SciTLDR, against the first
sentence of the abstract. Chinese titles (`csl_title_zh`): `summarize --set csl`, against the first 20 characters.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import ft_magics
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

_TITLE = 20  # characters of a Chinese abstract that stand for its title


def _tatoeba(folder: Path) -> tuple[str, list[Any], list[str]]:
    here = folder / "tatoeba_en_zh"
    rows = [line.split("\t") for line in (here / "test.tsv").read_text(encoding="utf-8").splitlines()]
    data = (
        f"{{source_column: 2, target_column: 1, train: {here}/train.tsv, dev: {here}/valid.tsv, test: {here}/test.tsv}}"
    )
    return data, [row[0] for row in rows], [row[1] for row in rows]


def _scitldr(folder: Path) -> tuple[str, list[Any], list[str]]:
    here = folder / "scitldr_en"
    rows = [json.loads(line) for line in (here / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    data = f"{{train: {here}/train.jsonl, dev: {here}/dev.jsonl, test: {here}/test.jsonl}}"
    return data, [row["target"] for row in rows], [row["source"][0] for row in rows]


def _csl(folder: Path) -> tuple[str, list[Any], list[str]]:
    here = folder / "csl_title_zh"
    rows = [line.split("\t") for line in (here / "test.tsv").read_text(encoding="utf-8").splitlines()]
    data = (
        f"{{source_column: 2, target_column: 3, train: {here}/dev.tsv, dev: {{fraction: 0.1}}, test: {here}/test.tsv}}"
    )
    return data, [row[2] for row in rows], [row[1][:_TITLE] for row in rows]


_SETS = {"tatoeba": _tatoeba, "scitldr": _scitldr, "csl": _csl}


def main() -> None:
    """Train, and print both lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["translate", "summarize"])
    parser.add_argument("--set", choices=sorted(_SETS), default=None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--train", default="max_steps: 300, batch_size: 64, learning_rate: 5e-4")
    parser.add_argument("--generation", default="beams: 1")
    parser.add_argument("--work", type=Path, default=Path("ft_runs"))
    parser.add_argument("--baseline-only", action="store_true")
    asked = parser.parse_args()
    name = asked.set or ("tatoeba" if asked.task == "translate" else "scitldr")
    data, references, baseline = _SETS[name](asked.data.resolve())
    simple = "copy" if asked.task == "translate" else "lead"
    print(f"{name}, {simple} baseline: {ft_magics.evaluate(references, baseline, task=asked.task).summary()}")
    if asked.baseline_only:
        return
    body = (
        f"task: {{{asked.task}: {{generation: {{{asked.generation}}}}}}}\nmodel: {asked.model}\ndata: {data}\n"
        f"train: {{{asked.train}}}\nsave: {{dir: {asked.work}}}\n"
    )
    begun, worked = time.perf_counter(), time.process_time()
    run = start_run(f"{asked.task}_{name}", prepare(parse_cell(body, {})))
    run.wait()
    if run.exception:
        raise run.exception
    took = f"{time.perf_counter() - begun:.0f} s, {time.process_time() - worked:.0f} s of processor time"
    report = run.report("test")
    print(f"{name}, {asked.model}: {report.summary()} ({took})")
    print("\n".join(report.notes))


if __name__ == "__main__":
    main()
