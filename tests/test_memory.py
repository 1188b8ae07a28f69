"""Memory: what a training needs, what it says when that is not there, and that it lets go of what it held."""

from __future__ import annotations

import gc
import json
import math
import os
import re
import subprocess
import sys
import textwrap
import weakref

import pytest
import torch
from ft_magics.display.pages import known_of
from ft_magics.display.run_summary import page_of
from ft_magics.markup import size_text
from ft_magics.models import memory
from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.runs import predictor
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training import worker
from ft_magics.training.launch import start_run
from ft_magics.training.live_bytes import LiveBytes
from ft_magics.training.memory_need import _curve, measure_need, need_text
from ft_magics.training.prepare import prepare

from method_trials import METHODS, body
from runs import finish


def run_out_at(call: int, method):
    """The method, but for one call that finds no memory; the first two calls of a run measure what a step takes."""
    calls = 0

    def run_out(*arguments, **named):
        nonlocal calls
        calls += 1
        if calls == call:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return method(*arguments, **named)

    return run_out


def no_room_for(rows: int, method):
    """The loss, but that no batch of so many rows or more finds memory."""

    def run_out(self, outputs, labels, *arguments):
        if len(labels) >= rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return method(self, outputs, labels, *arguments)

    return run_out


@pytest.mark.parametrize(
    ("error", "ran_out"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_says_that_memory_ran_out(error, ran_out):
    assert is_out_of_memory(error) == ran_out


def test_what_torch_keeps_for_later_is_free(patch):
    for name, count in {"mem_get_info": (100, 1000), "memory_reserved": 700, "memory_allocated": 300}.items():
        patch.setattr(torch.cuda, name, lambda count=count: count)
    assert free_bytes("cuda") == 500


def test_on_mps_no_less_than_nothing_is_free_and_its_cache_is_given_back(patch):
    given_back = []
    patch.setattr(torch.mps, "recommended_max_memory", lambda: 100)
    patch.setattr(torch.mps, "driver_allocated_memory", lambda: 120)
    patch.setattr(torch.mps, "empty_cache", lambda: given_back.append("mps"))
    patch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert free_bytes("mps") == 0
    free_memory()
    assert given_back == ["mps"]


V2 = {"memory.max": "1000000", "memory.current": "900000", "memory.stat": "anon 5\ninactive_file 300000\n"}
V1 = {
    "memory.limit_in_bytes": "1000000",
    "memory.usage_in_bytes": "900000",
    "memory.stat": "inactive_file 7\ntotal_inactive_file 300000\n",
}
ROOMY = {"memory.max": "max", "memory.current": "900000", "memory.stat": "inactive_file 300000\n"}


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        ("0::/\n", {".": V2}),
        ("0::/user/job\n", {"user/job": V2, "user": ROOMY}),
        ("0::/user/job\n", {"user/job": ROOMY, "user": V2}),
        ("0::/not/seen/from/here\n", {".": V2}),
        ("5:cpu:/other\n4:memory:/job\n0::/\n", {"memory/job": V1}),
        ("4:memory:/docker/a1b2\n0::/\n", {"memory": V1}),
    ],
)
def test_limits_on_the_host_count_and_what_the_kernel_would_give_back(patch, tmp_path, said, groups):
    (tmp_path / "cgroup").write_text(said)
    for folder, files in groups.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    patch.setattr(memory, "_PROC", tmp_path / "cgroup")
    patch.setattr(memory, "_CGROUPS", tmp_path)
    assert free_bytes("cpu") == 400_000


def test_without_limits_the_machine_is_what_counts(patch, tmp_path):
    patch.setattr(memory, "_PROC", tmp_path / "there is none")
    assert free_bytes("cpu") > 1_000_000


def test_measuring_draws_no_random_numbers(prepared):
    plan = prepared()
    before = torch.get_rng_state()
    measure_need(plan.trained, plan.features["train"])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_dry_run_says_that_nothing_fits(run_cell, cell, patch):
    patch.setattr(NerTask, "loss", no_room_for(1, NerTask.loss))
    printed = run_cell(cell().replace("small\n", "small --dry-run\n", 1))
    assert "are free on cpu, where not even a single row fits: lower `train: {max_length_tokens: …}`" in printed
    assert "Error" not in printed


