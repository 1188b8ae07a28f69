"""The number of threads that a training computes with: chosen, kept, and said."""

from __future__ import annotations

import dataclasses
import threading

import ft_magics
import pytest
import torch
from ft_magics.display.run_page import run_html
from ft_magics.display.run_summary import threads_text
from ft_magics.errors import CellError
from ft_magics.events import CheckpointSaved, Evaluated, Notice, RunResumed, ThreadsChosen, drop_superseded
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.event_log import event_from_json
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.slowdown import OtherProcesses, ProcessorTime, Slowdown, processor_time, slowdown_text
from ft_magics.training.threads import Threads, TimedStep, choose, next_to_try, numbers_to_try

from runs import assert_same_end, finish, weights_of

TRAIN = "epochs: 4, batch_size: 4, learning_rate: 1e-3"
SAVES = "save: {every: {steps: 1}, keep: 100}"


@pytest.fixture
def number():
    """Torch's number of threads in this thread, and in those that begin from here; put back in the end."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def used(patch):
    """The number of threads at the end of each step, by the run's name and step."""
    seen = {}
    end = RunCallback.on_step_end

    def look(self, args, state, control, **named):
        assert threading.current_thread() is not threading.main_thread()
        seen[self.folder.path.name, state.global_step] = torch.get_num_threads()
        return end(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", look)
    return seen


def timed(**seconds):
    """Steps of 100 tokens from their times: `timed(two=[0.1], one=[0.2])`."""
    numbers = {"one": 1, "two": 2, "four": 4}
    return [TimedStep(numbers[name], 100, each) for name, times in seconds.items() for each in times]


@pytest.mark.parametrize(("most", "expected"), [(1, (1,)), (2, (2, 1)), (3, (3, 1)), (64, (64, 32, 1))])
def test_all_half_and_one_are_tried(most, expected):
    assert numbers_to_try(most) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (timed(two=[0.1] * 3, one=[0.15] * 3), 2),
        (timed(two=[0.8] * 2, one=[0.13] * 3), 1),
        (timed(two=[0.1] * 3, one=[0.104] * 3), 1),  # as good as the same: it leaves a core to others
        (timed(four=[0.1] * 3, two=[0.09] * 3, one=[0.3] * 2), 2),
        ([TimedStep(2, 100, 0.1), TimedStep(1, 200, 0.1)], 1),  # tokens count, not steps
    ],
)
def test_the_fastest_number_is_taken(steps, expected):
    assert choose(steps) == expected


def test_the_numbers_take_turns():
    steps = []
    while (threads := next_to_try((4, 2, 1), steps)) is not None:
        steps.append(TimedStep(threads, 100, 0.1))
    assert [step.threads for step in steps] == [4, 2, 1] * 3


def test_a_hopeless_number_is_not_tried_a_third_time():
    steps = []
    while (threads := next_to_try((2, 1), steps)) is not None:
        steps.append(TimedStep(threads, 100, {2: 0.8, 1: 0.1}[threads]))
    assert [step.threads for step in steps] == [2, 1, 2]
    assert choose(steps) == 1


def test_one_slow_step_does_not_decide():
    assert next_to_try((2, 1), timed(two=[5.0], one=[0.1])) == 2


def test_half_the_speed_is_said_once_and_again_after_it_recovered():
    watch = Slowdown()
    watch.best = 500.0
    fast, slow = (500, 1.0), (200, 1.0)
    said = [watch.add(*step) for step in [fast] * 30 + [slow] * 40]
    (rate,) = [each for each in said if each is not None]
    assert rate <= 250
    said = [watch.add(*step) for step in [slow] * 20 + [fast] * 40 + [slow] * 40]
    assert len([each for each in said if each is not None]) == 1


def test_a_short_wait_is_not_said():
    watch = Slowdown()
    said = [watch.add(5, 0.01 if at % 50 else 2.0) for at in range(200)]
    assert said == [None] * 200


def test_the_best_rate_is_seen_on_the_way_where_none_was_measured():
    watch = Slowdown()
    assert [watch.add(500, 1.0) for _ in range(30)] == [None] * 30
    assert watch.best == 500


FELL = "training is at 210 tokens/s, it was at 520 with"


@pytest.mark.parametrize(
    ("threads", "others", "expected"),
    [
        (2, 0.96, f"{FELL} 2 threads: other processes take 1.0 of 2 cores; a new run with `train: {{threads: 1}}` may be faster"),
        (1, 1.4, f"{FELL} 1 thread: other processes take 1.4 of 2 cores"),
        (1, 0.9, f"{FELL} 1 thread, and other processes do not take the processor (0.9 of 2 cores): other work of this kernel, memory, heat or a limit on the processor may be why"),
        (2, 0.04, f"{FELL} 2 threads, and other processes do not take the processor (0.0 of 2 cores): other work of this kernel, memory, heat or a limit on the processor may be why"),
        (2, None, f"{FELL} 2 threads; another process may take the processor; a new run with `train: {{threads: 1}}` may be faster"),
    ],
)  # fmt: skip
def test_a_slow_training_is_said_with_the_reason(threads, others, expected):
    assert slowdown_text(210, 520, threads, others=others, cores=2) == expected


