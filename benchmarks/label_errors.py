"""How many of a report's suspected label errors are label errors: flip some labels of a test split, and look.

    python benchmarks/label_errors.py wikigold ewt zh demo_en
    python benchmarks/label_errors.py banking77 sib200 --train noisy
    python benchmarks/label_errors.py wikigold --flipped 0 0.01 0.05

Trains once a set (on clean data, or on data with as many flips), predicts test once, and flips the test split's gold
anew with each seed. Beside the suspects stand as many disagreements by plain confidence. The data lie beside the
checkout: `../shared/data`, or where FT_MAGICS_DATA says. A trained run is kept below `--keep` and used again.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import os
import random
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ft_magics
from ft_magics.data.tagged.schemes import Span, spans_of, tags_of
from ft_magics.data.tagged.sources import read_split
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictions import read_predictions
from ft_magics.tasks.registry import find_task
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
FIRST = (10, 20, 50)
KINDS = ("type", "border", "removed")
CELL = """task: {task}
model: minilm
data: {{train: train.{ending}, dev: {{fraction: 0.1}}, test: test.{ending}}}
train: {{epochs: {epochs}, learning_rate: 2e-4, batch_size: {batch_size}, seed: 1}}
save: {{every: null}}
"""

Tagged = tuple[list[str], list[str]]  # words, tags
Labelled = tuple[str, str]  # text, label


@dataclass(frozen=True, slots=True)
class Flip:
    """One label that was made wrong.

    Args:
        example: Index of the sentence or text.
        start: First word that it touches; 0 for a text.
        end: The one after the last; 1 for a text.
        kind: What was done.
    """

    example: int
    start: int
    end: int
    kind: str

    def touches(self, example: int, start: int, end: int) -> bool:
        """Whether a place is about it."""
        return self.example == example and self.start < end and self.end > start


# Data sets


def _tagged(*paths: str | Path) -> list[Tagged]:
    splits = [read_split("test", str(path)) for path in paths]
    return [(list(example.words), list(example.tags)) for split in splits for example in split.examples]


def _wikigold() -> tuple[list[Tagged], list[Tagged]]:
    """A third of all sentences is held out: the set's own test split has few entities."""
    rows = _tagged(*(DATA / "wikigold_en" / f"{name}.bio" for name in ("train", "valid", "test")))
    return [row for at, row in enumerate(rows) if at % 3], rows[::3]


def _ewt() -> tuple[list[Tagged], list[Tagged]]:
    folder = DATA / "uner_en_ewt"
    return _tagged(folder / "train.bio", folder / "valid.bio"), _tagged(folder / "test.bio")


def _zh() -> tuple[list[Tagged], list[Tagged]]:
    """A fifth of train: characters that the model hardly knows, and so a weak model."""
    folder = DATA / "uner_zh_gsdsimp"
    return _tagged(folder / "train.char.bio")[::5], _tagged(folder / "dev.char.bio", folder / "test.char.bio")


def _demo_en() -> tuple[list[Tagged], list[Tagged]]:
    return _tagged("demo:en/train.conll"), _tagged("demo:en/dev.conll", "demo:en/test.conll")


def _texts(path: Path, delimiter: str = ",", quoting: Any = csv.QUOTE_MINIMAL) -> list[Labelled]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file, delimiter=delimiter, quoting=quoting)]


def _banking77() -> tuple[list[Labelled], list[Labelled]]:
    train, test = (_texts(DATA / "banking77_en" / f"{name}.csv") for name in ("train", "test"))
    return train, test


def _sib200() -> tuple[list[Labelled], list[Labelled]]:
    folder = DATA / "sib200_en_zh" / "eng_Latn"
    train, dev, test = (_texts(folder / f"{name}.tsv", "\t", csv.QUOTE_NONE) for name in ("train", "dev", "test"))
    return train, dev + test


SETS: dict[str, tuple[str, Callable[[], tuple[list[Any], list[Any]]], int]] = {  # task, data, epochs
    "wikigold": ("ner", _wikigold, 4),
    "ewt": ("ner", _ewt, 5),
    "zh": ("ner", _zh, 4),
    "demo_en": ("ner", _demo_en, 8),
    "banking77": ("classify", _banking77, 5),
    "sib200": ("classify", _sib200, 6),
}


# Flips