def test_a_dry_run_says_that_one_row_fits(prepared, patch):
    patch.setattr(NerTask, "loss", no_room_for(2, NerTask.loss))
    plan = prepared()
    assert need_text(plan.trained, plan.features["train"], 1).endswith("are free on cpu")
    assert need_text(plan.trained, plan.features["train"], 4).endswith("are free on cpu, which holds a single row")


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_few_rows_tell_what_many_need(prepared, accumulation):
    plan = prepared()
    model = plan.trained.model
    need = measure_need(plan.trained, plan.features["train"], accumulation=accumulation)
    longest = max(plan.features["train"], key=lambda feature: len(feature.input_ids))
    assert need.row_tokens == len(longest.input_ids)
    weights = 4 * sum(item.numel() for item in model.parameters())
    assert (need.weights_bytes, need.optimizer_bytes) == (weights, 3 * weights)
    for rows in (2, 4, 9, 40):
        highest = max(_curve(plan.trained, [longest] * rows, with_gradients=accumulation > 1))
        assert need.gradient_bytes + need.batch_bytes(rows) == pytest.approx(max(highest, weights), rel=0.01)
        assert need.total_bytes(rows) == pytest.approx(3 * weights + max(highest, weights), rel=0.01)
    for rows in (7, 500):
        tensors = need.total_bytes(rows) - need.weights_bytes + need.row_bytes // 2
        assert need.rows_in(math.ceil(1.15 * tensors)) == rows  # an allocator takes some beside the tensors
    assert need.rows_in(0) == 0
    assert all(item.grad is None for item in model.parameters())


def test_gradients_that_were_there_are_left_as_they_were(prepared):
    plan = prepared()
    before = {}
    for name, item in plan.trained.model.named_parameters():
        item.grad = before[name] = torch.rand_like(item)
    kept = {name: item.clone() for name, item in before.items()}
    measure_need(plan.trained, plan.features["train"])
    for name, item in plan.trained.model.named_parameters():
        assert item.grad is before[name]
        assert torch.equal(item.grad, kept[name])


def test_what_is_alive_is_counted_after_each_operation():
    known = torch.ones(1000)
    live = LiveBytes("cpu", [known])
    with live:
        one = known + 1  # 4,000 bytes more
        view = one[:10]
        del one  # its storage is the view's too
        two = known * 2
        del view
        three = two.sum()
    assert live.curve == [4000, 4000, 8000, 4004]
    assert float(three) == 2000


@pytest.mark.parametrize("name", ["full", "lora", "adapter", "adalora", "prompt", "bitfit"])
def test_what_is_said_is_what_the_first_steps_of_a_run_take(tiny_model, tmp_path, patch, name):
    """As torch's allocator tells it, which knows what kernels take for a moment too."""
    text = body(tmp_path, tiny_model, "ner", METHODS[name], train="max_steps: 3, batch_size: 16")
    plan = prepare(parse_cell(text, {}))
    longest = max(plan.features["train"], key=lambda feature: feature.tokens)
    plan.features["train"] = [longest] * 64
    with plan.as_trained():
        said = measure_need(plan.trained, [longest])
    learn, seen = worker._learn, []

    def profiled(*arguments):
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            learn(*arguments)
        now = 0
        events = sorted(profile.profiler.kineto_results.events(), key=lambda event: event.start_ns())
        seen.append(max(now := now + event.nbytes() for event in events if event.name() == "[memory]"))

    patch.setattr(worker, "_learn", profiled)
    run = finish(start_run("seen", plan))
    assert said.total_bytes(16) == pytest.approx(said.weights_bytes + seen[0], rel=0.2)
    assert run.parameters.memory_estimate_bytes == said.total_bytes(16)
    assert run.parameters.memory_bytes >= said.weights_bytes
    assert run.parameters.disk_bytes == sum(path.stat().st_size for path in run.model_dir.iterdir())
    shown = {
        figure.name: (figure.text, figure.label)
        for figure in page_of(run.events, run.status, name="seen", known=known_of(run)).figures
    }
    assert shown["kept"][0] == size_text(run.parameters.disk_bytes)
    assert shown["training-memory"] == (
        size_text(run.parameters.memory_bytes),
        f"training memory, tensors ≈ {size_text(said.total_bytes(16))}",
    )
    assert f"{size_text(run.parameters.memory_bytes)} of memory in training" in str(run.parameters)


