"""Dropout that is drawn fast: as random as torch's, the same again from the same state, and nobody else's."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
import torch
from ft_magics.models.fast_dropout import fast_dropout
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.folder import RunFolder
from ft_magics.training.fitting import keep_chosen
from torch.nn import functional

SHARE = 0.1
HARDLY = 2e-5  # the least share that is ours: of a few thousand numbers likely none


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_so_many_are_dropped_and_the_others_as_much_larger(share, dtype):
    with fast_dropout():
        found = functional.dropout(torch.ones(400, 500, dtype=dtype), share)
    kept = found != 0
    assert kept.float().mean() == pytest.approx(1 - share, abs=5 * (share * (1 - share) / 200_000) ** 0.5)
    scale = torch.tensor(1 / (1 - share), dtype=dtype)
    torch.testing.assert_close(
        found[kept], scale.expand(int(kept.sum())), rtol=2e-4 if dtype != torch.bfloat16 else 0.01, atol=0
    )


def test_neighbours_rows_and_calls_have_nothing_to_do_with_each_other():
    with fast_dropout():
        drawn = [functional.dropout(torch.ones(300, 301), 0.5).ne(0).double() for _ in range(3)]
    pairs = [(drawn[0], drawn[1]), (drawn[1], drawn[2])]
    pairs += [(drawn[0][:, :-lag], drawn[0][:, lag:]) for lag in (1, 2, 3, 4, 8)] + [(drawn[0][:-1], drawn[0][1:])]
    for one, other in pairs:
        both = torch.stack((one.flatten(), other.flatten()))
        assert abs(float(torch.corrcoef(both)[0, 1])) < 5 / one.numel() ** 0.5


def test_a_gradient_goes_where_the_values_went():
    values = torch.randn(7, 11, requires_grad=True)
    with fast_dropout():
        found = functional.dropout(values, 0.5)
    gradient = torch.randn(7, 11)
    found.backward(gradient)
    torch.testing.assert_close(values.grad, torch.where(found == 0, 0.0, gradient * 2))


def test_the_same_state_gives_the_same_and_the_next_another():
    values = torch.randn(40, 50)
    with fast_dropout():
        state = torch.get_rng_state()
        first, second = functional.dropout(values, SHARE), functional.dropout(values, SHARE)
        torch.set_rng_state(state)
        again = functional.dropout(values, SHARE)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("size", range(1, 10))
def test_any_number_of_values(size):
    with fast_dropout():
        assert functional.dropout(torch.ones(size), 0.5).shape == (size,)
    with fast_dropout():
        assert functional.dropout(torch.ones(0, size), 0.5).shape == (0, size)


def test_values_in_another_order_of_memory():
    values = torch.randn(20, 30).t()
    with fast_dropout():
        found = functional.dropout(values, 0.5)
    assert torch.equal(found, torch.where(found == 0, 0.0, values * 2))


def test_what_is_infinite_is_not_hidden():
    with fast_dropout():
        found = functional.dropout(torch.full((1000,), torch.inf), 0.5)
    assert found.isnan().any()  # as with torch's
    assert found.isinf().any()


@pytest.mark.parametrize("arguments", [{"training": False}, {"p": 0.0}, {"p": 1.0}, {"inplace": True}])
def test_torch_does_what_is_not_drawn_here(arguments):
    values = torch.randn(20, 30)
    torch.manual_seed(5)
    expected = functional.dropout(values.clone(), **arguments)
    torch.manual_seed(5)
    with fast_dropout():
        assert torch.equal(functional.dropout(values.clone(), **arguments), expected)


def test_torch_is_put_back_after_an_error_too():
    before = functional.dropout, functional.scaled_dot_product_attention
    with pytest.raises(RuntimeError, match="stop"), fast_dropout(), fast_dropout():
        raise RuntimeError("stop")
    assert (functional.dropout, functional.scaled_dot_product_attention) == before


def test_another_thread_draws_as_torch_does():
    found = {}
    torch.manual_seed(5)
    expected = functional.dropout(torch.ones(50), 0.5)

    def elsewhere():
        torch.manual_seed(5)
        found["elsewhere"] = functional.dropout(torch.ones(50), 0.5)

    with fast_dropout():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert torch.equal(found["elsewhere"], expected)


def test_blocks_of_two_threads_may_end_in_any_order():
    before = functional.dropout
    entered, leave = threading.Event(), threading.Event()

    def other():
        with fast_dropout():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with fast_dropout():
        thread.start()
        entered.wait(10)
    leave.set()
    thread.join()
    assert functional.dropout is before


def test_without_numpys_own_generator():
    state = np.random.get_state()[1].tolist()  # noqa: NPY002  # the old one is what users seed
    with fast_dropout():
        functional.dropout(torch.ones(10), 0.5)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002  # the same


NEVER = -torch.inf
MASKS = {
    "none": {},
    "which": {"attn_mask": torch.tensor([1, 1, 1, 1, 0, 0], dtype=torch.bool).view(1, 1, 1, 6)},
    "added": {"attn_mask": torch.linspace(-2, 2, 30).view(1, 1, 5, 6)},
    "a row that sees nothing": {"attn_mask": torch.ones(5, 6, dtype=torch.bool).index_fill(0, torch.tensor(2), False)},
    "the same, added": {"attn_mask": torch.zeros(5, 6).index_fill(0, torch.tensor(2), NEVER)},
    "some, added": {"attn_mask": torch.zeros(5, 6).index_fill(1, torch.tensor([0, 3]), NEVER)},
    "causal": {"is_causal": True},
    "scale": {"scale": 0.7},
}


@pytest.mark.parametrize(("mask", "groups"), itertools.product(MASKS, [1, 2]))
def test_attention_is_torchs_but_for_what_is_dropped(mask, groups):
    query = torch.randn(2, 4, 5, 8, requires_grad=True)
    key, value = (torch.randn(2, 4 // groups, 6, 8, requires_grad=True) for _ in range(2))
    given = MASKS[mask] | {"enable_gqa": groups > 1}
    expected = functional.scaled_dot_product_attention(query, key, value, **given)
    gradients = torch.autograd.grad(expected.sum(), (query, key, value))
    with fast_dropout():
        found = functional.scaled_dot_product_attention(query, key, value, dropout_p=HARDLY, **given)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    for one, other in zip(torch.autograd.grad(found.sum(), (query, key, value)), gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_attention_in_groups_of_its_own_for_keys_and_values():
    query, key, value = (torch.randn(1, heads, 5, 8) for heads in (4, 4, 2))
    expected = functional.scaled_dot_product_attention(query, key, value, enable_gqa=True)
    with fast_dropout():
        found = functional.scaled_dot_product_attention(query, key, value, dropout_p=HARDLY, enable_gqa=True)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_what_torch_refuses_is_refused():
    given = [torch.randn(1, 1, 5, 8) for _ in range(3)]
    mask = torch.ones(5, 5, dtype=torch.bool)
    with fast_dropout():
        for wrong in ({"attn_mask": mask, "is_causal": True}, {"attn_mask": mask.long()}):
            with pytest.raises(RuntimeError):
                functional.scaled_dot_product_attention(*given, dropout_p=0.5, **wrong)
        with pytest.raises(ValueError, match="dropout probability"):
            functional.dropout(given[0], 1.5)


def test_transforms_of_functions_and_shares_in_tensors_are_torchs():
    def total(values):
        return functional.dropout(values, 0.5).sum()

    with fast_dropout():
        assert torch.func.grad(total)(torch.ones(5)).shape == (5,)
        assert functional.dropout(torch.ones(5), torch.tensor(0.5)).shape == (5,)


def test_what_another_put_in_the_place_of_torchs_stays_there(monkeypatch):
    def another(*_, **__):
        return None

    with fast_dropout():
        monkeypatch.setattr(functional, "dropout", another)
    assert functional.dropout is another


def test_attention_drops_shares():
    query = key = torch.zeros(1, 1, 100, 8)  # all attend to all alike
    with fast_dropout():
        found = functional.scaled_dot_product_attention(query, key, torch.eye(100)[None, None], dropout_p=0.5)
    assert found.eq(0).double().mean() == pytest.approx(0.5, abs=0.03)
    torch.testing.assert_close(found[found != 0].unique(), torch.tensor([0.02]))


@pytest.mark.parametrize("share", [0.0, HARDLY])
def test_attention_in_bf16_is_near_that_in_fp32(share):
    given = [(3 * torch.randn(2, 4, 30, 16)).bfloat16().float().requires_grad_() for _ in range(3)]
    expected = functional.scaled_dot_product_attention(*given, is_causal=True)
    gradients = torch.autograd.grad(expected.square().sum(), given)
    with fast_dropout(), torch.autocast("cpu", torch.bfloat16):
        halves = [item.bfloat16() for item in given]
        found = functional.scaled_dot_product_attention(*halves, dropout_p=share, is_causal=True)
    assert found.dtype == torch.bfloat16
    theirs = functional.scaled_dot_product_attention(*halves, is_causal=True)
    found_gradients = torch.autograd.grad(found.float().square().sum(), given, retain_graph=True)
    their_gradients = torch.autograd.grad(theirs.float().square().sum(), given)
    for ours, torchs, exact in zip(
        (found, *found_gradients), (theirs, *their_gradients), (expected, *gradients), strict=True
    ):
        assert (ours.float() - exact).norm() <= 1.5 * (torchs.float() - exact).norm()


def test_a_step_that_computes_its_layers_again_drops_the_same():
    layer = torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.Dropout(0.5), torch.nn.Linear(6, 1))
    inputs = torch.randn(9, 6)
    gradients = []
    with fast_dropout():
        for again in (False, True):
            torch.manual_seed(1)
            layer.zero_grad()
            run = torch.utils.checkpoint.checkpoint(layer, inputs, use_reentrant=False) if again else layer(inputs)
            run.sum().backward()
            gradients.append([item.grad.clone() for item in layer.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


CELL = "task: classify\nmodel: ft-tiny\ndata: {train: demo:en/intents_train.csv}\n"


@pytest.mark.parametrize("train", [{"seed": 3}, {"seed": 3, "early_stopping": {"patience": 2}}])
def test_a_run_of_a_version_without_drew_as_torch_does(tmp_path, train):
    folder = RunFolder(tmp_path)
    folder.write_config({"task": "classify", "train": train})
    assert folder.read_config() == {"task": "classify", "train": train | {"fast_dropout": False}}
    folder.write_config({"task": "classify", "train": train | {"fast_dropout": True}})
    assert folder.read_config()["train"]["fast_dropout"] is True


def test_it_is_resumed_without_unless_the_cell_says_other():
    before = parse_cell(f"{CELL}train: {{fast_dropout: false}}", {})
    assert keep_chosen(parse_cell(CELL, {}), before).train.fast_dropout is False
    assert keep_chosen(parse_cell(f"{CELL}train: {{fast_dropout: true}}", {}), before).train.fast_dropout is True
