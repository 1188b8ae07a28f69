"""An interrupt stops the run, wherever it comes: Python drops what it raises in a finalizer, and libraries do, too."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import pytest
from ft_magics.display import live
from ft_magics.display.live import _Showing
from ft_magics.display.run_views import _TextView
from ft_magics.magics import actions
from ft_magics.runs.interrupts import Interrupts, interrupts_kept, interrupts_noted
from ft_magics.runs.run import Run
from ft_magics.training import launch
from ft_magics.training import prepare as preparing
from ft_magics.training.turns import training_here

LONG = "epochs: 400, batch_size: 4"


def interrupt():
    signal.raise_signal(signal.SIGINT)


def interrupt_in_a_finalizer():
    class Finalized:
        def __del__(self):
            interrupt()

    Finalized()


def interrupt_where_all_is_caught():
    with suppress(BaseException):  # as some libraries do around their callbacks
        interrupt()


def interrupt_in_a_callback_of_the_shell():
    from IPython.core.getipython import get_ipython

    events = get_ipython().events
    events.register("post_execute", interrupt)
    try:
        events.trigger("post_execute")  # prints what a callback raises
    finally:
        events.unregister("post_execute", interrupt)


def interrupt_in_a_comm_message():
    """Which comm answers with a log line where its callback raises."""
    from comm import create_comm

    comm = create_comm(target_name="test", primary=False)
    comm.on_msg(lambda _: interrupt())
    comm.handle_msg({})


def interrupt_in_a_log_record():
    import logging

    class Raising(logging.Handler):
        def emit(self, record):
            try:
                interrupt()
            except BaseException:  # noqa: BLE001
                self.handleError(record)

    Raising().handle(logging.makeLogRecord({}))


DROPPING = [interrupt_in_a_finalizer, interrupt_where_all_is_caught]
WAYS = [
    interrupt,
    *DROPPING,
    interrupt_in_a_callback_of_the_shell,
    interrupt_in_a_comm_message,
    interrupt_in_a_log_record,
]


@pytest.fixture
def handler():
    """The handler of a kernel's cell: it raises."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    after = signal.signal(signal.SIGINT, before)
    assert after is signal.default_int_handler


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("drop", DROPPING)
@pytest.mark.usefixtures("handler")
def test_python_and_libraries_drop_interrupts(drop):
    """Why they are counted; if this fails, Python does not need it anymore."""
    drop()


def test_interrupts_are_counted_and_taken_once(handler):
    with interrupts_noted() as noted:
        assert noted.take() == 0
        interrupt()
        interrupt_in_a_finalizer()
        assert noted.waiting == 2
        assert noted.take() == 2
        assert (noted.take(), noted.waiting) == (0, 0)
        interrupt_where_all_is_caught()
        assert noted.take() == 1
    assert signal.getsignal(signal.SIGINT) is handler


def do_within(context, *actions):
    with context():
        for act in actions:
            act()


@pytest.mark.parametrize("context", [interrupts_noted, interrupts_kept])
@pytest.mark.parametrize("drop", DROPPING)
@pytest.mark.usefixtures("handler")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_was_dropped_is_raised_in_the_end(context, drop):
    reached = []
    with pytest.raises(KeyboardInterrupt):
        do_within(context, drop, lambda: reached.append(True))
    assert reached


def fail():
    raise ZeroDivisionError


@pytest.mark.parametrize("context", [interrupts_noted, interrupts_kept])
@pytest.mark.usefixtures("handler")
def test_an_error_tells_more_than_the_interrupt_before_it(context):
    with pytest.raises(ZeroDivisionError):
        do_within(context, interrupt_where_all_is_caught, fail)


@pytest.mark.usefixtures("handler")
def test_the_third_that_nobody_takes_is_raised_at_once():
    with interrupts_noted() as noted:
        interrupt()
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        assert noted.take() == 2
        interrupt()
        assert noted.take() == 1


def test_an_inner_one_hands_what_it_did_not_take_to_the_outer_one(handler):
    with interrupts_noted() as outer:
        with interrupts_noted() as inner:
            interrupt()
            assert inner.take() == 1
            interrupt()
        assert outer.take() == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_handler_that_was_set_meanwhile_stays(handler):
    other = lambda *_: None  # noqa: E731  # it needs an identity only
    with interrupts_noted():
        signal.signal(signal.SIGINT, other)
    assert signal.getsignal(signal.SIGINT) is other
    signal.signal(signal.SIGINT, handler)


