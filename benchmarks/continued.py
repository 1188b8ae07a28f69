"""What it buys to train a model on a domain's raw text before it is fine-tuned there (Gururangan et al. 2020).

    OMP_NUM_THREADS=1 python benchmarks/continued.py --data ../shared/data/crossner_en --domain ai --seeds 3

Two cells, as a user writes them. `%%pretrain` continues MiniLM on the words of all domains' training sentences, or of
one's (`--text-of`), without their labels: the data set has no other raw text. `%%finetune` with `compare:` then tunes
MiniLM and the continued model on the domain's labelled sentences, and tests both on its test set.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

PRETRAINING = """%%pretrain continued
objective: mlm
model: {model}
data: {{train: text.txt, documents: line, dev: {{fraction: 0.1}}}}
train: {{max_steps: {steps}, max_length_tokens: 128, seed: 1}}
"""
FINE_TUNING = """%%finetune bought
task: ner
data: {{train: "{folder}/train.txt", dev: "{folder}/dev.txt", test: "{folder}/test.txt"}}
eval: {{examples: 150}}
compare: {{models: [continued, {model}], share: [1.0], seeds: {seeds}}}
"""


def main() -> None:
    """Print what the pre-training reached, and the two models' scores with their difference."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the domains")
    parser.add_argument("--domain", default="ai")
    parser.add_argument("--text-of", nargs="*", help="domains whose training sentences are the raw text; else all")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    home = arguments.data.resolve()
    domains = arguments.text_of or sorted(path.name for path in home.iterdir() if path.is_dir())
    os.chdir(tempfile.mkdtemp(prefix="continued_"))
    lines = [line for domain in domains for line in sentences(home / domain / "train.txt")]
    Path("text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"raw text: {len(lines):,} sentences, {sum(map(len, lines)):,} characters of {', '.join(domains)}")
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_cell("%load_ext ft_magics").raise_error()
    began = time.monotonic()
    shell.run_cell(PRETRAINING.format(model=arguments.model, steps=arguments.steps)).raise_error()
    print(f"pre-training: {time.monotonic() - began:.0f} s")
    print(shell.user_ns["continued"].history.to_string())
    shell.run_cell(
        FINE_TUNING.format(folder=home / arguments.domain, model=arguments.model, seeds=arguments.seeds)
    ).raise_error()
    print(shell.user_ns["bought"].report().to_text())


def sentences(path: Path) -> list[str]:
    """The words of each sentence of a column file, with a space between them."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    return [" ".join(line.split("\t")[0] for line in block.splitlines()) for block in blocks]


if __name__ == "__main__":
    main()
