"""A causal model from nothing beside a 5-gram model, on the same split, tokens and places.

    python benchmarks/kneser_ney.py generate --data path/to/sgd_en  # its dialogues as texts
    python benchmarks/kneser_ney.py dialogue --data path/to/sgd_en
    python benchmarks/kneser_ney.py generate --data path/to/mlm_text_en_zh/en_pride_and_prejudice.txt --packing
    python benchmarks/kneser_ney.py generate --data path/to/banking77_en/train.csv  # the intent after a question

The n-gram model is interpolated modified Kneser-Ney (Chen & Goodman 1998, section 3; Kneser & Ney 1995). It is counted
on every token of train and asked for the tokens of dev that the run's perplexity is of, each after at most four tokens
of its row.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.writing.pieces import Piece
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

Gram = tuple[int, ...]


class KneserNey:
    """An interpolated n-gram model with three discounts for each order.

    Args:
        texts: Tokens of each.
        vocabulary: How many tokens there are.
        order: n.
    """

    def __init__(self, texts: Sequence[Sequence[int]], vocabulary: int, order: int = 5) -> None:
        self._order, self._vocabulary = order, vocabulary
        counts = [Counter[Gram]() for _ in range(order + 1)]
        for text in texts:
            for n in range(1, order + 1):
                counts[n].update(tuple(text[at : at + n]) for at in range(len(text) - n + 1))
        for n in range(order - 1, 0, -1):  # of lower orders: after how many different tokens a gram stands
            counts[n] = Counter(gram[1:] for gram in counts[n + 1])
        self._counts = counts
        self._discounts = [(0.0, 0.0, 0.0)] + [_discounts(counts[n]) for n in range(1, order + 1)]
        self._after: list[dict[Gram, tuple[int, list[int]]]] = [{} for _ in range(order + 1)]
        for n in range(1, order + 1):
            found: dict[Gram, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
            for gram, count in counts[n].items():
                row = found[gram[:-1]]
                row[0] += count
                row[min(count, 3)] += 1
            self._after[n] = {before: (row[0], row[1:]) for before, row in found.items()}

    def share(self, before: Gram, token: int) -> float:
        """The probability of a token after at most n - 1 others."""
        value = 1 / self._vocabulary
        for n in range(1, min(self._order, len(before) + 1) + 1):
            context = before[len(before) - n + 1 :]
            total, kinds = self._after[n].get(context, (0, [0, 0, 0]))
            if not total:
                break
            count, discounts = self._counts[n][(*context, token)], self._discounts[n]
            kept = max(count - discounts[min(count, 3) - 1], 0.0) if count else 0.0
            given = sum(discount * number for discount, number in zip(discounts, kinds, strict=True))
            value = (kept + given * value) / total
        return value

    def perplexity(self, pieces: Iterator[Piece]) -> float:
        """Of the tokens that are asked for."""
        total, number = 0.0, 0
        for piece in pieces:
            ids = piece.ids.tolist()
            for at in piece.asked.nonzero()[0].tolist():
                total -= math.log(self.share(tuple(ids[max(0, at - self._order + 1) : at]), ids[at]))
                number += 1
        return math.exp(total / number)


def _discounts(counts: Counter[Gram]) -> tuple[float, float, float]:
    """For grams that were counted once, twice, and more often. Source: Chen & Goodman 1998, equation 26."""
    of = Counter(min(count, 5) for count in counts.values())
    share = of[1] / (of[1] + 2 * of[2]) if of[1] else 0.5
    found = [n - (n + 1) * share * of[n + 1] / of[n] if of[n] else 0.5 for n in (1, 2, 3)]
    one, two, more = (min(max(value, 0.0), float(n)) for n, value in enumerate(found, 1))
    return one, two, more


def _cell(arguments: argparse.Namespace) -> str:
    source = Path(arguments.data)
    lines = f", documents: {arguments.documents}"
    if source.suffix == ".csv":
        lines = ", prompt_column: text, completion_column: category"
    if source.is_dir():
        source, lines = source / "train.jsonl", ""
        if arguments.task == "generate":
            source = _as_texts(source)
    data = f"{{train: {source}{lines}, dev: {{fraction: 0.1}}}}"
    return (
        f"task: {{{arguments.task}: {{packing: {str(arguments.packing).lower()}}}}}\n"
        f"model: {{shape: {arguments.shape}, layers: {arguments.layers}, hidden_size: {arguments.width}, "
        "max_length_tokens: 256}\n"
        f"tokenizer: {{vocab_size: {arguments.vocabulary}}}\n"
        f"data: {data}\n"
        f"train: {{epochs: {arguments.epochs}, learning_rate: {arguments.rate}, batch_size: {arguments.batch}, "
        f"seed: 1{arguments.set and ', ' + arguments.set}}}\n"
    )


def _as_texts(source: Path) -> Path:
    """Dialogues as texts, in a file of the working folder."""
    dialogues = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    texts = ["\n".join(f"{turn['speaker']}: {turn['utterance']}" for turn in each["turns"]) for each in dialogues]
    path = Path("dialogues_as_texts.jsonl").absolute()
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def main() -> None:
    """Count, train, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("generate", "dialogue"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--shape", default="llama", choices=("llama", "gpt2"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--vocabulary", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--set", default="", help="more of the cell's `train:`, such as `dropout: 0.3`")
    parser.add_argument("--documents", default="line", choices=("line", "blank_line"), help="of a plain text")
    parser.add_argument("--packing", action="store_true", help="several texts in a row")
    parser.add_argument("--count-only", action="store_true")
    arguments = parser.parse_args()
    prepared = prepare(parse_cell(_cell(arguments), {}))
    train = [piece.ids.tolist() for item in prepared.features["train"] for piece in item.pieces]
    dev = [piece for item in prepared.features["dev"] for piece in item.pieces]
    counted = KneserNey(train, len(prepared.trained.tokenizer))
    asked = sum(int(piece.asked.sum()) for piece in dev)
    print(f"train {sum(map(len, train)):,} tokens, dev {asked:,} asked for; {prepared.parameters:,} parameters")
    print(f"5-gram, modified Kneser-Ney: perplexity {counted.perplexity(iter(dev)):.2f}", flush=True)
    if arguments.count_only:
        return
    run = start_run(f"kneser_ney_{arguments.task}", prepared)
    run.wait()
    print(run.history[["epoch", "perplexity"]].to_string(index=False))
    print(f"the model: {run.report('dev').summary()}")


if __name__ == "__main__":
    main()
