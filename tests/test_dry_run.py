"""`--dry-run`: what the model will see, minutes and memory as measured, what dev lacks; and nothing is changed by it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ft_magics.display.dry_run_page import dry_run_html, dry_run_sections
from ft_magics.training.pace import measure_pace
from ft_magics.training.preview import gaps, preview

ENTITIES = "Ada B-PER\nlives O\nin O\nLondon B-LOC\n\nBob B-PER\nruns O\n\nHugo B-ORG\nwaits O\n\n"


def states():
    arrays = np.random.get_state()[1].tolist()  # noqa: NPY002  # the state that users of the old way have
    return random.getstate(), arrays, torch.get_rng_state().tolist()


def tried(run_cell, cell, **named):
    printed = run_cell(cell("epochs: 2, batch_size: 4, threads: 1", **named).replace("small\n", "small --dry-run\n", 1))
    assert run_cell.result.success, printed
    return printed


def test_the_plan_says_time_memory_and_what_comes_next(run_cell, cell):
    printed = tried(run_cell, cell)
    for part in (
        "12 steps over 2 epochs, 4 rows a batch, a learning rate of ",
        "Memory about ",
        "Time about ",
        "an estimate, from 11 steps measured just now (",
        "tokens a second with 1 thread)",
        "Bob runs → PER Bob",
        "%ft script small shows the plain Python of it",
        "nothing was trained, and nothing written",
    ):
        assert part in printed


def test_it_writes_nothing_and_leaves_the_random_numbers_of_the_kernel(run_cell, cell, shell):
    text = cell()
    files = sorted(Path.cwd().rglob("*"))
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002  # the state that users of the old way have
    torch.manual_seed(5)
    before = states()
    threads = torch.get_num_threads()
    run_cell(text.replace("small\n", "small --dry-run\n", 1))
    assert run_cell.result.success
    assert states() == before
    assert torch.get_num_threads() == threads
    assert sorted(Path.cwd().rglob("*")) == files
    assert "small" not in shell.user_ns


def test_a_library_that_it_imports_first_is_left_as_a_fresh_one():
    code = (
        "from ft_magics.training.random_state import random_state_kept\n"
        "import sys\n"
        "assert 'torch' not in sys.modules\n"
        "with random_state_kept():\n"
        "    import torch\n"
        "    torch.manual_seed(1)\n"
        "print(torch.rand(1).item())"
    )
    drawn = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "12"
    ]
    assert drawn[0] != drawn[1]  # from the system's entropy, as torch begins


def test_some_examples_of_each_label_are_shown_with_their_tokens(prepared):
    Path("few.conll").write_text(ENTITIES * 5)
    ready = prepared(data="{train: few.conll, dev: few.conll}")
    held_out, examples, tokens = preview(ready)
    kinds = [span[2] for card in examples.cards for span in card.data["gold"]]
    assert {kind: kinds.count(kind) for kind in ("LOC", "ORG")} == {"LOC": 3, "ORG": 3}
    assert len(tokens.cards) == len(examples.cards) < examples.total == 15
    (name, text), *_ = tokens.cards[0].data["texts"]
    assert name == f"{len(text.split())} tokens"
    assert text.startswith("[CLS] a/B-PER ##d ##a l/O ##i")
    assert text.endswith("[SEP]")
    assert not tokens.open
    assert held_out.lines == ["Dev has 15 examples: one of them is 6.7 % of it", *gaps(ready)[1:]]


def test_what_there_is_no_dev_for_is_said(prepared):
    Path("many.conll").write_text(ENTITIES * 5)
    Path("dev.conll").write_text("Ada B-PER\nruns O\n\n" * 60)
    lacking = gaps(prepared(data="{train: many.conll, dev: dev.conll, test: dev.conll}"))
    assert len(lacking) == 1
    assert lacking[0].startswith("Dev has no example of 2 of 3 labels (LOC, ORG)")
    nothing = gaps(prepared(data="{train: many.conll}"))
    assert nothing[0].startswith(
        "There is no dev: no score is seen while it trains, the model of the last step is kept"
    )
    assert nothing[1].startswith("There is no test")
    assert gaps(prepared(data="{train: dev.conll, dev: dev.conll, test: dev.conll}")) == [
        "Dev chooses the best model; test is scored once, at the end."
    ]


def test_labels_and_pairs_are_shown_without_a_prediction(run_cell, shell, tiny_model, monkeypatch):
    rows = {"text": ["<b>one</b>", "two"] * 9, "text_pair": ["a", "b"] * 9, "label": ["x", "y"] * 9}
    shell.user_ns["frame"] = pd.DataFrame(rows)
    shown = []
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "html")
    monkeypatch.setattr("ft_magics.display.prepared.display", lambda bundle, **_: shown.append(bundle["text/html"]))
    run_cell(f"%%finetune pairs --dry-run\ntask: classify\nmodel: {tiny_model}\ndata: {{train: $frame}}")
    assert run_cell.result.success
    (html,) = shown
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    assert "<b>one" not in html
    assert "gold " in html
    assert "predicted" not in html
    assert html.count("<details") >= 5
    assert "Their tokens, as the model gets them (18)" in html
    assert "1–6 of 18" in html


def test_a_pace_changes_no_weight_and_scales_to_the_whole_run(prepared):
    ready = prepared("epochs: 4, batch_size: 4, threads: 1")
    before = {name: tensor.clone() for name, tensor in ready.trained.model.state_dict().items()}
    pace = measure_pace(ready)
    assert all(torch.equal(before[name], tensor) for name, tensor in ready.trained.model.state_dict().items())
    assert all(item.grad is None for item in ready.trained.model.parameters())
    tokens = sum(feature.tokens for feature in ready.features["train"])
    assert pace.steps == 11
    assert pace.threads == 1
    assert pace.total_s > 4 * tokens / pace.tokens_per_s


def test_where_no_step_fits_the_time_is_not_measured(prepared, monkeypatch):
    def no_room(*_):
        raise MemoryError

    monkeypatch.setattr("ft_magics.training.pace._step", no_room)
    ready = prepared()
    assert measure_pace(ready) is None
    page = dry_run_html("small", ready, dry_run_sections(ready))
    assert "Time: not measured, since cpu has no memory for a step" in page
