"""The same rows give the same gradient however a step splits them: accumulated, uneven, over two processes.

The Trainer is the run's own, with its loss, its collator and its order of rows. The model keeps its weights (the rate
is next to nothing), so that both steps of the epoch compare: the second has fewer rows than a whole batch.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from ft_magics.training.batches import GroupedByLength
from ft_magics.training.prepare import prepare
from safetensors.torch import load_file

from exact_gradients import gradients_of, parse_any

ROWS = 16  # of a whole step
WITHIN_S = 280  # two processes that wait for each other on a busy machine
KINDS = {
    "ner": "ner",
    "one label": "{classify: {class_weights: balanced, label_smoothing: 0.1}}",
    "several labels": "{classify: {multi_label: true}}",
    "numbers": "{classify: {regression: true}}",
    "questions": "{qa: {doc_stride: 8}}",  # first and last token in one tensor; windows without an answer
    "pairs": "[mlm, nsp]",  # two means in one loss: of hidden tokens, and of pairs of segments
}
METHODS = ("full", "{lora: {r: 4}}")
CASES = [(kind, method) for kind in KINDS for method in METHODS if (kind, method) != ("questions", METHODS[1])]
AMONG_TWO = [  # kind, method, accumulation
    *(("ner", 0, 1), ("ner", 1, 4), ("one label", 0, 4), ("one label", 1, 1)),
    *(("several labels", 1, 1), ("numbers", 0, 1), ("pairs", 0, 4)),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """21 examples of unequal lengths, a file for each kind; one sentence is longer than the model's 64 tokens."""
    folder = tmp_path_factory.mktemp("uneven")
    sizes = [1 + at * 5 % 9 for at in range(20)]
    words = [[LETTERS[(at + size) % 20 :][: 1 + (at * size) % 6] for size in range(sizes[at])] for at in range(20)]
    words.append(["abcdefgh"] * 20)
    tags = ("O", "B-PER", "B-LOC")
    (folder / "ner.conll").write_text(
        "\n\n".join("\n".join(f"{word} {tags[len(word) % 3]}" for word in sentence) for sentence in words) + "\n\n"
    )
    (folder / "pairs.txt").write_text("\n\n".join("\n".join(map(" ".join, [sentence] * 2)) for sentence in words))
    labels = {
        "one label": ["xyz"[at % 3] if at % 4 else "x" for at in range(21)],
        "several labels": [["a"], ["b", "c"], [""], ["a", "b", "c"], ["c"]] * 5,
        "numbers": [at * at / 50 - 3 for at in range(21)],
    }
    for kind, values in labels.items():
        rows = [
            f"{' '.join(sentence)}\t{';'.join(value) if isinstance(value, list) else value}\n"
            for sentence, value in zip(words, values, strict=False)
        ]
        (folder / f"{kind.replace(' ', '_')}.tsv").write_text("text\tlabel\n" + "".join(rows))
    rows = [
        {"question": "?", "context": " ".join(sentence), "answers": [sentence[-1]] if at % 4 else []}
        for at, sentence in enumerate(words)
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def body(data, tiny_model):
    """A cell of a kind and a method, whose step of 16 rows is split so."""

    def make(kind, method, batch_size, accumulation):
        (train,) = data.glob(f"{kind.replace(' ', '_')}.*")
        separator = ", label_separator: ';'" if kind == "several labels" else ""
        return (
            f"{'objective' if kind == 'pairs' else 'task'}: {KINDS[kind]}\nmodel: {tiny_model}\ndata: {{train: {train}{separator}}}\nmethod: {method}\n"
            f"train: {{epochs: 1, batch_size: {batch_size}, gradient_accumulation: {accumulation}, device: cpu, "
            "learning_rate: 1e-30, weight_decay: 0, warmup: 0, max_grad_norm: 1e9, precision: fp32, threads: 1}\n"
            "save: {every: null}\n"
        )

    return make


@pytest.fixture(scope="module")
def replaced_body(data, tiny_electra):
    """A cell whose loss has two parts, means of different counts, and whose step of 16 rows is split so."""
    path = data / "texts.txt"
    lines = (data / "numbers.tsv").read_text().splitlines()[1:]
    path.write_text("\n".join(line.partition("\t")[0] for line in lines))

    def make(batch_size, accumulation):
        return (
            f"objective: {{rtd: {{weight: 1}}}}\nmodel: {tiny_electra}\ndata: {{train: {path}, documents: line}}\n"
            f"train: {{epochs: 1, batch_size: {batch_size}, gradient_accumulation: {accumulation}, device: cpu, "
            "learning_rate: 1e-30, weight_decay: 0, warmup: 0, max_grad_norm: 1e9, precision: fp32, threads: 1}\n"
            "save: {every: null}\n"
        )

    return make


@pytest.fixture(scope="module")
def whole(body, tmp_path_factory):
    """The gradients where a step is one batch, in one process."""
    folder = tmp_path_factory.mktemp("whole")
    return {case: gradients_of(body(*case, ROWS, 1), folder / str(at)) for at, case in enumerate(CASES)}


def assert_agree(found, expected):
    assert found.keys() == expected.keys()
    assert {name.partition(".")[0] for name in found} == {"1", "2"}
    for name, gradient in expected.items():
        assert (found[name] - gradient).abs().max() < 1e-6, name
    assert max(item.abs().max() for item in expected.values()) > 1e-3  # there is something to agree on


@pytest.mark.parametrize("case", CASES, ids=" ".join)
@pytest.mark.parametrize("accumulation", [4, 16])
def test_accumulated_batches_give_the_gradient_of_one(body, whole, tmp_path, case, accumulation):
    found = gradients_of(body(*case, ROWS // accumulation, accumulation), tmp_path / "run")
    assert_agree(found, whole[case])


@pytest.mark.timeout(400)
def test_two_processes_give_the_gradient_of_one(body, replaced_body, whole, tmp_path):
    """Each with half of a step's rows, at once and accumulated; the last rows of the epoch are not as many."""
    cells = {}
    for at, (kind, method, accumulation) in enumerate(AMONG_TWO):
        cells[f"cell_{at}"] = (kind, METHODS[method])
        text = body(kind, METHODS[method], ROWS // 2 // accumulation, accumulation)
        (tmp_path / f"cell_{at}.yaml").write_text(text)
    (tmp_path / "replaced.yaml").write_text(replaced_body(ROWS // 2 // 4, 4))
    script = Path(__file__).with_name("exact_gradients.py")
    logs = [(tmp_path / f"log_{rank}").open("w+") for rank in range(2)]
    processes = [
        subprocess.Popen([sys.executable, script, tmp_path, str(rank), "2"], stdout=log, stderr=log)
        for rank, log in enumerate(logs)
    ]
    try:
        codes = [process.wait(WITHIN_S) for process in processes]
    finally:
        for process, log in zip(processes, logs, strict=True):
            process.kill()
            log.close()
    assert codes == [0, 0], (tmp_path / "log_0").read_text()[-3000:]
    for name, case in cells.items():
        assert_agree(load_file(tmp_path / f"{name}.safetensors"), whole[case])
    expected = gradients_of(replaced_body(ROWS, 1), tmp_path / "whole")
    assert_agree(load_file(tmp_path / "replaced.safetensors"), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_step_has_fewer_rows_and_labels_are_not_evenly_spread(body, kind):
    prepared = prepare(parse_any(body(kind, "full", ROWS, 1)))
    rows = len(prepared.features["train"])
    assert ROWS < rows < 2 * ROWS
    if kind == "ner":
        batch = prepared.trained.task.collate(prepared.features["train"], prepared.trained.spec)
        assert len(set((batch["labels"] != -100).sum(dim=1).tolist())) > 4


class Row:
    def __init__(self, tokens):
        self.tokens = tokens


def test_rows_for_other_processes_are_repeated_and_marked():
    rows = [Row(at % 5) for at in range(10)]
    alone = GroupedByLength(rows, batch_size=4, seed=1)
    among = GroupedByLength(rows, batch_size=4, seed=1, multiple=8)
    assert (len(alone), len(among)) == (10, 16)
    items = [among[at] for at in range(16)]
    assert [item["feature"] for item in items[:10]] == [alone[at]["feature"] for at in range(10)]
    assert [item["repeated"] for item in items] == [False] * 10 + [True] * 6
    assert not torch.tensor([alone[at]["repeated"] for at in range(10)]).any()
    tiny = GroupedByLength(rows[:3], batch_size=4, seed=1, multiple=8)
    assert sum(not item["repeated"] for item in map(tiny.__getitem__, range(8))) == 3
