"""WNUT-17 with MiniLM: one `%%finetune` cell a seed, in a real shell, scored on test by conlleval's rule.

    python benchmarks/wnut17.py --data path/to/wnut17_en --seeds 1 2 3 --set train.epochs=5

The data are those of the shared task (https://github.com/leondz/emerging_entities_17, CC BY 4.0).
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

CELL = """%%finetune {name} {overrides}
task: ner
model: {model}
data:
  train: {data}/wnut17train.conll
  dev:   {data}/emerging.dev.conll
  test:  {data}/emerging.test.annotated
method: full
train:
  epochs: 5
  learning_rate: 2e-4
  batch_size: 16
  seed: {seed}
  early_stopping: {{patience: 3}}
save:
  every: {{epochs: 1}}
"""


def main() -> None:
    """Run the cells and print a line a seed, then the mean."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with wnut17train.conll and the others")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in the cell's --set")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    overrides = " ".join(f"--set {override}" for override in arguments.set)
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ft_magics")
    rows = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for seed in arguments.seeds:
            name = f"seed_{seed}"
            cell = CELL.format(name=name, overrides=overrides, model=arguments.model, data=data, seed=seed)
            began = time.monotonic()
            shell.run_cell(cell).raise_error()
            seconds = time.monotonic() - began
            run = shell.user_ns[name]
            dev, test = run.report("dev").micro, run.report("test").micro
            rows.append((seed, dev.f1 or 0.0, test.f1 or 0.0, test.support, seconds))
    print(f"\nmodel {arguments.model}, {overrides or 'the cell as it stands'}")
    for seed, dev_f1, test_f1, support, seconds in rows:
        shares = f"dev F1 {100 * dev_f1:.2f}  test F1 {100 * test_f1:.2f}"
        print(f"seed {seed}  {shares}  gold entities {support}  {seconds:.0f} s")
    means = [100 * statistics.mean(row[at] for row in rows) for at in (1, 2)]
    print(f"mean    dev F1 {means[0]:.2f}  test F1 {means[1]:.2f}")


if __name__ == "__main__":
    main()