def test_where_interrupts_are_ignored_they_stay_so(handler):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts_noted() as noted, interrupts_kept():
        interrupt()
        assert noted.take() == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGINT, handler)


def test_outside_of_the_main_thread_nothing_changes(handler):
    seen = []

    def look():
        with interrupts_noted() as noted, interrupts_kept():
            seen.append((signal.getsignal(signal.SIGINT), noted.take()))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [(handler, 0)]


def test_a_kept_interrupt_is_raised_at_once(handler):
    reached = []
    with pytest.raises(KeyboardInterrupt):
        do_within(interrupts_kept, interrupt, lambda: reached.append(True))
    assert not reached
    assert signal.getsignal(signal.SIGINT) is handler


def once(way, then):
    """Calls `way` the first time, before `then`."""
    left = [way]

    def call(*arguments, **named):
        if left:
            left.pop()()
        return then(*arguments, **named)

    return call


@pytest.fixture
def stops(run_cell, shell, cell, handler):
    """Runs a long cell, or another one, that an interrupt must stop."""

    def run(text=""):
        printed = run_cell(text or cell(LONG))
        assert run_cell.result.success, printed
        small = shell.user_ns["small"]
        assert small.wait(60)
        assert (small.status, small.events[-1].reason) == ("stopped", "stopped by the interrupt")
        assert "stopped by the interrupt" in printed
        assert signal.getsignal(signal.SIGINT) is handler

    return run


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_while_the_view_is_drawn_stops_the_run(stops, patch, way):
    patch.setattr(_TextView, "update", once(way, _TextView.update))
    stops()


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_before_the_view_is_there_stops_the_run(stops, patch, way):
    patch.setattr(live, "open_view", once(way, live.open_view))
    stops()


MOMENTS = [(launch, "start_run"), (launch, "train_in_thread"), (actions, "watch"), (Run, "wait"), (_Showing, "look")]


@pytest.mark.parametrize("way", DROPPING)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment[1])
def test_one_that_is_dropped_anywhere_stops_the_run(stops, patch, way, moment):
    owner, name = moment
    patch.setattr(owner, name, once(way, getattr(owner, name)))
    stops()


def test_an_interrupt_stops_a_resumed_run(stops, patch):
    patch.setattr(_TextView, "update", once(interrupt, _TextView.update))
    stops()
    patch.setattr(launch, "train_in_thread", once(interrupt_in_a_finalizer, launch.train_in_thread))
    stops("%ft resume small")


@pytest.mark.usefixtures("handler")
def test_a_display_that_hangs_is_left_with_the_third_interrupt_and_the_run_stops(run_cell, shell, cell, patch):
    def hang(*_):
        for _ in range(3):
            interrupt()
        pytest.fail("the third must be raised")

    patch.setattr(live, "open_view", hang)
    run_cell(cell(LONG))
    assert isinstance(run_cell.result.error_in_exec, KeyboardInterrupt)
    small = shell.user_ns["small"]
    assert small.wait(60)
    assert small.events[-1].reason == "stopped by the interrupt"


@pytest.mark.usefixtures("handler")
def test_a_second_interrupt_that_is_dropped_lets_go(run_cell, shell, cell, patch):
    patch.setattr(live, "open_view", once(lambda: [interrupt(), interrupt_in_a_finalizer()], live.open_view))
    patch.setattr(Run, "stop", lambda *_: None)
    assert "Detached from small; it keeps training." in run_cell(cell(LONG))
    patch.undo()
    small = shell.user_ns["small"]
    assert small.status == "running"
    small.stop()
    assert small.wait(60)


@pytest.mark.parametrize("way", [interrupt, *DROPPING])
@pytest.mark.usefixtures("handler")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_before_the_run_begins_ends_the_cell(run_cell, shell, cell, patch, way):
    patch.setattr(preparing, "prepare", once(way, preparing.prepare))
    run_cell(cell("max_steps: 1"))
    assert isinstance(run_cell.result.error_in_exec, KeyboardInterrupt)
    assert "small" not in shell.user_ns
    assert training_here() is None


@pytest.mark.usefixtures("handler")
def test_where_they_cannot_be_noted_one_that_is_raised_counts(patch, prepared, capsys):
    patch.setattr(Run, "wait", once(interrupt, Run.wait))
    run = launch.start_run("small", prepared(LONG))
    live.watch(run, "text", Interrupts())
    assert run.events[-1].reason == "stopped by the interrupt"
    assert "stopped by the interrupt" in capsys.readouterr().out
