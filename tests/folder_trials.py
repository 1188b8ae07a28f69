"""What a person can do with a folder of a run or a model; the trials of `test_fuzz_folders.py` and of its benchmark."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ft_magics
import psutil
from ft_magics.display.pages import run_bundle
from ft_magics.display.runs_page import runs_bundle, runs_page
from ft_magics.errors import FineTuneError
from ft_magics.events import RunEnded
from ft_magics.magics.names import check_name
from ft_magics.runs.predictor import load_trained

from mutations import mutate_folder
from run_mutations import mutate_run

__all__ = ["MOST_BYTES", "MOST_S", "Trial", "kept_run"]

MOST_S, MOST_BYTES = 5.0, 1 << 30
TEXTS = ["ada lovelace lives in london"]


def snapshot(folder: Path, leave_out: str) -> dict[str, str]:
    """All that lies in a folder, but for one name in it: hashes of files, targets of links."""
    found: dict[str, str] = {}
    for here, folders, files in os.walk(folder):
        if Path(here) == folder:
            folders[:] = [name for name in folders if name != leave_out]
        for name in (*folders, *files):
            if Path(here) == folder and name == leave_out:
                continue  # a link
            path = Path(here, name)
            inside = str(path.relative_to(folder))
            if path.is_symlink():
                found[inside] = str(path.readlink())
            elif path.is_file():
                found[inside] = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
            else:
                found[inside] = "folder"
    return found


class Trial:
    """Folders to spoil, each beside another project's.

    Args:
        place: An empty folder for the copies.
        run: A folder of a run that has ended.
        resume: Trains from the folder of a run on, and waits for the end; None to leave that out.
    """

    def __init__(self, place: Path, run: Path, resume: Callable[[Path], None] | None = None) -> None:
        self.place, self.run, self.resume = place, run, resume
        self.copy = place / "spoilt"
        beside = place / "beside"
        for name in ("checkpoint-3", "model"):
            (beside / name).mkdir(parents=True)
            (beside / name / "run_state.json").write_text("{}")
        (beside / "file").write_text("theirs")
        self.before = snapshot(place, "spoilt")

    def spoil_run(self, seed: int) -> str:
        """Use a spoilt run in all ways; says what was spoilt.

        Raises:
            AssertionError: Another error than ours came out, something outside changed, or it took too much.
        """
        self._fresh(self.run)
        done = mutate_run(self.copy, random.Random(seed))  # no secret
        with self._watched(done):
            for use in (self._load, self._resume):
                with contextlib.suppress(FineTuneError):
                    use()
        return done

    def spoil_model(self, seed: int) -> str:
        """Use a spoilt model; says what was spoilt. Raises as `spoil_run` does."""
        self._fresh(self.run / "model")
        done = mutate_folder(self.copy, random.Random(seed))  # no secret
        with self._watched(done), contextlib.suppress(FineTuneError):
            load_trained(str(self.copy)).predict([])
        return done

    def _load(self) -> None:
        run = ft_magics.load(self.copy)
        repr(run).encode()
        uses: tuple[Callable[[], object], ...] = (
            lambda: run.history,
            lambda: run.best,
            lambda: _in_utf8(run_bundle(run)["text/html"]),
            lambda: _in_utf8(runs_bundle(runs_page([run]))["text/plain"]),
            lambda: _in_utf8(run.report("dev").to_markdown()),
            lambda: run.report(mode="strict"),
            lambda: run.predict(TEXTS),
            lambda: self._save(run),
            lambda: check_name(run.name, {"df": 1}, folder=run.dir),
        )
        for use in uses:
            with contextlib.suppress(FineTuneError):
                use()

    def _save(self, run: ft_magics.Run) -> None:
        saved = run.save(self.place / "saved")
        shutil.rmtree(saved)

    def _resume(self) -> None:
        if self.resume is not None:
            log = self.copy / "events.jsonl"
            with contextlib.suppress(OSError):
                _drop_end(log)  # so that there is something left to do
            self.resume(self.copy)

    def _fresh(self, source: Path) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(source, self.copy)

    @contextlib.contextmanager
    def _watched(self, done: str) -> Iterator[None]:
        began, memory = time.monotonic(), psutil.Process().memory_info().rss
        try:
            yield
        except Exception as error:
            raise AssertionError(f"{done}: {type(error).__name__}: {error}") from error
        took_s, taken = time.monotonic() - began, psutil.Process().memory_info().rss - memory
        after = snapshot(self.place, "spoilt")
        changed = sorted(name for name in {*self.before, *after} if self.before.get(name) != after.get(name))
        changed = [name for name in changed if name != ".spoilt.lock"]
        assert not changed, f"{done}: changed beside the folder: {changed}"
        assert taken < MOST_BYTES, f"{done}: {taken >> 20} MB"
        assert took_s < MOST_S * (1 if self.resume is None else 12), f"{done}: {took_s:.1f} s"


def _drop_end(log: Path) -> None:
    kept = [line for line in log.read_bytes().splitlines(True) if RunEnded.kind.encode() not in line[:30]]
    log.write_bytes(b"".join(kept))


def _in_utf8(text: str) -> bytes:
    """A page goes to the browser so; half a surrogate would not."""
    return text.encode()


def kept_run(folder: Path, model: Path, text: str) -> tuple[Path, Callable[[Path], None]]:
    """The folder of a small run that has ended, and what resumes a copy of it."""
    from ft_magics.runs.cells import parse_cell
    from ft_magics.training.launch import resume_run, start_run
    from ft_magics.training.prepare import prepare

    data = folder / "small.conll"
    data.write_text(text, encoding="utf-8")
    cell = (
        f"task: ner\nmodel: {model}\ndata: {{train: {data}, dev: {data}, test: {data}}}\n"
        f"train: {{max_steps: 4, batch_size: 4}}\nsave: {{every: {{steps: 1}}, keep: 2, dir: {folder}}}\n"
    )
    run = start_run("kept", prepare(parse_cell(cell, {})))
    assert run.wait(300)
    assert run.status == "done", run.exception

    def resume(copy: Path) -> None:
        again = resume_run("kept", prepare(parse_cell(cell, {})), folder=copy)
        assert again.wait(60), "the run does not end"
        if again.exception is not None and not isinstance(again.exception, FineTuneError):
            raise again.exception

    return run.dir, resume
