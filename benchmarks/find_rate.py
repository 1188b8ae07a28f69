"""Is the rate that `--find-rate` suggests as good as the best of a full sweep? On small cuts of real data, with MiniLM.

    OMP_NUM_THREADS=1 python benchmarks/find_rate.py --sets sib200 --methods full lora

First the rates are tried as `--find-rate` does, then each of them is trained to its end; a line of JSON for each, and
at the end how far the suggested rate is from the best on dev and on test. The cuts are those of `defaults.py`, smaller.
"""

import argparse
import contextlib
import json
import tempfile
import time
from dataclasses import replace

from defaults import HEADLINES, SETS, write
from ft_magics.runs.cells import parse_cell
from ft_magics.studies.rates import RateSweep, prepare_sweep
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

TRAIN = "epochs: {epochs}, batch_size: 8, max_length_tokens: 48, threads: 1"


def main() -> None:
    """Sweep, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=["sib200"], choices=SETS)
    parser.add_argument("--methods", nargs="+", default=["full", "lora"])
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--rows", type=int, nargs=3, default=(160, 80, 120), help="of train, dev and test")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        for name in arguments.sets:
            cut = replace(SETS[name], rows=tuple(arguments.rows))
            data = write(name, cut)
            for method in arguments.methods:
                body = f"task: {cut.task}\nmodel: minilm\ndata: {data}\nmethod: {method}\nsave: {{every: null}}\n"
                for seed in arguments.seeds:
                    said = TRAIN.format(epochs=arguments.epochs)
                    measure(f"{name} {method} seed {seed}", body, f"{said}, seed: {seed}", HEADLINES[cut.task])


def measure(what: str, body: str, train: str, headline: str) -> None:
    """Sweep one cell, then train it with each of the rates."""
    began = time.monotonic()
    sweep = prepare_sweep(parse_cell(f"{body}train: {{{train}}}", {}), "run")
    for tried in sweep.sweep(lambda: False):
        _say(what, "tried", rate=tried.rate, dev=_percent(tried.score), loss=tried.loss, steps=sweep.steps)
    suggestion = sweep.suggestion()
    if suggestion is None:
        raise SystemExit(f"{what}: no rate could be tried")
    seconds = round(time.monotonic() - began)
    suggested = sweep.for_whole(suggestion.tried.rate)
    _say(what, "suggested", best=suggestion.tried.rate, rate=suggested, fitted=sweep.fitted, seconds=seconds)
    rates = sorted({suggested, sweep.fitted, *(tried.rate for tried in sweep.tried)})
    whole = {rate: _whole(what, sweep, f"{body}train: {{{train}, learning_rate: {rate}}}", headline) for rate in rates}
    best = [max(scores[at] for scores in whole.values()) for at in (0, 1)]
    _say(
        what,
        "result",
        behind_best_dev=round(best[0] - whole[suggested][0], 2),
        behind_best_test=round(best[1] - whole[suggested][1], 2),
        test=whole[suggested][1],
        test_with_fitted=whole[sweep.fitted][1],
    )


def _whole(what: str, sweep: RateSweep, body: str, headline: str) -> tuple[float, float]:
    """Dev and test of a whole training, in percent."""
    run = start_run("run", prepare(parse_cell(body, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    dev, test = (_percent(run.report(split).scores[headline].value) for split in ("dev", "test"))
    _say(what, "whole", rate=run.config.train.learning_rate, dev=dev, test=test, steps=sweep.whole)
    run.release()
    return dev, test


def _percent(value: float | None) -> float:
    return round(100 * (value or 0.0), 2)


def _say(what: str, kind: str, **told: object) -> None:
    print(json.dumps({"what": what, "kind": kind, **told}), flush=True)


if __name__ == "__main__":
    main()
