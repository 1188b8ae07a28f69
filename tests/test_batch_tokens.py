"""Batches of a number of tokens: what is in them, what a run makes of them, and that it resumes to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from ft_magics.errors import CellError
from ft_magics.runs.cells import parse_cell
from ft_magics.training.batches import BatchesOfTokens
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.token_batches import cut, drawn_batches
from hypothesis import given
from hypothesis import strategies as st

from runs import assert_same_end, finish


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=80),
    st.integers(8, 200),
    st.one_of(st.none(), st.integers(1, 9)),
    st.integers(0, 5),
)
def test_each_row_is_in_one_batch_and_each_batch_within_its_tokens(lengths, tokens, rows, seed):
    begins = cut(lengths, most_tokens=tokens, most_rows=rows)
    batches = drawn_batches(lengths, begins, seed=seed)
    assert len(batches) == len(begins) - 1
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[row] for row in batch)
        assert len(batch) == 1 or len(batch) * longest <= tokens
        assert rows is None or len(batch) <= rows
    assert max(lengths) == max(lengths[row] for row in batches[0])  # what does not fit is seen in the first step


def test_epochs_differ_and_padding_is_next_to_none():
    lengths = np.random.default_rng(1).integers(5, 60, 2000)
    begins = cut(lengths, most_tokens=1024)
    first, second = (drawn_batches(lengths, begins, seed=seed) for seed in (1, 2))
    assert [batch.tolist() for batch in first] != [batch.tolist() for batch in second]
    computed = sum(len(batch) * max(lengths[batch]) for batch in first)
    assert computed < 1.02 * lengths.sum()


class _Row:
    def __init__(self, tokens: int) -> None:
        self.tokens = tokens


def test_processes_have_equally_many_batches_and_repeated_ones_are_marked():
    rows = [_Row(10) for _ in range(5)]
    batches = BatchesOfTokens(rows, most_tokens=20, most_rows=8, seed=1, multiple=2)
    found = [batches[index] for index in range(len(batches))]
    assert [[item["repeated"] for item in batch] for batch in found] == [[False] * 2, [False] * 2, [False], [True] * 2]
    with pytest.raises(IndexError):
        batches[4]


@pytest.fixture
def made(cell):
    def make(train, **named):
        return prepare(parse_cell(cell(f"{train}, learning_rate: 1e-3", **named).partition("\n")[2], {}))

    return make


def test_a_run_that_breaks_has_the_same_batches_when_it_is_resumed(made, patch):
    train, extra = "epochs: 3, batch_tokens: 40", "save: {every: {steps: 2}}"
    prepared = made(train, extra=extra)
    lengths = [feature.tokens for feature in prepared.features["train"]]
    assert prepared.total_steps == 3 * (len(cut(lengths, most_tokens=40)) - 1) > 6
    assert any("a batch of 40 tokens" in why for why in prepared.chosen)
    whole = finish(start_run("whole", prepared))
    assert "batches of 40 tokens" in (whole.model_dir / "README.md").read_text(encoding="utf-8")
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == 5:
            raise KeyboardInterrupt
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", made(train, extra=extra))
    assert broken.wait(120)
    patch.setattr(RunCallback, "on_step_end", counted)
    assert_same_end(finish(resume_run("broken", made(train, extra=extra))), whole)


def test_with_rows_beside_tokens_no_batch_has_more(made):
    prepared = made("epochs: 1, batch_tokens: 4000, batch_size: 3")
    assert prepared.total_steps == -(-len(prepared.features["train"]) // 3)


def test_a_wrong_number_of_tokens_is_said():
    with pytest.raises(CellError, match="batch_tokens"):
        parse_cell("task: ner\nmodel: minilm\ndata: {train: a.conll}\ntrain: {batch_tokens: 0}\n", {})
