"""How often intervals of a mean over seeds hold the true value: the table in docs/decisions/0016.

    python benchmarks/seed_intervals.py

Examples are of unlike difficulty and seeds of unlike strength, both normal on the logit; a score is the share of
examples that are right. The true value is the expectation over both.
"""

import argparse

import numpy as np
from ft_magics.evaluation.tally import Tally
from ft_magics.evaluation.two_levels import mean_intervals, student_half_width

LEVEL, DIFFICULTY, RESAMPLES = 1.0, 1.5, 300


def main() -> None:
    """Print a line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=400)
    trials = parser.parse_args().trials
    generator = np.random.default_rng(0)
    for strength in (0.1, 0.5):
        for seeds in (2, 3, 5, 10):
            for examples in (200, 2000):
                both, student = covered(generator, strength, seeds, examples, trials)
                print(
                    f"seeds differ by {strength}: {seeds} seeds, {examples:,} examples: "
                    f"seeds and examples {100 * both:.1f} %, t over seeds {100 * student:.1f} %"
                )


def covered(
    generator: np.random.Generator, strength: float, seeds: int, examples: int, trials: int
) -> tuple[float, float]:
    """The share of trials in which the two-level interval, and Student's over seeds, hold the true value."""
    logits = LEVEL + generator.normal(0, np.hypot(DIFFICULTY, strength), 4_000_000)
    truth = float(_share(logits).mean())
    both = student = 0
    for trial in range(trials):
        difficulty = LEVEL + generator.normal(0, DIFFICULTY, examples)
        right = [generator.random(examples) < _share(difficulty + generator.normal(0, strength)) for _ in range(seeds)]
        (interval,) = mean_intervals([_tally(each) for each in right], ["accuracy"], RESAMPLES, trial)
        means = [float(each.mean()) for each in right]
        both += interval is not None and interval[0] <= truth <= interval[1]
        student += abs(np.mean(means) - truth) <= (student_half_width(means) or 0.0)
    return both / trials, student / trials


def _share(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _tally(right: np.ndarray) -> Tally:
    return Tally(
        counts=np.stack([right, np.ones(len(right))], axis=1).astype(np.int8),
        finish=lambda sums: sums[:, :1] / sums[:, 1:],
        names=["accuracy"],
        cost=1.0 - right,
        gold=[b""] * len(right),
    )


if __name__ == "__main__":
    main()
