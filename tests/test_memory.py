"""Memory: what a training needs, what it says when that is not there, and that it lets go of what it held."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import textwrap
import weakref

import pytest
import torch
from ft_magics.config.cell import parse_cell
from ft_magics.tasks.ner import NerTask
from ft_magics.training.memory_need import _kept_bytes, measure_need
from ft_magics.training.prepare import prepare
from ft_magics.training.starting import start_run
from ft_magics.training.trained import TrainedModel

from runs import finish


@pytest.fixture
def prepared(cell):
    def make(*arguments, **named):
        return prepare(parse_cell(cell(*arguments, **named).partition("\n")[2], {}))

    return make


@pytest.fixture
def patch():
    """A patch that can be undone before the test ends, and leaves the working folder alone."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_out_at(call: int, method):
    """The method, but for one call that finds no memory."""
    calls = 0

    def run_out(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == call:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return method(*arguments, **named)

    return run_out


def test_two_rows_tell_what_many_need(prepared):
    plan = prepared()
    need = measure_need(plan.trained, plan.features["train"])
    longest = max(plan.features["train"], key=lambda feature: len(feature.input_ids))
    assert need.row_tokens == len(longest.input_ids)
    assert _kept_bytes(plan.trained, [longest] * 9) == pytest.approx(need.constant_bytes + 9 * need.row_bytes, rel=0.01)
    weights = 4 * sum(item.numel() for item in plan.trained.model.parameters())
    assert (need.weights_bytes, need.learning_bytes) == (weights, 3 * weights)
    for rows in (1, 7, 500):
        assert need.rows_in(need.total_bytes(rows) - need.weights_bytes + need.row_bytes // 2) == rows
    assert need.rows_in(0) == 0


def test_out_of_memory_says_what_would_fit_and_frees_it(prepared, patch):
    patch.setattr(NerTask, "loss", run_out_at(3, NerTask.loss))
    plan = prepared("max_steps: 20, batch_size: 8")
    model = weakref.ref(plan.trained.model)
    run = start_run("oom", plan)
    del plan
    assert run.wait(120)
    text = str(run.exception)
    assert "ran out of memory. It was computing a batch of 8 rows of" in text
    assert re.search(r"Measured: a row of \d+ tokens takes \d+\.\d MB, gradients and optimizer", text)
    assert "`train: {batch_size: 4, gradient_accumulation: 2}`" in text
    assert "OutOfMemoryError" in run.folder.error.read_text()
    gc.collect()
    assert model() is None
    patch.undo()
    finish(start_run("after", prepared("max_steps: 1")))


def test_the_same_result_takes_a_divisor_of_the_batch(prepared, patch):
    patch.setattr(NerTask, "loss", run_out_at(2, NerTask.loss))
    run = start_run("odd", prepared("max_steps: 4, batch_size: 6, gradient_accumulation: 3"))
    assert run.wait(120)
    assert "`train: {batch_size: 3, gradient_accumulation: 6}`" in str(run.exception)


def test_a_row_that_never_fits_is_said(prepared, patch):
    def run_out(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    patch.setattr(NerTask, "loss", run_out)
    run = start_run("never", prepared("max_steps: 4, batch_size: 1"))
    assert run.wait(120)
    assert "Not even a single row fits: lower `train: {max_length_tokens: …}`" in str(run.exception)


def test_predictions_take_smaller_batches_where_memory_is_short(prepared, patch):
    plan = prepared()
    whole, loss = plan.trained.logits(plan.features["train"])
    batches = []
    computed = TrainedModel._batch

    def no_more_than_five(self, features, chosen, results):
        batches.append(len(chosen))
        if len(chosen) > 5:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
        return computed(self, features, chosen, results)

    patch.setattr(TrainedModel, "_batch", no_more_than_five)
    again, loss_again = plan.trained.logits(plan.features["train"])
    assert batches[:4] == [24, 12, 6, 3]
    assert loss_again == pytest.approx(loss)
    assert all(one == pytest.approx(other, abs=1e-5) for one, other in zip(whole, again, strict=True))


def test_a_failed_cell_keeps_no_model_in_memory(run_cell, shell, cell, patch):
    """IPython keeps the last traceback, and with it the frames of the cell."""
    models = []

    made = TrainedModel.__init__

    def note(self, **named):
        made(self, **named)
        models.append(weakref.ref(self.model))

    patch.setattr(TrainedModel, "__init__", note)
    patch.setattr(NerTask, "loss", run_out_at(2, NerTask.loss))
    assert "ran out of memory" in run_cell(cell(name="broken"))
    assert shell.user_ns["broken"].status == "failed"
    gc.collect()
    assert [model() for model in models] == [None]


LIMITED = """
import json, re, resource, sys
from pathlib import Path
import psutil
from ft_magics.config.cell import parse_cell
from ft_magics.training.prepare import prepare
from ft_magics.training.starting import start_run

def run(name, rows):
    ran = start_run(name, prepare(parse_cell(Path(sys.argv[1]).read_text().replace("ROWS", rows), {})))
    ran.wait()
    return ran

run("warm", "8")  # what is loaded once is there before the limit
resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + int(sys.argv[2]), -1))
failed = run("failed", "4000")
text = str(failed.exception)
fits = re.search(r"batch_size: (\\d+)", text).group(1)
after = run("after", fits)
print(json.dumps([text, int(fits), after.status, str(after.exception)]))
"""


@pytest.mark.parametrize("limit", [250_000_000, 400_000_000])
def test_a_process_that_may_take_no_more_memory(cell, tmp_path, limit):
    """A real one: the kernel refuses the memory, and what is said to fit then does."""
    rows = "Ada B-PER\n" + "x O\n" * 12 + "\n"
    (tmp_path / "train.conll").write_text(rows * 4000)
    (tmp_path / "dev.conll").write_text(rows)
    data = f"{{train: {tmp_path}/train.conll, dev: {tmp_path}/dev.conll}}"
    body = cell("max_steps: 2, batch_size: ROWS", data=data, extra="save: {every: null}").partition("\n")[2]
    (tmp_path / "cell.yaml").write_text(body)
    (tmp_path / "limited.py").write_text(textwrap.dedent(LIMITED))
    command = [sys.executable, str(tmp_path / "limited.py"), str(tmp_path / "cell.yaml"), str(limit)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    text, fits, status, error = json.loads(done.stdout.splitlines()[-1])
    assert text.startswith("cpu ran out of memory. It was computing a batch of 4000 rows of")
    assert 1 < fits <= 2000
    assert (status, error) == ("done", "None")
