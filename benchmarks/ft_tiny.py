"""What `ft-tiny` is worth to entities in Chinese and English: against MiniLM, and against itself with random weights.

    export OMP_NUM_THREADS=1
    python benchmarks/ft_tiny.py train --set zh --models ft-tiny random minilm --seeds 1 2 3 --work ft_tiny_runs
    python benchmarks/ft_tiny.py compare --set zh --models ft-tiny random minilm --seeds 1 2 3 --work ft_tiny_runs

`random` has the shape and the tokenizer of `ft-tiny`, and other random weights for each seed. The cut of the training
set is drawn with a fixed seed, dev chooses the epoch, and the whole of test is scored. A run that is there already is
not trained again, and the seeds that are there are compared: a two-level bootstrap over seeds and sentences.
The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from pathlib import Path

from ft_magics import load
from ft_magics.errors import FineTuneError
from ft_magics.evaluation.over_seeds import SeedsReport
from ft_magics.models.sources import find_weights
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SETS = {
    "zh": ("uner_zh_gsdsimp/train.char.bio", "uner_zh_gsdsimp/dev.char.bio", "uner_zh_gsdsimp/test.char.bio"),
    "en": ("uner_en_ewt/train.bio", "uner_en_ewt/valid.bio", "uner_en_ewt/test.bio"),
}


def main() -> None:
    """Train what is asked for, or compare what was trained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "compare"))
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument(
        "--models", nargs="+", default=["ft-tiny", "random", "minilm"], help="the first is the baseline"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--rows", type=int, default=600, help="sentences to train on")
    parser.add_argument("--dev", type=int, default=100, help="sentences that choose the epoch")
    parser.add_argument("--train", default="", help="settings, such as `epochs: 10, learning_rate: 5e-4`")
    parser.add_argument("--work", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    os.chdir(arguments.work)
    if arguments.what == "train":
        data = write(arguments.set, arguments.rows, arguments.dev)
        for seed in arguments.seeds:
            for model in arguments.models:
                train(run_name(arguments, model, seed), model, data, seed, arguments.train)
        return
    systems = []
    for model in arguments.models:
        there = {seed: Path("ft_runs") / run_name(arguments, model, seed) for seed in arguments.seeds}
        there = {seed: folder for seed, folder in there.items() if (folder / "predictions.test.jsonl").exists()}
        reports = [load(folder).report("test") for folder in there.values()]
        systems.append(SeedsReport(title=model, seeds=tuple(there), reports=tuple(reports)))
        values = ", ".join(f"{100 * (report.headline.value or 0):.2f}" for report in reports)
        print(f"{model}: F1 {100 * (systems[-1].headline.value or 0):.2f} ({values})")
    print(systems[0].compare(systems[1:]).to_text())


def run_name(arguments: argparse.Namespace, model: str, seed: int) -> str:
    """Of the folder of a run."""
    return f"{arguments.set}_{arguments.rows}_{re.sub('[^a-z]', '_', model)}_{seed}"


def write(name: str, rows: int, dev: int) -> str:
    """Write the cut, the same each time, and give the `data:` section."""
    parts = []
    for split, file, count in zip(("train", "dev", "test"), SETS[name], (rows, dev, None), strict=True):
        blocks = [block for block in re.split(r"\n\s*\n", (DATA / file).read_text(encoding="utf-8")) if block.strip()]
        chosen = blocks if count is None else random.Random(7).sample(blocks, min(count, len(blocks)))
        path = Path(f"{name}_{split}_{len(chosen)}.conll")
        path.write_text("\n\n".join(block.strip("\n") for block in chosen) + "\n", encoding="utf-8")
        parts.append(f"{split}: {path}")
    return f"{{{', '.join(parts)}}}"


def train(name: str, model: str, data: str, seed: int, settings: str) -> None:
    """Train one run, and print its score as a line of JSON."""
    try:
        if load(Path("ft_runs") / name).status == "done":
            return
    except FineTuneError:
        pass  # it is not there yet
    named = random_weights(seed) if model == "random" else model
    said = ", ".join(part for part in (settings, f"seed: {seed}", "threads: 1", "max_length_tokens: 256") if part)
    body = f"task: ner\nmodel: {named}\ndata: {data}\ntrain: {{{said}}}\nsave: {{every: null}}"
    began = time.monotonic()
    run = start_run(name, prepare(parse_cell(body, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    used = {key: getattr(run.config.train, key) for key in ("epochs", "learning_rate", "batch_size")}
    score = round(100 * (run.report("test").headline.value or 0.0), 2)
    print(json.dumps({"run": name, "f1": score, **used, "seconds": round(time.monotonic() - began)}), flush=True)
    run.release()


def random_weights(seed: int) -> str:
    """A folder like that of `ft-tiny`, with random weights."""
    import torch  # noqa: PLC0415  # `compare` needs none
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer  # noqa: PLC0415  # the same

    folder = Path(f"random_{seed}")
    source = find_weights("ft-tiny")
    torch.manual_seed(seed)
    AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(source)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return f"./{folder}"


if __name__ == "__main__":
    main()