def test_out_of_memory_says_what_would_fit_and_frees_it(prepared, patch):
    patch.setattr(NerTask, "loss", run_out_at(5, NerTask.loss))
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


def test_one_row_that_fits_where_two_do_not_is_said(prepared, patch):
    patch.setattr(NerTask, "loss", no_room_for(2, NerTask.loss))
    run = start_run("one", prepared("max_steps: 4, batch_size: 4, gradient_accumulation: 2"))
    assert run.wait(120)
    assert "so a single row fits. The same batch in smaller parts: " in str(run.exception)
    assert "`train: {batch_size: 1, gradient_accumulation: 8}`" in str(run.exception)


def test_what_breaks_the_measuring_is_not_what_is_told(prepared, patch):
    def break_down(_, __, labels, *___):
        if len(labels) < 4:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        raise torch.OutOfMemoryError("CUDA out of memory")

    patch.setattr(NerTask, "loss", break_down)
    run = start_run("broken", prepared("max_steps: 4, batch_size: 8"))
    assert run.wait(120)
    assert re.search(
        r"ran out of memory\. It was computing a batch of 8 rows of \d+ tokens\. What would fit could not be measured "
        r"\(RuntimeError\)\. The same batch in smaller parts: `train: \{batch_size: 4, gradient_accumulation: 2\}`",
        str(run.exception),
    )


def test_smaller_parts_of_a_batch_are_divisors_of_it(prepared, patch):
    patch.setattr(NerTask, "loss", run_out_at(4, NerTask.loss))
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
    whole, loss = plan.trained.infer(plan.features["train"])
    batches = []
    computed = TrainedModel._batch

    def no_more_than_two(self, features, chosen, results):
        batches.append(len(chosen))
        if len(chosen) > 2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
        return computed(self, features, chosen, results)

    patch.setattr(TrainedModel, "_batch", no_more_than_two)
    again, loss_again = plan.trained.infer(plan.features["train"])
    assert batches[:3] == [10, 5, 2]
    assert loss_again == pytest.approx(loss)
    pairs = [pair for one, other in zip(whole, again, strict=True) for pair in zip(one, other, strict=True)]
    assert all(one == pytest.approx(other, abs=1e-5) for one, other in pairs)


def test_a_batch_that_did_not_fit_is_gone_before_a_smaller_one_is_tried(prepared, patch):
    plan = prepared()
    held, gone = [], []
    computed = TrainedModel._batch

    def none_at_first(self, features, chosen, results):
        if not held:
            batch = torch.zeros(9)
            held.append(weakref.ref(batch))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return computed(self, features, chosen, results)

    patch.setattr(TrainedModel, "_batch", none_at_first)
    patch.setattr(predictor, "free_memory", lambda: gone.append(held[0]() is None))
    plan.trained.infer(plan.features["train"])
    assert gone == [True]


def test_a_failed_cell_keeps_no_model_in_memory(run_cell, shell, cell, patch):
    """IPython keeps the last traceback, and with it the frames of the cell."""
    models = []

    made = TrainedModel.__init__

    def note(self, **named):
        made(self, **named)
        models.append(weakref.ref(self.model))

    patch.setattr(TrainedModel, "__init__", note)
    patch.setattr(NerTask, "loss", run_out_at(4, NerTask.loss))
    assert "ran out of memory" in run_cell(cell(name="broken"))
    assert shell.user_ns["broken"].status == "failed"
    assert run_cell("%ft debug").count("in run_out") == 1
    gc.collect()
    assert [model() for model in models] == [None]


LIMITED = """
import json, re, resource, sys
from pathlib import Path
import psutil
from ft_magics.runs.cells import parse_cell
from ft_magics.training.prepare import prepare
from ft_magics.training import worker
from ft_magics.training.launch import start_run

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


@pytest.mark.skipif(sys.platform != "linux", reason="nowhere else is such a limit kept")
@pytest.mark.parametrize("limit", [150_000_000, 250_000_000])
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
    # The limit is on addresses, and of those glibc gives back only what it took by mmap.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment)
    text, fits, status, error = json.loads(done.stdout.splitlines()[-1])
    assert text.startswith("cpu ran out of memory. It was computing a batch of 4000 rows of")
    assert 1 < fits <= 2000
    assert (status, error) == ("done", "None")
