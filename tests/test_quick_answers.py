"""A fresh kernel answers a mistake, and shows what runs there are, before anything heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ft_magics.events import RunEnded, RunStarted

HEAVY = ("torch", "transformers", "pandas", "datasets", "pyarrow", "peft", "sklearn")
START = "task: ner\nmodel: minilm\n"
CELLS = {
    "a wrong flag": ("%%finetune x --dryrun\ntask: ner", "there is no flag `--dryrun`"),
    "a wrong name": ("%%finetune my-run\ntask: ner", "cannot name a run"),
    "no YAML": ("%%finetune x\ntask ner", "CellError"),
    "a wrong key": ("%%finetune x\ntaks: ner", "Did you mean `task`?"),
    "a wrong task": ("%%finetune x\ntask: nerr\nmodel: minilm", "`nerr` is no task"),
    "a wrong value": (f"%%finetune x\n{START}data: {{train: a}}\ntrain: {{epochs: three}}", "epochs"),
    "an undefined object": (f"%%finetune x\n{START}data: {{train: $frame}}", "`$frame` is not defined"),
    "a wrong setting of the task": ("%%finetune x\ntask: {classify: {focal: 2}}\nmodel: minilm", "focal"),
    "a missing file": (f"%%finetune x\n{START}data: {{train: nowhere.conll}}", "there is no such file"),
    "a missing file, with a device": (
        f"%%finetune x\n{START}data: {{train: nowhere.conll}}\ntrain: {{device: cpu, precision: bf16}}",
        "there is no such file",
    ),
    "a file that is none": (f"%%finetune x\n{START}data: {{train: .}}", "DataError"),
    "a missing model": (
        "%%finetune x\ntask: ner\nmodel: ./nowhere\ndata: {train: demo:en/train.conll}",
        "there is no folder",
    ),
    "both": ("%%finetune x\ntask: ner\nmodel: ./nowhere\ndata: {train: nowhere.conll}", "there is no folder"),
    "a text that is not there": (
        "%%pretrain x\nobjective: mlm\nmodel: {preset: tiny}\ndata: {train: nowhere.txt}",
        "there is no such file",
    ),
    "a task in the place of an objective": ("%%pretrain x\nobjective: ner\nmodel: minilm", "write `%%finetune NAME`"),
    "a broken line": (f"%%finetune x\n{START}data: {{train: broken.conll}}", "line 2"),
    "a wrong column": (
        "%%finetune x\ntask: classify\nmodel: minilm\ndata: {train: demo:en/intents_train.csv, text_column: body}",
        "no column called body",
    ),
    "an unknown label": (
        "%%finetune x\ntask: {classify: {class_weights: {nothing: 2}}}\nmodel: minilm\ndata: {train: demo:en/intents_train.csv}",
        "no class is called nothing",
    ),
    "a dry run's mistake": (f"%%finetune x --dry-run\n{START}data: {{train: nowhere.conll}}", "there is no such file"),
    "no such word": ("%ft statsu", "Did you mean `status`?"),
    "no such run": ("%ft status nothing", "there is no run `nothing`"),
    "no such run to evaluate": ("%evaluate nothing", "nothing"),
    "no such data for a new cell": ("%ft new nowhere.csv", "there is no such file"),
    "no such notebook": ("%ft examples nothing", "there is no notebook `nothing`"),
    "no such run to write down": ("%ft script nothing", "there is no run `nothing`"),
    "the runs": ("%ft runs", "earlier"),
    "how far a run is": ("%ft status earlier", "earlier"),
    "a run's page": ("%ft report earlier", "earlier"),
}
CODE = """
import contextlib, io, json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_line_magic("load_ext", "ft_magics")
answers = {}
for name, cell in json.loads(sys.argv[1]).items():
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        shell.run_cell(cell)
    answers[name] = [printed.getvalue(), [heavy for heavy in json.loads(sys.argv[2]) if heavy in sys.modules]]
print(json.dumps(answers))
"""


def test_nothing_heavy_is_imported_for_an_answer():
    Path("broken.conll").write_text("Ada B-PER\nlives\n\n")
    folder = Path("ft_runs/earlier")
    folder.mkdir(parents=True)
    facts = {"name": "earlier", "task": "ner", "model": "tiny", "method": "full", "device": "cpu", "precision": "fp32"}
    counts = {"epochs": 1.0, "total_steps": 1, "parameters": 1, "trainable_parameters": 1, "examples": 1, "metrics": []}
    ended = RunEnded(status="done", reason="", best_epoch=None, best=None, elapsed_s=1.0)
    events = [RunStarted(**facts, **counts), ended]
    (folder / "events.jsonl").write_text("".join(json.dumps(event.to_json()) + "\n" for event in events))
    cells = {name: cell for name, (cell, _) in CELLS.items()}
    arguments = [sys.executable, "-c", CODE, json.dumps(cells), json.dumps(HEAVY)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert {name: imported for name, (_, imported) in answers.items() if imported} == {}
    assert {name: printed for name, (printed, _) in answers.items() if CELLS[name][1] not in printed} == {}