def after_steps(*steps):
    """What other processes took in steps of seconds, the machine's processor time, and our own."""
    clock, spent = Clock(), [ProcessorTime(100.0, 10.0)]
    others = OtherProcesses(clock, lambda: spent[0])
    for seconds, machine_s, own_s in steps:
        others.begin_step()
        clock.now += seconds
        spent[0] = ProcessorTime(spent[0].machine_s + machine_s, spent[0].own_s + own_s)
        others.end_step()
    return others.cores()


def test_what_other_processes_take_is_that_of_the_last_steps():
    quiet, busy, hidden = (1.0, 2.0, 2.0), (1.0, 2.0, 1.2), (1.0, 0.0, 2.0)
    assert after_steps(*[quiet] * 9) == 0
    assert after_steps(*[quiet] * 99, *[busy] * 5) == pytest.approx(0.8)
    assert after_steps(*[busy] * 99, (12.0, 24.0, 12.0)) == pytest.approx(1)
    assert after_steps(*[hidden] * 9) is None
    assert after_steps() is None


def test_the_processor_s_time_grows():
    before = processor_time()
    sum(range(3_000_000))
    after = processor_time()
    assert after.own_s > before.own_s
    assert after.machine_s >= before.machine_s


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def walk(threads, clock, step_s, steps=40):
    """Steps of 100 tokens that take what `step_s` says for a number of threads; what was said."""
    said = []
    for step in range(1, steps + 1):
        threads.begin_step()
        clock.now += step_s[torch.get_num_threads()]
        said.append(threads.end_step(step, 100))
    return [event for event in said if event is not None]


@pytest.mark.parametrize(("step_s", "expected"), [({2: 0.1, 1: 0.2}, 2), ({2: 0.9, 1: 0.2}, 1)])
def test_a_trial_ends_with_the_fastest_and_is_written_down(number, step_s, expected):
    number(2)
    clock = Clock()
    threads = Threads("auto", "cpu", clock=clock)
    threads.begin()
    (chosen,) = walk(threads, clock, step_s)
    assert chosen.threads == expected == torch.get_num_threads()
    assert chosen.tokens_per_s == pytest.approx({str(key): 100 / value for key, value in step_s.items()})
    assert event_from_json(chosen.to_json()) == chosen


def test_a_training_that_falls_to_half_after_its_trial_says_so(number):
    number(2)
    clock = Clock()
    threads = Threads("auto", "cpu", clock=clock)
    threads.begin()
    (chosen,) = walk(threads, clock, {2: 0.1, 1: 0.2})
    (notice,) = walk(threads, clock, {2: 0.9}, steps=100)
    assert isinstance(notice, Notice)
    assert notice.level == "warning"
    assert f"it was at {chosen.tokens_per_s['2']:,.0f} with 2 threads" in notice.text


def test_a_trial_that_was_broken_off_goes_on(number):
    number(2)
    clock = Clock()
    threads = Threads("auto", "cpu", clock=clock)
    threads.begin()
    assert walk(threads, clock, {2: 0.1, 1: 0.2}, steps=5) == []
    number(8)  # another machine
    again = Threads("auto", "cpu", clock=clock)
    again.restore(threads.snapshot())
    again.begin()
    (chosen,) = walk(again, clock, {2: 0.1, 1: 0.2}, steps=3)  # one to warm up
    assert chosen.tokens_per_s == pytest.approx({"2": 1000, "1": 500})


def test_with_one_number_nothing_is_measured(number):
    number(1)
    clock = Clock()
    threads = Threads("auto", "cpu", clock=clock)
    threads.begin()
    assert walk(threads, clock, {1: 0.1}) == []


