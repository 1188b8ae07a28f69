"""Every method of tuning on one data set: score, trainable share, bytes on disk, time; one `%%finetune` cell each.

    python benchmarks/methods.py --data path/to/sib200_en_zh --seeds 1
    python benchmarks/methods.py --data path/to/wnut17_en --task ner --seeds 1 2 3 --methods full lora head

The learning rate of each is that of full fine-tuning times the method's `rate_factor`.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

from ft_magics.tuning.registry import find_method, method_names
from IPython.core.interactiveshell import InteractiveShell

DATA = {
    "classify": "train: {data}/eng_Latn/train.tsv\n  dev: {data}/eng_Latn/dev.tsv\n  test: {data}/eng_Latn/test.tsv\n"
    "  label_column: category",
    "ner": "train: {data}/wnut17train.conll\n  dev: {data}/emerging.dev.conll\n  test: {data}/emerging.test.annotated",
}
CELL = """%%finetune {name} {overrides}
task: {task}
model: {model}
data:
  {data}
method: {method}
train: {{epochs: {epochs}, learning_rate: {rate}, batch_size: 16, seed: {seed}}}
"""


def main() -> None:
    """Run the cells and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", choices=list(DATA), default="classify")
    parser.add_argument("--methods", nargs="+", default=[name for name in method_names() if find_method(name).chooses])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--rate", type=float, default=2e-4, help="of full fine-tuning")
    parser.add_argument("--factor", type=float, help="in place of the method's own")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in the cell's --set")
    arguments = parser.parse_args()
    data = DATA[arguments.task].format(data=arguments.data.resolve())
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ft_magics")
    lines = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for method in arguments.methods:
            factor = arguments.factor or find_method(method.strip("{").partition(":")[0]).rate_factor
            scores, seconds, cpu = [], [], []
            for seed in arguments.seeds:
                cell = CELL.format(
                    name="trial",
                    overrides=" ".join(f"--set {override}" for override in arguments.set),
                    task=arguments.task,
                    model=arguments.model,
                    data=data,
                    method=method,
                    epochs=arguments.epochs,
                    rate=arguments.rate * factor,
                    seed=seed,
                )
                began, cpu_began = time.monotonic(), time.process_time()
                shell.run_cell(cell).raise_error()
                seconds.append(time.monotonic() - began)
                cpu.append(time.process_time() - cpu_began)
                run = shell.user_ns["trial"]
                scores.append(100 * (run.report("test").headline.value or 0.0))
                print(f"{method} seed {seed}: {scores[-1]:.2f}", flush=True)
            size = sum(path.stat().st_size for path in run.model_dir.iterdir())
            spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
            lines.append(
                f"{method:24} {statistics.mean(scores):5.1f}{spread}  {100 * run.parameters.share:6.2f} % trainable  "
                f"{size / 1e6:7.2f} MB  {statistics.mean(seconds):5.0f} s  "
                f"{statistics.mean(cpu):5.0f} s of the CPU  rate {arguments.rate * factor:g}"
            )
            print(lines[-1], flush=True)
    print(f"\n{arguments.task}, {arguments.model}, {arguments.epochs:g} epochs, seeds {arguments.seeds}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
