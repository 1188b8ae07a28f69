"""The script of a run gives the run's weights to the bit, whatever its method; and says when it cannot be written."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from ft_magics.errors import MethodError
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.script import script_of
from ft_magics.tuning import bitfit, plain_python
from ft_magics.tuning.plain import call
from safetensors.torch import load_file

from architectures import make_tiny
from method_trials import METHODS, body
from runs import finish, weights_of
from test_plain_script import WITHOUT_US, assert_same, parsed

TRAIN = "cache_frozen: false, epochs: 3, batch_size: 4, learning_rate: 5e-3, threads: 1, weight_decay: 0.1, gradient_accumulation: 2"
MORE = {
    "lora + freeze": "[{lora: {r: 4, targets: attention}}, {freeze: {names: '*.query.*', layers: 0}}]",
    "lora + head frozen": "[{lora: {r: 4}}, {freeze: {names: 'classifier.*'}}]",
    "dora + rates": "[{dora: {r: 4, dropout: 0.1}}, {rates: {layer_decay: 0.5, head: 2e-3}}]",
    "prompt + rates": "[{prompt: {length: 3}}, {rates: {head: 2e-3}}]",
    "adapter + gradual": "[{adapter: {reduction: 4}}, {gradual: {share: 1.0}}]",
}


@pytest.fixture
def both(tiny_model, tmp_path, capsys):
    """A finished run, what its script prints, and the weights that it writes."""

    def made(method, task, *, alone=False, model=tiny_model, save="", train=TRAIN):
        config = parse_cell(body(tmp_path, model, task, method, train=train, save=save), {})
        script = script_of("small", prepare(config), threads=1)
        run = finish(start_run("small", prepare(config)))
        Path("small.py").write_text(script.text, encoding="utf-8")
        capsys.readouterr()
        threads = torch.get_num_threads()
        try:
            if alone:
                command = [sys.executable, "-c", WITHOUT_US, "small.py"]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr[-3000:]
                printed = done.stdout
            else:
                runpy.run_path("small.py", run_name="__main__")  # imports take longer than these trainings
                printed = capsys.readouterr().out
        finally:
            torch.set_num_threads(threads)
        (path,) = Path("small_plain").glob("*.safetensors")
        return run, printed, load_file(path)

    return made


def assert_same_weights(run, written):
    """What the run keeps is what the script has, by the same names, to the bit."""
    kept = weights_of(run)
    assert kept
    for name, tensor in kept.items():
        if tensor.shape == written[name].shape:
            assert torch.equal(tensor, written[name]), name
        else:  # plain peft leaves out the ranks that AdaLoRA has taken away
            axis = 1 if "lora_B" in name else 0
            assert len(written[name].unique()) <= len(tensor.unique())
            assert written[name].shape[axis] < tensor.shape[axis]


@pytest.mark.parametrize("name", [*METHODS, *MORE])
def test_the_script_of_every_method_gives_the_runs_weights(both, name):
    run, printed, written = both({**METHODS, **MORE}[name], "ner")
    assert_same_weights(run, written)
    assert_same(run, parsed(printed))


@pytest.mark.parametrize("name", ["lora", "prefix"])
def test_the_script_needs_nothing_of_ours(both, name):
    run, printed, written = both(METHODS[name], "classify", alone=True)
    assert_same_weights(run, written)
    assert_same(run, parsed(printed))
    text = Path("small.py").read_text()
    assert "get_peft_model(model, config)" in text
    assert "It needs accelerate, pandas, peft, torch, transformers." in " ".join(text.split())


@pytest.mark.parametrize(("architecture", "name"), [("roberta", "lora"), ("modernbert", "p_tuning"), ("albert", "ia3")])
def test_other_architectures_have_scripts_too(both, tmp_path, architecture, name):
    run, _, written = both(METHODS[name], "classify", model=make_tiny(tmp_path / architecture, architecture))
    assert_same_weights(run, written)


@pytest.mark.parametrize("name", ["head", "lora + freeze"])
def test_the_script_has_no_dropout_in_what_the_run_computes_once(both, name):
    run, printed, written = both({**METHODS, **MORE}[name], "ner", train=TRAIN.replace("false", "true"))
    for key, tensor in weights_of(run).items():
        assert torch.allclose(tensor, written[key], atol=1e-5), key
    assert_same(run, parsed(printed))
    assert "computed in each step here, and once there" in " ".join(Path("small.py").read_text().split())


def test_a_merged_run_is_merged_by_its_script(both):
    run, printed, written = both("{dora: {r: 4}}", "classify", save="save: {merge: true}")
    kept = weights_of(run)
    assert kept.keys() == written.keys()
    assert all(torch.allclose(kept[name], written[name], atol=1e-6) for name in kept)
    assert_same(run, parsed(printed))


@pytest.mark.parametrize("name", list(METHODS))
def test_the_scripts_groups_are_the_runs(tiny_model, tmp_path, name):
    prepared = prepare(parse_cell(body(tmp_path, tiny_model, "ner", METHODS[name]), {}))
    tuning, model = prepared.trained.tuning, prepared.trained.model
    parts = tuning.plain_parts(total_steps=3, learning_rate=1e-2)
    before = "".join(part.before for part in parts)
    rates = [(begin.removeprefix(before), rate) for part in parts for begin, rate in part.rates]
    ours, theirs = (
        {id(item): (group["lr"], group["weight_decay"]) for group in groups for item in group["params"]}
        for groups in (
            tuning.groups(model, learning_rate=1e-2, weight_decay=0.1),
            plain_python.parameter_groups(model, 1e-2, 0.1, rates, [part for each in parts for part in each.undecayed]),
        )
    )
    assert ours == theirs


def test_a_method_without_plain_python_is_refused_in_a_sentence(tiny_model, tmp_path, monkeypatch):
    monkeypatch.delattr(bitfit.BitFit, "plain")
    prepared = prepare(parse_cell(body(tmp_path, tiny_model, "ner", "bitfit"), {}))
    with pytest.raises(MethodError, match="`method: bitfit` does not say how it is written in plain Python"):
        script_of("small", prepared)


def test_a_call_is_written_as_people_write_it():
    assert call("F", r=8, names=["a"], one=("x",)) == ['F(r=8, names=["a"], one=("x",))']
    long = call("F", names=[f"module.{at}.of.a.long.name" for at in range(5)])
    assert long[:3] == ["F(", "    names=[", '        "module.0.of.a.long.name",']
    compile("\n".join(long), "call", "eval")
