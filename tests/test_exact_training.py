"""Optimisers, schedules and what else `train:` changes of a step: as said, and resumed to the same bits."""

from __future__ import annotations

import math

import pytest
import torch
from ft_magics.config.optimizers import Optimizer, SgdSettings
from ft_magics.config.train import TrainConfig
from ft_magics.errors import CellError
from ft_magics.events import RunResumed, StepDone
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.training.callback import RunCallback
from ft_magics.training.fitting import fit_train
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.optimizers import Muon
from ft_magics.training.prepare import prepare
from ft_magics.training.tuned import add_loss_term

from method_trials import METHODS, body
from runs import assert_same_end, finish, weights_of

TRAIN = "epochs: 3, batch_size: 4, learning_rate: 5e-3, early_stopping: {patience: 3}"
SAVE = "save: {every: {steps: 2}}"
SETTINGS = {
    "adamw with settings": "optimizer: {adamw: {beta1: 0.8, beta2: 0.98, eps: 1e-6}}",
    "sgd": "optimizer: sgd",
    "nesterov": "optimizer: {sgd: {momentum: 0.5, nesterov: true}}",
    "adafactor": "optimizer: adafactor",
    "muon": "optimizer: muon",
    "restarts": "scheduler: {cosine: {cycles: 2}}",
    "constant": "scheduler: constant",
    "polynomial": "scheduler: {polynomial: {power: 3}}, warmup: 3",
    "one cycle": "scheduler: one_cycle",
    "ema": "ema: 0.9",
    "ema of a part": "ema: 0.9, optimizer: sgd",
    "dropout": "dropout: 0.3",
    "checkpointing": "activation_checkpointing: true, dropout: {hidden: 0.3}",
}
METHOD_OF = {"ema of a part": "{lora: {r: 4}}"}


class Died(BaseException):
    """Ends a training thread without the run's own clean-up of checkpoints."""


@pytest.fixture
def config(tiny_model, tmp_path):
    def make(settings, *, task="ner", method="full", train=TRAIN, **named):
        train = f"{train}, {settings}" if settings else train
        text = body(tmp_path, named.pop("model", tiny_model), task, method, train=train, save=SAVE, **named)
        return parse_cell(text, {})

    return make


def die_at(patch, step):
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == step:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)


def die(*_, **__):
    raise Died


def broken_and_whole(make, patch):
    """A run, and one that died on the way and was resumed."""
    whole = finish(start_run("whole", make()))
    with patch.context() as once:
        die_at(once, 5)
        assert start_run("broken", make()).wait(120)
    again = finish(resume_run("broken", make()))
    (resumed,) = (event for event in again.events if isinstance(event, RunResumed))
    assert resumed.step == 4
    return whole, again


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_that_dies_ends_as_if_it_had_not(config, patch, name):
    whole, again = broken_and_whole(lambda: prepare(config(SETTINGS[name], method=METHOD_OF.get(name, "full"))), patch)
    assert_same_end(again, whole)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "adafactor", "muon"])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_each_optimizer_trains_in_bf16_too(config, optimizer, method):
    settings = f"optimizer: {optimizer}"
    plan = prepare(config(settings, method=METHODS[method], train="max_steps: 3, batch_size: 4", precision="bf16"))
    before = {name: item.detach().clone() for name, item in plan.trained.model.named_parameters()}
    wanted = set(plan.trained.tuning.outline.trainable)
    run = finish(start_run("half", plan))
    assert all(math.isfinite(event.loss) for event in run.events if isinstance(event, StepDone))
    for name, item in plan.trained.model.named_parameters():
        assert torch.equal(item, before[name]) == (name not in wanted), name
        assert item.dtype == torch.float32


def rates_of(run):
    return [event.learning_rate for event in run.events if isinstance(event, StepDone)]


