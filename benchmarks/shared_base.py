"""Memory of runs that share a base: one loaded, then a second, then a third, in a process of their own.

Usage: `python benchmarks/shared_base.py --train path/to/wnut17train.conll`. Runs of two tasks are trained for a moment,
each with a method of its own. Counted is what the process holds in RAM beyond what it held before the first model was
loaded (all was imported then, and one model loaded and released), and the bytes of the parameters.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CELLS = {
    "ner": "task: ner\nmodel: {model}\ndata: {{train: {train}}}\nmethod: {method}\n"
    "train: {{max_steps: 2, batch_size: 4, device: cpu}}\nsave: {{dir: {folder}, every: null}}\n",
    "classify": "task: classify\nmodel: {model}\ndata: {{train: {rows}}}\nmethod: {method}\n"
    "train: {{max_steps: 2, batch_size: 4, device: cpu}}\nsave: {{dir: {folder}, every: null}}\n",
}
_ROWS = "text,label\n" + "the cat runs,a\na soup is hot,b\n" * 8


def train(cell: str, name: str) -> None:
    """Train for a moment."""
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the process that measures must not have it
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    run = start_run(name, prepare(parse_cell(cell, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception


def measure(folders: list[str], *, shared: bool) -> None:
    """Load one run after the other, use each, and print what they take together, in bytes."""
    import ft_magics  # noqa: PLC0415  # the process that trains must not have it
    from ft_magics.models.memory import free_memory, process_memory_bytes  # noqa: PLC0415  # the same
    from ft_magics.runs.predictor import TrainedModel, load_trained  # noqa: PLC0415  # the same

    if not shared:
        TrainedModel.share = lambda _: None  # type: ignore[method-assign]  # as it would be without
    runs = [ft_magics.load(folder) for folder in folders]
    runs[0].predict("It rains in London")  # what is imported and allocated once is there before the count begins
    runs[0].release()
    before, taken, kept = process_memory_bytes(), [], []
    for run in runs:
        run.predict("It rains in London") if shared else kept.append(load_trained(str(run.model_dir), device="cpu"))
        free_memory()
        taken.append(process_memory_bytes() - before)
    models = [run._trained.model for run in runs] if shared else [trained.model for trained in kept]  # noqa: SLF001
    storages = {item.untyped_storage() for model in models for item in model.parameters()}
    unique = {storage.data_ptr(): storage.nbytes() for storage in storages}
    bytes_of_parameters = sum(unique.values())
    del models, storages, kept
    for run in runs:
        run.release()
    print(json.dumps([taken, bytes_of_parameters, process_memory_bytes() - before]))


def main() -> None:
    """Train, then measure with the base shared and with a copy each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True, help="a CoNLL file")
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--methods", nargs="+", default=["lora", "adapter", "bitfit"])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        train(*arguments.run)
        return
    if arguments.measure:
        measure(arguments.measure, shared=not arguments.apart)
        return
    with tempfile.TemporaryDirectory() as place:
        rows = Path(place) / "rows.csv"
        rows.write_text(_ROWS)
        ours = [sys.executable, __file__, "--train", str(arguments.train)]
        folders = []
        for at, method in enumerate(arguments.methods):
            task = list(CELLS)[at % len(CELLS)]
            cell = CELLS[task].format(
                model=arguments.model, train=arguments.train.resolve(), rows=rows, method=method, folder=place
            )
            command = [*ours, "--run", cell, f"run{at}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # ourselves
            folders.append(str(Path(place) / f"run{at}"))
        for kind in ([], ["--apart"]):
            measure_ours = [*ours, *kind, "--measure", *folders]
            done = subprocess.run(measure_ours, check=True, capture_output=True, text=True)  # noqa: S603  # ourselves
            taken, parameters, left = json.loads(done.stdout.splitlines()[-1])
            shown = ", ".join(f"{bytes_ / 1e6:.1f} MB ({bytes_ / taken[0]:.2f})" for bytes_ in taken)
            print(
                f"{'a copy each' if kind else 'shared'}: {shown}; parameters {parameters / 1e6:.1f} MB; "
                f"{left / 1e6:.1f} MB after release"
            )


if __name__ == "__main__":
    main()
