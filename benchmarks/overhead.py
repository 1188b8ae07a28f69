"""What the dashboard and the events cost: a `%%finetune` cell in a real kernel against a bare Trainer, same batches.

    python benchmarks/overhead.py
    python benchmarks/overhead.py --train …/wnut17train.conll --dev …/emerging.dev.conll --sentences 1600

Both sides take turns in one kernel, on the same features in the same order, and end with the same weights. The bare
Trainer evaluates and keeps its best model as the run does, in a callback of ten lines; it writes no event, draws
nothing, and logs as rarely as it does by default. Timed is `Trainer.train`, which holds all of that, by the wall clock
and by the processor; the time of evaluations is in both. Messages to the front end are counted as they arrive.
"""

from __future__ import annotations

import argparse
import json
import queue
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

CELL = """\
task: ner
model: minilm
data: {{train: {train}, dev: {dev}}}
train: {{epochs: {epochs}, batch_size: 16, learning_rate: 2e-4, seed: 1}}
save: {{every: null}}
"""

SETUP = '''
import json, os, time
%load_ext ft_magics
from pathlib import Path
from safetensors.torch import load_file
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments
from ft_magics.runs.cells import parse_cell
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.training.batches import GroupedByLength
from ft_magics.training.prepare import prepare

train_of_the_trainer, times = Trainer.train, {}

def timed(self, *arguments, **named):
    wall, processor = time.perf_counter(), time.process_time()
    result = train_of_the_trainer(self, *arguments, **named)
    times.update(wall=time.perf_counter() - wall, processor=time.process_time() - processor)
    return result

Trainer.train = timed

class Evaluate(TrainerCallback):
    """What the run does after each epoch, without its events."""

    def __init__(self, prepared, folder):
        self.prepared, self.folder, self.best = prepared, folder, -1.0

    def on_epoch_end(self, args, state, control, **_):
        dev, trained = self.prepared.corpus.dev, self.prepared.trained
        predictions, _ = trained.predictions(dev.examples, self.prepared.features["dev"])
        gold = [example.tags for example in dev.examples]
        f1 = entity_report(gold, [item.tags for item in predictions], resamples=0).micro.f1 or 0.0
        if f1 > self.best:
            self.best = f1
            trained.save(self.folder)

def bare(cell, name):
    prepared = prepare(parse_cell(cell, {}))
    train, trained = prepared.config.train, prepared.trained
    folder = Path(name)
    folder.mkdir()
    arguments = TrainingArguments(
        output_dir=name, num_train_epochs=train.epochs, learning_rate=train.learning_rate, seed=train.seed,
        per_device_train_batch_size=train.batch_size, weight_decay=train.weight_decay,
        max_grad_norm=train.max_grad_norm, lr_scheduler_type=train.scheduler, warmup_steps=train.warmup,
        bf16=trained.precision == "bf16",
        use_cpu=trained.device == "cpu", train_sampling_strategy="sequential", remove_unused_columns=False,
        save_strategy="no", report_to="none", disable_tqdm=True,
    )
    Trainer(
        model=trained.model,
        args=arguments,
        train_dataset=GroupedByLength(prepared.features["train"], batch_size=train.batch_size, seed=train.seed),
        data_collator=lambda rows: trained.task.collate([row["feature"] for row in rows], trained.spec),
        compute_loss_func=trained.task.loss,
        callbacks=[Evaluate(prepared, folder)],
    ).train()

def same(one, other):
    one, other = (load_file(Path(each) / "model.safetensors") for each in (one, other))
    return all(torch.equal(one[name], other[name]) for name in one)
'''

SOME = """
some = Path({path!r}).read_text(encoding='utf-8').strip().split('\\n\\n')[:{sentences}]
Path('some.conll').write_text('\\n\\n'.join(some) + '\\n', encoding='utf-8')
"""


@contextmanager
def kernel() -> Iterator[BlockingKernelClient]:
    """A kernel in a folder of its own, which takes us for a page that shows widgets."""
    with tempfile.TemporaryDirectory() as folder:
        manager = KernelManager()
        manager.start_kernel(cwd=folder, extra_arguments=["--IPKernelApp.log_level=CRITICAL"])
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=120)
        try:
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str) -> list[tuple[float, str, dict]]:
    """Run a cell; its messages with the time each was sent, in seconds."""
    asked = client.execute(code)
    messages = []
    while True:
        try:
            message = client.get_iopub_msg(timeout=3600)
        except queue.Empty:
            raise SystemExit("the kernel has gone silent") from None
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise SystemExit("\n".join(content["traceback"]))
        messages.append((message["header"]["date"].timestamp(), kind, content))
        done = kind == "status" and content["execution_state"] == "idle"
        if done and message["parent_header"].get("msg_id") == asked:
            return messages


def value(client: BlockingKernelClient, code: str) -> Any:
    """What a piece of code prints, as JSON."""
    printed = "".join(
        content["text"] for _, kind, content in run(client, f"print(json.dumps({code}))") if kind == "stream"
    )
    return json.loads(printed)


def most_in_a_second(moments: list[float]) -> int:
    """The most messages in any second."""
    return max((sum(start <= other < start + 1 for other in moments) for start in moments), default=0)


def take_turns(client: BlockingKernelClient, cell: str, pair: int) -> dict[str, dict[str, float]]:
    """Run both sides, and say how they did; seconds per side and clock."""
    spent: dict[str, dict[str, float]] = {}
    sent: list[float] = []
    for side in ("ours", "bare") if pair % 2 else ("bare", "ours"):
        code = f"%%finetune ours_{pair}\n{cell}" if side == "ours" else f"bare({cell!r}, 'bare_{pair}')"
        messages = run(client, code)
        spent[side] = value(client, "times")
        if side == "ours":
            sent = [moment for moment, kind, _ in messages if kind in ("comm_msg", "update_display_data")]
    same = value(client, f"same('ft_runs/ours_{pair}/model', 'bare_{pair}')")
    times = ", ".join(f"{side} {of['wall']:.2f} s (processor {of['processor']:.2f} s)" for side, of in spent.items())
    rate = f"{len(sent) / spent['ours']['wall']:.2f} messages a second, at most {most_in_a_second(sent)} in one"
    print(f"{times}; {rate}; same weights: {same}{'' if pair else '  (warming up, not counted)'}", flush=True)
    return spent


def main() -> None:
    """Take turns and print a line a pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", default="demo:en/train.conll")
    parser.add_argument("--dev", default="demo:en/dev.conll")
    parser.add_argument("--sentences", type=int, help="only the first of --train")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    print(__doc__.partition("\n")[0])
    with kernel() as client:
        run(client, f"import os; os.environ['FT_MAGICS_DISPLAY'] = 'widget'\n{SETUP}")
        train = arguments.train
        if arguments.sentences:
            run(client, SOME.format(path=train, sentences=arguments.sentences))
            train = "some.conll"
        cell = CELL.format(train=train, dev=arguments.dev, epochs=arguments.epochs)
        pairs = [take_turns(client, cell, pair) for pair in range(arguments.pairs + 1)][1:]
    for clock in ("wall", "processor"):
        costs = [100 * (pair["ours"][clock] / pair["bare"][clock] - 1) for pair in pairs]
        spread = f"{min(costs):+.1f} to {max(costs):+.1f}"
        print(f"{clock}: ours costs {statistics.median(costs):+.2f} % (median of {len(costs)} pairs; {spread})")


if __name__ == "__main__":
    main()