@pytest.mark.parametrize("warmup", ["0.25", "2"])
@pytest.mark.parametrize("scheduler", ["linear", "cosine", "constant", "polynomial", "one_cycle"])
def test_every_schedule_rises_over_its_warmup_in_steps_or_as_a_share(config, scheduler, warmup):
    train = "max_steps: 8, batch_size: 4, learning_rate: 1e-3"
    run = finish(start_run("rates", prepare(config(f"scheduler: {scheduler}, warmup: {warmup}", train=train))))
    rates = rates_of(run)
    assert len(rates) == 8
    assert rates[0] < rates[1] < rates[2]
    assert max(rates) == pytest.approx(1e-3, rel=0.1)
    if scheduler == "constant":
        assert rates[2:] == [1e-3] * 6
    else:
        assert rates[3:] == sorted(rates[3:], reverse=True)
        assert rates[-1] < 3e-4


def test_an_average_is_what_is_evaluated_and_kept(config, patch):
    """By hand: the decay is (1 + n) / (10 + n) at first, and the parameters are those after each step."""
    plan = prepare(config("ema: 0.3", train="max_steps: 5, batch_size: 4, learning_rate: 1e-2"))
    name, item = next((name, item) for name, item in plan.trained.model.named_parameters() if "query.weight" in name)
    expected, seen, after = item.detach().clone(), [], RunCallback.on_optimizer_step

    def note(self, args, state, control, **named):
        seen.append(item.detach().clone())
        after(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_optimizer_step", note)
    run = finish(start_run("mean", plan))
    for n, now in enumerate(seen):
        decay = min(0.3, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * now
    kept = weights_of(run)[name]
    assert torch.allclose(kept, expected, atol=1e-7)
    assert not torch.allclose(kept, seen[-1], atol=1e-5)
    assert plan.states_a_weight == 4
    assert prepare(config("")).states_a_weight == 3
    assert prepare(config("optimizer: {sgd: {momentum: 0.0}}", method="l2_sp")).states_a_weight == 2


def test_a_run_that_dies_after_its_last_step_is_evaluated_with_its_average(config, patch):
    train = "max_steps: 4, batch_size: 4, learning_rate: 1e-2"
    make = lambda: prepare(config("ema: 0.9", train=train))  # noqa: E731  # each run has a model of its own
    whole = finish(start_run("whole", make()))
    with patch.context() as once:
        once.setattr(RunCallback, "on_train_end", die)
        assert start_run("broken", make()).wait(120)
    assert_same_end(finish(resume_run("broken", make())), whole)


def test_a_run_with_an_average_and_without_its_file_says_so(config, patch):
    make = lambda: prepare(config("ema: 0.9"))  # noqa: E731  # each run has a model of its own
    with patch.context() as once:
        die_at(once, 5)
        broken = start_run("broken", make())
        assert broken.wait(120)
    (kept,) = (broken.dir / "checkpoints").glob("*/averages.safetensors")
    kept.write_bytes(b"none")
    run = resume_run("broken", make())
    assert run.wait(120)
    assert "averages.safetensors is no safetensors file" in str(run.exception)
    assert f"Remove the folder {kept.parent}" in str(run.exception)


@pytest.mark.parametrize("split", ["batch_size: 8", "batch_size: 2, gradient_accumulation: 4"])
def test_l2_sp_pulls_to_the_start_and_the_head_to_0_once_a_step(config, patch, split):
    """With weights far from their start the gradient is alpha (w - w0), and beta w for the head."""
    train = f"max_steps: 2, learning_rate: 1e-3, warmup: 0, {split}"
    plan = prepare(config("", method="{l2_sp: {alpha: 0.5, beta: 0.25}}", train=train))
    model, added = plan.trained.model, []
    start = {name: item.detach().clone() for name, item in model.named_parameters()}

    def noted(trained):
        before = {name: item.grad.clone() for name, item in model.named_parameters()}
        add_loss_term(trained)
        for name, item in model.named_parameters():
            pull = 0.25 * item if name.startswith("classifier") else 0.5 * (item - start[name])
            assert torch.allclose(item.grad - before[name], pull.detach(), atol=1e-6), name
        added.append(max(float((item - start[name]).abs().max()) for name, item in model.named_parameters()))

    patch.setattr("ft_magics.training.worker.add_loss_term", noted)
    finish(start_run("pulled", plan))
    assert len(added) == 2
    assert added[0] == 0 < added[1]
    groups = plan.trained.tuning.groups(model, learning_rate=1.0, weight_decay=0.1)
    assert {group["weight_decay"] for group in groups} == {0.0}


@pytest.mark.parametrize("task", ["ner", "classify"])
def test_label_smoothing_is_exact_however_a_batch_is_split(config, task):
    plain, smooth = (prepare(config(text, task=task)) for text in ("", "label_smoothing: 0.3"))
    assert smooth.config.settings.label_smoothing == 0.3  # wherever the cell says it
    trained = smooth.trained
    features = list(smooth.features["train"])[:7]
    logits = torch.randn(7, 40, len(trained.task.head().labels), generator=torch.Generator().manual_seed(1))

    def loss(of, rows, count=None):
        labels = of.task.collate([features[at] for at in rows], of.spec)["labels"]
        found = logits[rows] if task == "ner" else logits[rows, 0]
        return of.task.loss({"logits": found[:, : labels.shape[1]] if task == "ner" else found}, labels, count)

    every = list(range(7))
    labels = trained.task.collate(features, trained.spec)["labels"]
    count = (labels != -100).sum()
    parts = sum(loss(trained, rows, count) for rows in (every[:1], every[1:5], every[5:]))
    assert parts == pytest.approx(float(loss(trained, every)), abs=1e-6)
    flat = logits[:, : labels.shape[1]].flatten(0, 1) if task == "ner" else logits[:, 0]
    shares = flat.log_softmax(-1)[labels.flatten() != -100]
    even = -float(shares.mean())
    assert float(loss(trained, every)) == pytest.approx(0.7 * float(loss(plain.trained, every)) + 0.3 * even, abs=1e-5)


WRONG = {
    "optimizer: adamm": ("train.optimizer", "Did you mean `adamw`?"),
    "optim: adamw_torch": ("train.optim", "Did you mean `adamw`?"),
    "optimizer: {sdg: {momentum: 0.9}}": ("train.optimizer.sdg", "Did you mean `sgd`?"),
    "optimizer: {sgd: {momentun: 0.9}}": ("train.optimizer.sgd.momentun", "Did you mean `momentum`?"),
    "optimizer: {sgd: {momentum: 1}}": ("train.optimizer.sgd.momentum", "less than 1"),
    "optimizer: {sgd: {momentum: 0, nesterov: true}}": ("train.optimizer.sgd", "take one of them out"),
    "optimizer: {sgd: {momentum: 0.9}, adamw: {}}": ("train.optimizer", "expected one of adamw, sgd"),
    "optimizer: 3": ("train.optimizer", "found the number 3"),
    "scheduler: {polynomial: {power: 0}}": ("train.scheduler.polynomial.power", "greater than 0"),
    "scheduler: onecycle": ("train.scheduler", "Did you mean `one_cycle`?"),
    "scheduler: {linear: {power: 2}}": ("train.scheduler.linear.power", "unknown key"),
    "dropout: 1": ("train.dropout", "less than 1"),
    "dropout: 0.1 %": ("train.dropout", "found the text `0.1 %`"),
    "dropout: {hiden: 0.1}": ("train.dropout.hiden", "Did you mean `hidden`?"),
    "ema: 1": ("train.ema", "less than 1"),
    "ema: true": ("train.ema", "found the truth value true"),
    "activation_checkpointing: yes": ("train.activation_checkpointing", "found the text `yes`"),
    "label_smoothing: 2": ("train.label_smoothing", "less than 1"),
    "label_smoothing_factor: 0.1": ("train.label_smoothing_factor", "it is `label_smoothing: 0.1` here"),
}


@pytest.mark.parametrize("settings", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(config, settings):
    where, said = WRONG[settings]
    with pytest.raises(CellError) as caught:
        config(settings, train="epochs: 1")
    (problem,) = caught.value.problems
    assert problem.where == where
    assert said in problem.text
    assert "\n" not in problem.text
    assert problem.line == 6


@pytest.mark.parametrize("method", ["head", "bitfit", "{prompt: {length: 3}}"])
def test_muon_is_refused_where_no_matrix_is_trained(config, patch, method):
    patch.setattr("ft_magics.models.weight_files.Weights.tensors", None)
    with pytest.raises(CellError, match=r"train.optimizer: `muon` is for the matrices of layers"):
        prepare(config("optimizer: muon", method=method))


def test_muon_takes_the_matrices_of_layers_and_adamw_the_rest(config):
    plan = prepare(config("optimizer: muon"))
    tuning, model = plan.trained.tuning, plan.trained.model
    matrices = tuning.layer_matrices(model)
    names = {name for name, item in model.named_parameters() if id(item) in matrices}
    assert "bert.encoder.layer.1.output.dense.weight" in names
    assert not any("embeddings" in name or "classifier" in name or "LayerNorm" in name for name in names)
    groups = tuning.groups(model, learning_rate=1e-2, weight_decay=0.1)
    optimizer = Muon(groups, matrices=matrices, lr=1e-2, momentum=0.9)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(model.parameters()))
    before = {name: item.detach().clone() for name, item in model.named_parameters()}
    for item in model.parameters():
        item.grad = torch.randn(item.shape, generator=torch.Generator().manual_seed(item.numel()))
    optimizer.step()
    for name, item in model.named_parameters():
        assert set(optimizer.state[item]) == (
            {"momentum_buffer"} if name in names else {"step", "exp_avg", "exp_avg_sq"}
        )
        step = (item - before[name]).detach() / 1e-2
        assert 0.1 < float(step.square().mean().sqrt()) < 1.5, name  # as long as AdamW's, whoever does it


def test_settings_come_back_from_their_plain_form(config):
    for text in (*SETTINGS.values(), "dropout: {hidden: 0.1, classifier: 0}", "optimizer: {sgd: {}}"):
        there = config(text)
        assert config_of(there.to_plain()).to_plain() == there.to_plain()
    assert config("optimizer: {sgd: {}}").train.optimizer == "sgd"
    assert config("").to_plain()["train"]["optimizer"] == "adamw"


def fit(**given):
    return fit_train(TrainConfig(**given), parameters=10_700_000, rows=2000, dev=True)


def test_sgd_gets_a_rate_and_a_weight_decay_of_its_own():
    adamw, sgd = fit(), fit(optimizer="sgd")
    assert 0.01 <= sgd.train.learning_rate <= 0.1
    assert adamw.train.learning_rate < 1e-3
    assert (adamw.train.weight_decay, sgd.train.weight_decay) == (0.01, 5e-6)
    assert any("weight_decay 5e-06" in text for text in sgd.why)
    plain = fit(optimizer=Optimizer(sgd=SgdSettings(momentum=0.0))).train
    assert plain.learning_rate == pytest.approx(10 * sgd.train.learning_rate, rel=0.1)
    for name in ("adafactor", "muon"):
        assert fit(optimizer=name).train.learning_rate == adamw.train.learning_rate
    assert fit(optimizer="sgd", weight_decay=0.1).train.weight_decay == 0.1


def test_a_rate_of_adamws_size_is_said_to_be_too_low_for_sgd(config):
    assert fit(optimizer="sgd", learning_rate=2e-4).warnings == (
        "train: `learning_rate: 0.0002` is of AdamW's size; with SGD about 0.04 learns as fast",
    )
    assert not fit(optimizer="sgd", learning_rate=0.02).warnings
    assert not fit(learning_rate=1e-7).warnings
    plan = prepare(config("optimizer: sgd", train="max_steps: 3, batch_size: 4, learning_rate: 1e-5"))
    assert any("of AdamW's size" in text for text in plan.check.warnings)