def flip_tags(rows: Sequence[Tagged], share: float, dice: random.Random) -> tuple[list[Tagged], list[Flip]]:
    """Give some entities another type, move one of their borders by a word, or take their tags away."""
    types = sorted({span.type for _, tags in rows for span in spans_of(tags)})
    places = [(at, which) for at, (_, tags) in enumerate(rows) for which in range(len(spans_of(tags)))]
    flipped, flips = list(rows), []
    for at, which in sorted(
        dice.sample(places, round(share * len(places))), reverse=True
    ):  # a removal moves later ones
        words, tags = flipped[at]
        spans = list(spans_of(tags))
        span = spans[which]
        kind = dice.choice(KINDS)
        moved = _moved(spans, which, len(words))
        if kind == "border" and not moved:
            kind = "type"
        changed = {
            "type": lambda span=span: [Span(span.start, span.end, dice.choice([t for t in types if t != span.type]))],
            "border": lambda moved=moved: [dice.choice(moved)],
            "removed": list,
        }[kind]()
        spans[which : which + 1] = changed
        flipped[at] = words, list(tags_of(spans, len(words)))
        edges = [span, *changed]
        flips.append(Flip(at, min(edge.start for edge in edges), max(edge.end for edge in edges), kind))
    return flipped, flips


def _moved(spans: Sequence[Span], which: int, length: int) -> list[Span]:
    """An entity with one border moved by one word, in every way that leaves the others alone."""
    span = spans[which]
    taken = {word for at, other in enumerate(spans) if at != which for word in range(other.start, other.end)}
    ways = [(span.start + left, span.end + right) for left, right in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    return [
        Span(start, end, span.type)
        for start, end in ways
        if 0 <= start < end <= length and not taken & set(range(start, end))
    ]


def flip_labels(rows: Sequence[Labelled], share: float, dice: random.Random) -> tuple[list[Labelled], list[Flip]]:
    """Give some texts another label."""
    labels = sorted({label for _, label in rows})
    flipped, flips = list(rows), []
    for at in dice.sample(range(len(rows)), round(share * len(rows))):
        text, label = rows[at]
        flipped[at] = text, dice.choice([other for other in labels if other != label])
        flips.append(Flip(at, 0, 1, "label"))
    return flipped, flips


# Runs


def _write(rows: Sequence[Any], path: Path, task: str) -> None:
    if task == "ner":
        blocks = ("\n".join(f"{word}\t{tag}" for word, tag in zip(*row, strict=True)) for row in rows)
        path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


def trained(name: str, noise: str, share: float, keep: Path) -> Any:
    """The run of a set, trained here or found where it was kept."""
    task, data, epochs = SETS[name]
    folder = keep / f"{name}_{noise}"
    if (folder / "ft_runs" / "run" / "predictions.test.jsonl").exists():
        return ft_magics.load(folder / "ft_runs" / "run")
    train, test = data()
    flip = flip_tags if task == "ner" else flip_labels
    if noise == "noisy":
        train = flip(train, share, random.Random(99))[0]
    folder.mkdir(parents=True, exist_ok=True)
    ending = "conll" if task == "ner" else "csv"
    for split, rows in (("train", train), ("test", test)):
        _write(rows, folder / f"{split}.{ending}", task)
    body = CELL.format(task=task, ending=ending, epochs=epochs, batch_size=16 if task == "ner" else 32)
    with contextlib.chdir(folder):
        run = start_run("run", prepare(parse_cell(body, {})))
        run.wait()
    if run.exception is not None:
        raise run.exception
    return run


# What is found

Place = tuple[int, int, int]  # example, first word, the one after the last


def _entity_places(report: Any) -> tuple[list[Place], list[Place]]:
    """Where suspects are, and where the most confident mistakes are."""
    evidence = report.evidence
    mistakes = evidence.sort(evidence.select({"kind": ["boundary", "type", "both", "spurious"]}), "confidence")
    found = []
    for chosen in (evidence.suspects, mistakes):
        sides = [
            [(table, int(index)) for table, index in ((evidence.gold, gold), (evidence.pred, pred)) if index >= 0]
            for gold, pred in zip(evidence.pairs.gold[chosen], evidence.pairs.pred[chosen], strict=True)
        ]
        found.append(
            [
                (
                    int(spans[0][0].sentence[spans[0][1]]),
                    min(int(table.start[at]) for table, at in spans),
                    max(int(table.end[at]) for table, at in spans),
                )
                for spans in sides
            ]
        )
    return found[0], found[1]


def _label_places(report: Any) -> tuple[list[Place], list[Place]]:
    evidence = report.evidence
    orders = (({"suspect": "yes"}, "suspicion"), ({"outcome": "wrong"}, "confidence"))
    found = [evidence.sort(evidence.select(chosen), order).tolist() for chosen, order in orders]
    ours, theirs = ([(at, 0, 1) for at in places] for places in found)
    return ours, theirs


@dataclass(frozen=True, slots=True)
class Found:
    """How a list did against the flips."""

    shown: int
    right: int
    flips: int
    by_kind: Counter[str]
    first: dict[int, float]  # places → the share of the first so many that are flips

    @property
    def precision(self) -> float:
        """Share of what is shown that is a flip."""
        return self.right / self.shown if self.shown else float("nan")

    @property
    def recall(self) -> float:
        """Share of the flips that are shown."""
        return self.by_kind.total() / self.flips if self.flips else float("nan")


def judge(places: Sequence[Place], flips: Sequence[Flip], shown: int) -> Found:
    """Hold a ranking against the flips, all of it and its first `shown`."""
    hits = [any(flip.touches(*place) for flip in flips) for place in places]
    seen = [flip.kind for flip in flips if any(flip.touches(*place) for place in places[:shown])]
    first = {most: statistics.mean(hits[:most]) for most in FIRST if len(hits) >= most}
    return Found(len(places[:shown]), sum(hits[:shown]), len(flips), Counter(seen), first)


def measure(run: Any, task: str, share: float, seeds: Sequence[int]) -> list[tuple[Found, Found]]:
    """For each seed what is found by suspicion, and by plain confidence in a list of the same length."""
    kind = find_task(task)
    examples, predictions = read_predictions(run.folder, "test", kind)
    _, facts = run.folder.read_facts()
    flip = flip_tags if task == "ner" else flip_labels
    rows = [
        (list(example.words), list(example.tags)) if task == "ner" else (example.text, example.labels[0])
        for example in examples
    ]
    results = []
    for seed in seeds:
        flipped, flips = flip(rows, share, random.Random(seed))
        records = [kind.to_record(*pair) for pair in zip(examples, predictions, strict=True)]
        for record, (_, gold) in zip(records, flipped, strict=True):
            record["gold"] = list(gold) if task == "ner" else [gold]
        wrong = [kind.from_record(_listed(record))[0] for record in records]
        report = kind.report(wrong, predictions, title="flipped", facts=facts, resamples=0)
        ours, theirs = _entity_places(report) if task == "ner" else _label_places(report)
        results.append((judge(ours, flips, len(ours)), judge(theirs, flips, len(ours))))
    return results


def _listed(record: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in record.items()}


def _line(name: str, found: Sequence[Found]) -> str:
    shown, right = (sum(getattr(each, what) for each in found) for what in ("shown", "right"))
    flips, seen = sum(each.flips for each in found), Counter[str]()
    for each in found:
        seen += each.by_kind
    cells = [f"{shown / len(found):6.1f}", _percent(right, shown), _percent(seen.total(), flips)]
    for most in FIRST:
        shares = [each.first[most] for each in found if most in each.first]
        cells.append(f"{100 * statistics.mean(shares):5.0f}" if len(shares) == len(found) else "    –")
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(seen.items()))
    return f"  {name:18} {'  '.join(cells)}   {kinds}"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:5.0f}" if whole else "    –"


def main() -> None:
    """Print a table a set and share of flips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", choices=SETS, nargs="+")
    parser.add_argument("--train", choices=("clean", "noisy"), default="clean", help="what is trained on")
    parser.add_argument("--flipped", type=float, nargs="+", default=[0.05], help="share of the test split's labels")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)), help="of the flips")
    parser.add_argument("--keep", type=Path, help="folder of trained runs")
    arguments = parser.parse_args()
    keep = (arguments.keep or Path(tempfile.mkdtemp())).absolute()
    for name in arguments.sets:
        run = trained(name, arguments.train, 0.05, keep)
        for share in arguments.flipped:
            found = measure(run, SETS[name][0], share, arguments.seeds)
            flips = statistics.mean(ours.flips for ours, _ in found)
            print(f"{name}, trained on {arguments.train} data, {100 * share:g} % of test flipped ({flips:.0f} labels)")
            heads = "   shown  prec.  recall  " + "  ".join(f"p@{most:2}" for most in FIRST)
            print(f"  {'':18}{heads}   found, all seeds")
            print(_line("suspects", [ours for ours, _ in found]))
            print(_line("plain confidence", [theirs for _, theirs in found]), flush=True)
        run.release()


if __name__ == "__main__":
    main()