@pytest.mark.parametrize(("wanted", "expected"), [("auto", 2), (1, 1)])
def test_beside_a_gpu_only_a_number_that_was_asked_for_is_set(number, wanted, expected):
    number(2)
    clock = Clock()
    threads = Threads(wanted, "cuda", clock=clock)
    threads.begin()
    assert walk(threads, clock, {1: 0.1, 2: 0.1}) == []
    assert torch.get_num_threads() == expected


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_fixed_number_is_that_of_the_thread_that_trains_alone(number, used, prepared, threads):
    number(2)
    run = finish(start_run("fixed", prepared(f"{TRAIN}, threads: {threads}")))
    assert {each for (name, _), each in used.items() if name == "fixed"} == {threads}
    assert torch.get_num_threads() == 2
    assert not any(isinstance(event, ThreadsChosen) for event in run.events)
    after = []
    later = threading.Thread(target=lambda: after.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert after == [2]


def test_the_same_number_gives_the_same_digits(prepared):
    runs = [finish(start_run(name, prepared(f"{TRAIN}, threads: 2"))) for name in ("one", "other")]
    assert_same_end(*runs)


def test_a_resumed_run_computes_with_the_number_that_was_chosen(number, used, patch, prepared):
    """Even where another would be chosen now; and it ends with the same bits."""
    patch.setattr("ft_magics.training.threads.choose", lambda _: 1)
    number(2)
    whole = finish(start_run("whole", prepared(TRAIN, extra=SAVES)))
    (chosen,) = (event for event in whole.events if isinstance(event, ThreadsChosen))
    assert 1 < chosen.step < 15
    assert {each for (_, step), each in used.items() if step > chosen.step} == {1}
    weights = weights_of(whole)
    log = whole.folder.path / "events.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = next(at for at, line in enumerate(lines) if f"checkpoint-{chosen.step + 3}" in line)
    log.write_text("".join(lines[: cut + 1]), encoding="utf-8")  # its process died here
    for folder in whole.folder.checkpoints.iterdir():
        if int(folder.name.rpartition("-")[2]) > chosen.step + 3:
            (folder / "run_state.json").unlink()
    patch.setattr("ft_magics.training.threads.choose", lambda _: 2)
    used.clear()
    again = finish(resume_run("whole", prepared(TRAIN, extra=SAVES)))
    assert set(used.values()) == {1}
    assert [event for event in again.events if isinstance(event, ThreadsChosen)] == [chosen]
    assert all(torch.equal(weights[name], value) for name, value in weights_of(again).items())


def test_a_run_from_before_there_was_a_choice_keeps_its_number(number, used, patch, prepared):
    snapshot = RunCallback.snapshot

    def old_snapshot(self, state):
        return snapshot(self, state).model_copy(update={"threads": None})

    patch.setattr(RunCallback, "snapshot", old_snapshot)
    number(1)
    end = RunCallback.on_step_end

    def stop(self, args, state, control, **named):
        if state.global_step == 3:
            self.steering.stop("enough")
        return end(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", stop)
    assert finish(start_run("old", prepared(TRAIN, extra=SAVES))).status == "stopped"
    patch.setattr(RunCallback, "on_step_end", end)
    used.clear()
    number(2)
    again = finish(resume_run("old", prepared(TRAIN, extra=SAVES)))
    assert set(used.values()) == {2}
    assert not any(isinstance(event, ThreadsChosen) for event in again.events)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_run_that_is_shorter_than_its_trial_ends_like_others(number, used, prepared, steps):
    number(2)
    run = finish(start_run("short", prepared(f"max_steps: {steps}, batch_size: 4")))
    assert run.status == "done"
    assert run.folder.splits() == ["dev", "test"]
    assert len(used) == steps
    (told,) = [event for event in run.events if isinstance(event, ThreadsChosen)]  # for a run that repeats this one
    assert told.used == list(used.values())
    assert torch.get_num_threads() == 2


def test_dev_and_test_are_predicted_with_the_number_that_was_chosen(number, patch, prepared):
    seen = []
    logits = TrainedModel.infer

    def look(self, features):
        seen.append(torch.get_num_threads())
        return logits(self, features)

    patch.setattr(TrainedModel, "infer", look)
    patch.setattr("ft_magics.training.threads.choose", lambda _: 1)
    number(2)
    run = finish(start_run("predicted", prepared(TRAIN)))
    (chosen,) = (event for event in run.events if isinstance(event, ThreadsChosen))
    evaluations = [event for event in run.events if isinstance(event, Evaluated) and event.split == "dev"]
    before = sum(event.step < chosen.step for event in evaluations)
    assert seen[before:] == [1] * (len(evaluations) - before + 2)


def test_a_choice_after_the_checkpoint_is_void():
    chosen = ThreadsChosen(step=8, threads=1, tokens_per_s={"2": 62.0, "1": 375.0})
    saved = CheckpointSaved(step=8, path="checkpoints/checkpoint-8")
    assert chosen in drop_superseded([chosen, saved, RunResumed(step=8, epoch=1.0)])
    assert chosen not in drop_superseded([chosen, saved, RunResumed(step=7, epoch=1.0)])


def test_the_run_s_page_says_the_number(number, patch, prepared):
    patch.setattr("ft_magics.training.threads.choose", lambda _: 1)
    number(2)
    run = finish(start_run("shown", prepared(TRAIN)))
    (chosen,) = (event for event in run.events if isinstance(event, ThreadsChosen))
    assert threads_text([dataclasses.replace(chosen, tokens_per_s={"2": 62.4, "1": 1375.0})]) == (
        "Computes with 1 thread; tokens/s in the first steps: 62 with 2, 1,375 with 1"
    )
    assert threads_text(run.events) in run_html(ft_magics.load(run.dir).events, "done")


@pytest.mark.parametrize(
    ("written", "shown"), [("0", "0"), ("2000", "2000"), ("fast", "`fast`"), ("true", "True"), ("1.5", "1.5")]
)
def test_a_wrong_number_of_threads_is_said(cell, written, shown):
    with pytest.raises(CellError) as caught:
        parse_cell(cell(f"threads: {written}").partition("\n")[2], {})
    assert f"found {shown}, expected `auto`, or a whole number from 1 to 1024" in str(caught.value)
