"""What libraries say while a run trains."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from itertools import pairwise
from types import SimpleNamespace

import pytest
from ft_magics.events import Notice, StepDone
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.callback import RunCallback
from ft_magics.training.captured_warnings import capture_warnings
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from runs import finish


def test_warnings_and_log_lines_of_the_training_are_in_its_record_once_each(cell, monkeypatch):
    learned = NerTask.loss

    def chatter(self, *arguments, **named):
        logging.getLogger("some.library").warning("the %s is odd", "shape")
        logging.getLogger("some.library").info("nothing of note")
        warnings.warn("this will go away", FutureWarning, stacklevel=1)
        return learned(self, *arguments, **named)

    monkeypatch.setattr(NerTask, "loss", chatter)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        run = finish(start_run("chatty", prepare(parse_cell(cell().partition("\n")[2], {}))))
    texts = [event.text for event in run.events if isinstance(event, Notice) and event.level == "warning"]
    assert texts == ["some.library: the shape is odd", "FutureWarning: this will go away"]


def test_other_threads_are_not_heard_and_lose_nothing(capsys, monkeypatch):
    texts: list[str] = []
    shown: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_, **__: shown.append(str(message)))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in a kernel, where nobody has set up logging

    def elsewhere() -> None:
        logging.getLogger("others").warning("from elsewhere")
        warnings.showwarning("there", UserWarning, "a file", 1)

    with capture_warnings(texts.append):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        logging.getLogger("ours").error("from here")
        logging.getLogger("ours").error("said already", extra={"said": True})
        warnings.showwarning("here", UserWarning, "a file", 1)
    assert texts == ["ours: from here", "UserWarning: here"]
    assert shown == ["there"]
    assert "from elsewhere" in capsys.readouterr().err


def test_it_ends_and_survives_what_cannot_be_said():
    def fault(text: str) -> None:
        logging.getLogger("saying").warning("saying failed too")
        raise OSError(text)

    shown, handlers = warnings.showwarning, list(logging.getLogger().handlers)
    with pytest.raises(ZeroDivisionError), capture_warnings(fault):
        logging.getLogger("ours").warning("one %d", 1 // 0)
    with capture_warnings(fault):
        logging.getLogger("ours").warning("one")
    assert warnings.showwarning is shown
    assert logging.getLogger().handlers == handlers


def test_a_library_that_repeats_itself_does_not_fill_the_record():
    texts: list[str] = []
    with capture_warnings(texts.append):
        for at in range(1000):
            logging.getLogger("ours").warning("step %d is odd", at)
    assert len(texts) == 50


def test_evaluations_and_saves_make_no_step_slower(cell, monkeypatch):
    """Tokens a second are of the steps alone. By a clock on which a step takes a second and all else takes minutes."""
    clock = SimpleNamespace(now=time.monotonic(), monotonic=lambda: clock.now)
    for part in ("clock", "pause", "save_policy", "throughput"):
        monkeypatch.setattr(f"ft_magics.training.{part}.time", clock)

    def takes(seconds, of, name):
        does = getattr(of, name)

        def call(*arguments, **named):
            clock.now += seconds
            return does(*arguments, **named)

        monkeypatch.setattr(of, name, call)

    takes(1, NerTask, "loss")
    takes(100, TrainedModel, "infer")
    takes(100, RunCallback, "on_save")
    body = cell("epochs: 4, batch_size: 4", extra="save: {every: {epochs: 1}}").partition("\n")[2]
    run = finish(start_run("slow", prepare(parse_cell(body, {}))))
    steps = [event for event in run.events if isinstance(event, StepDone)]
    spans = [later.elapsed_s - earlier.elapsed_s for earlier, later in pairwise(steps)]
    assert sum(span > 200 for span in spans) == 3  # after each epoch but the last
    rates = [event.tokens_per_s for event in steps[1:]]
    assert min(rates) > max(rates) / 5
