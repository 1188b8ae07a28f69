"""What pre-training buys: a small model from nothing, pre-trained in a cell, against the same with random weights.

    OMP_NUM_THREADS=1 python benchmarks/transfer.py --text '../shared/data/mlm_text_en_zh/*.txt' \
        --data ../shared/data/uner_en_ewt ../shared/data/uner_zh_gsdsimp --seeds 5

Three cells, as a user writes them: `%%pretrain`, and a `%%finetune` with `compare:` for each data set. Both models have
one tokenizer and one architecture. Test is the data set's own; `--pretrain-steps` and `--max-steps` make it small.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_SPLITS = {
    "train": ("train.bio", "train.char.bio"),
    "dev": ("valid.bio", "dev.char.bio"),
    "test": ("test.bio", "test.char.bio"),
}


def main() -> None:
    """Print the table of each data set, and the difference in a line."""
    arguments = _arguments()
    text = str(Path(arguments.text).absolute())
    folders = [Path(folder).absolute() for folder in arguments.data]
    os.chdir(arguments.folder or tempfile.mkdtemp(prefix="transfer_"))
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    _run(shell, "%load_ext ft_magics")
    began = time.monotonic()
    _run(shell, _pretraining(arguments, text))
    pretrained_s = time.monotonic() - began
    lines = []
    for folder in folders:
        name = f"bought_{folder.name}"
        _run(shell, _fine_tuning(arguments, name, folder))
        lines += _told(shell.user_ns[name].report())
    print(f"\npre-training: {pretrained_s:.0f} s; all in {Path.cwd()}")
    print("\n".join(lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--text", required=True, help="raw text: a file, a folder, or a pattern in quotation marks")
    parser.add_argument("--documents", default="file", help="as in the cell: what parts documents")
    parser.add_argument("--data", required=True, nargs="+", help="folders of data sets for named entity recognition")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--share", type=float, nargs="+", default=[1.0])
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--vocab-size", type=int, default=8000)
    parser.add_argument("--pretrain-epochs", type=float, default=10)
    parser.add_argument("--pretrain-steps", type=int, help="instead of whole epochs")
    parser.add_argument("--pretrain-length", type=int, default=128)
    parser.add_argument("--max-steps", type=int, help="of each fine-tuning")
    parser.add_argument("--folder", help="where the runs are made; those that are there are resumed")
    return parser.parse_args()


def _pretraining(arguments: argparse.Namespace, text: str) -> str:
    asked = arguments.pretrain_steps
    steps = f"max_steps: {asked}" if asked else f"epochs: {arguments.pretrain_epochs}"
    return f"""%%pretrain pretrained --resume
objective: {{mlm: {{whole_words: true}}}}
model: {{preset: {arguments.preset}}}
tokenizer: {{vocab_size: {arguments.vocab_size}}}
data: {{train: "{text}", documents: {arguments.documents}, dev: {{fraction: 0.02}}}}
train: {{{steps}, max_length_tokens: {arguments.pretrain_length}}}
"""


def _fine_tuning(arguments: argparse.Namespace, name: str, folder: Path) -> str:
    data = ", ".join(
        f'{split}: "{next(folder / file for file in names if (folder / file).is_file())}"'
        for split, names in _SPLITS.items()
    )
    steps = f"max_steps: {arguments.max_steps}, " if arguments.max_steps else ""
    return f"""%%finetune {name} --resume
task: ner
data: {{{data}}}
train: {{{steps}max_length_tokens: 128}}
compare: {{models: [pretrained, scratch], share: {arguments.share}, seeds: {arguments.seeds}}}
"""


def _run(shell: InteractiveShell, cell: str) -> None:
    shell.run_cell(cell).raise_error()


def _told(report: Any) -> list[str]:
    lines = ["", report.to_text()]
    for each in report.differences:
        what = f"{report.title}, {each.examples:,} examples: {each.model} minus {each.other}"
        if each.spread.mean is None or each.interval is None:
            lines.append(f"{what}: not known")
            continue
        low, high = (100 * end for end in each.interval)
        sure = f"± {100 * (each.spread.half_width or 0):.2f} over seeds, 95 % over both {low:+.2f} to {high:+.2f}"
        lines.append(f"{what} {100 * each.spread.mean:+.2f} F1, {sure}")
    return lines


if __name__ == "__main__":
    main()
