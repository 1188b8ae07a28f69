"""A second run on the same examples takes the features of the first, and one on others does not."""

from __future__ import annotations

import pytest
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.prepare import prepare


@pytest.fixture
def encoded(cell, monkeypatch):
    """Prepares runs, and says how many examples were encoded for each."""
    counted = []
    encode = NerTask.encode

    def count(self, examples, spec):
        counted.append(len(examples))
        return encode(self, examples, spec)

    monkeypatch.setattr(NerTask, "encode", count)

    def make(train="max_steps: 1"):
        counted.clear()
        prepared = prepare(parse_cell(cell(train).partition("\n")[2], {}))
        return prepared, sum(counted)

    return make


def test_equal_examples_are_encoded_once(encoded, conll):
    first, count = encoded()
    assert count == len(first.corpus.train.examples)  # dev and test are the same file
    again, count = encoded("max_steps: 1, learning_rate: 1e-3")
    assert count == 0
    assert again.features == first.features
    assert again.fingerprint == first.fingerprint
    _, count = encoded("max_steps: 1, max_length_tokens: 8")
    assert count > 0
    conll.write_text(conll.read_text(encoding="utf-8").replace("Ada", "Eve", 1), encoding="utf-8")
    changed, count = encoded()
    assert count == len(changed.corpus.train.examples)
