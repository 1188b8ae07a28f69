"""Batches of one of few widths: which there are, and that what stands behind a row changes nothing."""

from __future__ import annotations

import json

import pytest
from ft_magics.tasks.task import Spec
from ft_magics.tasks.widths import one_of_few
from ft_magics.training.prepare import prepare

from exact_gradients import gradients_of, parse_any

TEXTS = [" ".join("abcdefghij"[(at + step) % 10] * (1 + step % 3) for step in range(2 + at * 5 % 9)) for at in range(9)]
NEW = "{layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 64}\ntokenizer: {vocab_size: 280}"
TRAIN = (
    "train: {epochs: 1, batch_size: 4, device: cpu, learning_rate: 1e-30, weight_decay: 0, warmup: 0, "
    "max_grad_norm: 1e9, precision: fp32, threads: 1}\nsave: {every: null}\n"
)


WORDS = [text.split() for text in TEXTS]


def lines_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


DATA = {
    "ner": "\n\n".join("\n".join(f"{word} {'B-X' if len(word) > 1 else 'O'}" for word in words) for words in WORDS),
    "classify": lines_of({"text": text, "label": "xyz"[at % 3]} for at, text in enumerate(TEXTS)),
    "relation": lines_of(
        {"text": f"<e1>{words[0]}</e1> <e2>{words[1]}</e2> {' '.join(words)}", "label": "xy"[at % 2]}
        for at, words in enumerate(WORDS)
    ),
    "qa": lines_of(
        {"question": "?", "context": " ".join(words), "answers": words[-1:] if at % 2 else []}
        for at, words in enumerate(WORDS)
    ),
    "translate": lines_of({"source": " ".join(words), "target": " ".join(words[::-1])} for words in WORDS),
    "generate": lines_of({"prompt": words[0], "completion": " ".join(words[1:])} for words in WORDS),
    "mlm": "\n".join(TEXTS),
}
DATA |= {"clm": DATA["mlm"], "rtd": DATA["mlm"], "[mlm, nsp]": "\n\n".join(text.replace(" ", "\n") for text in TEXTS)}


@pytest.mark.parametrize("task", DATA)
def test_gradients_are_those_of_batches_as_wide_as_their_longest_row(
    task, tiny_model, tiny_electra, tmp_path, monkeypatch
):
    word, name = ("task", task) if task in list(DATA)[:6] else ("objective", task)
    path = tmp_path / ("data.conll" if task == "ner" else "data.jsonl" if word == "task" else "data.txt")
    path.write_text(DATA[task], encoding="utf-8")
    model = {"generate": NEW, "clm": NEW, "rtd": tiny_electra}.get(task, tiny_model)
    lines = ", documents: line" if word == "objective" and "nsp" not in task else ""
    body = f"{word}: {name}\nmodel: {model}\ndata: {{train: {path}{lines}}}\n{TRAIN}"
    expected = gradients_of(body, tmp_path / "longest")
    made = []

    def width(spec, longest, most=None):
        made.append(one_of_few(longest, most or spec.max_length_tokens) - longest)
        return longest + made[-1]

    monkeypatch.setattr(Spec, "width", width)
    found = gradients_of(body, tmp_path / "few")
    assert max(made) > 0
    assert found.keys() == expected.keys()
    assert max(item.abs().max() for item in expected.values()) > 1e-3
    for name, gradient in expected.items():
        assert (found[name] - gradient).abs().max() < 1e-6 * max(1, gradient.abs().max()), name


def test_a_width_holds_the_row_and_hardly_more_and_there_are_few():
    widths = [one_of_few(tokens, 100_000) for tokens in range(1, 513)]
    for tokens, width in enumerate(widths, start=1):
        assert tokens <= width < max(tokens + 4, 1.125 * tokens)
    assert sorted(widths) == widths
    assert len(set(widths)) == 40
    assert one_of_few(61, 62) == 62
    assert one_of_few(70, 62) == 70


def test_only_bf16_has_few_widths(tiny_model, tmp_path):
    path = tmp_path / "data.conll"
    path.write_text(DATA["ner"])
    trained = prepare(parse_any(f"task: ner\nmodel: {tiny_model}\ndata: {{train: {path}}}\n{TRAIN}")).trained
    assert trained.spec.width(13) == 13
    trained.precision = "bf16"
    assert trained.spec.width(13) == 16
    assert trained.spec.width(64) == 64
    assert trained.spec.width(5, most=6) == 6
