"""Training on the embedding rows that train uses gives the weights of a plain training, to the bit on a CPU."""

from __future__ import annotations

import pytest
import torch
from ft_magics.display.dry_run_page import dry_run_sections
from ft_magics.display.run_page import run_html
from ft_magics.display.run_summary import Known
from ft_magics.errors import CellError, RunError, TrainingError
from ft_magics.events import RunResumed, RunStarted
from ft_magics.models.compact_embedding import CompactEmbedding
from ft_magics.runs.cells import PRETRAIN, parse_cell
from ft_magics.training import vocabulary
from ft_magics.training.callback import RunCallback
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.memory_need import measure_need
from ft_magics.training.prepare import prepare
from safetensors.torch import load_file

from conftest import CONLL, make_tiny_bert
from runs import assert_same_end, finish, weights_of

ROWS, USED = 20_000, 26
TRAIN = (
    "max_steps: 14, batch_size: 4, gradient_accumulation: 2, learning_rate: 1e-2, weight_decay: 0.5, "
    "max_grad_norm: 0.3, warmup: 3, early_stopping: false, threads: 1"
)
EMBEDDING = "bert.embeddings.word_embeddings.weight"


class Died(BaseException):
    """Ends a training thread without the run's own clean-up of checkpoints."""


@pytest.fixture(scope="module")
def wide_model(tmp_path_factory):
    """A BERT of two layers and 16 dimensions, with 20,000 rows in its embedding."""
    from transformers import BertConfig, BertModel

    folder = make_tiny_bert(tmp_path_factory.mktemp("wide_bert"))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=ROWS, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture
def config(wide_model, tmp_path):
    """The config of a run whose dev and test have letters that train lacks."""
    train, other = tmp_path / "train.conll", tmp_path / "other.conll"
    train.write_text(CONLL * 8, encoding="utf-8")
    other.write_text(CONLL.replace("a", "z").replace("o", "7") * 2, encoding="utf-8")

    def make(settings="", *, method="full", dev=True):
        held_out = f"dev: {other}, test: {other}" if dev else f"test: {other}"
        return parse_cell(
            f"task: ner\nmodel: {wide_model}\ndata: {{train: {train}, {held_out}}}\nmethod: {method}\n"
            f"train: {{{TRAIN}{settings and ', '}{settings}}}\nsave: {{every: {{steps: 5}}}}\n"
            + ("eval: {every: {steps: 4}}\n" if dev else ""),
            {},
        )

    return make


def die_at(patch, step):
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == step:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)


@pytest.mark.parametrize(
    ("settings", "method", "dev"),
    [
        ("", "full", True),
        ("optimizer: muon, scheduler: cosine", "full", False),
        ("", "{rates: {layer_decay: 0.8}}", False),
    ],
)
def test_it_ends_as_a_plain_training_does(config, wide_model, settings, method, dev):
    """Every loss, norm, score and weight: with clipping, warmup, decay, and held-out data that use other rows."""
    runs = {}
    for switch in ("auto", "false"):
        every = f"{settings}{settings and ', '}compact_vocabulary: {switch}"
        runs[switch] = finish(start_run(f"run_{switch}", prepare(config(every, method=method, dev=dev))))
    (started,) = (event for event in runs["auto"].events if isinstance(event, RunStarted))
    assert started.embedding_rows == [USED, ROWS]
    assert_same_end(runs["auto"], runs["false"])
    before = load_file(wide_model / "model.safetensors")[EMBEDDING.removeprefix("bert.")]
    others = (weights_of(runs["auto"])[EMBEDDING] / before)[1000:]
    moved = others.nanmean().item()
    assert moved < 1 - 1e-3
    assert others.sub(moved).abs().nanmean() < 1e-6


def test_a_run_that_breaks_ends_the_same_and_as_a_plain_one(config, patch):
    """Its embedding is frozen for some steps, in which nothing decays."""
    method = "gradual"
    whole = finish(start_run("whole", prepare(config(method=method))))
    assert_same_end(whole, finish(start_run("plain", prepare(config("compact_vocabulary: false", method=method)))))
    with patch.context() as once:
        die_at(once, 12)
        assert start_run("broken", prepare(config(method=method))).wait(120)
    newest = Checkpoints(whole.dir.parent / "broken" / "checkpoints").newest()
    assert load_file(newest / "model.safetensors")[EMBEDDING].shape[0] == ROWS  # a plain model
    again = finish(resume_run("broken", prepare(config(method=method))))
    assert [event.step for event in again.events if isinstance(event, RunResumed)] == [10]
    assert_same_end(again, whole)


def test_a_run_that_was_begun_with_all_rows_is_resumed_with_all_rows(config, patch):
    whole = finish(start_run("whole", prepare(config())))
    with patch.context() as once:
        once.setattr(vocabulary, "_FEWEST_ROWS", ROWS + 1)  # as before there was such a thing
        die_at(once, 8)
        assert start_run("broken", prepare(config())).wait(120)
    state = whole.dir.parent / "broken" / "checkpoints" / "checkpoint-5" / "run_state.json"
    state.write_text(state.read_text().replace(',"trained_rows":null', ""))
    again = finish(resume_run("broken", prepare(config())))
    moments = torch.load(again.dir / "checkpoints" / "checkpoint-10" / "optimizer.pt")["state"]
    assert max(len(item["exp_avg"]) for item in moments.values()) == ROWS
    assert_same_end(again, whole)


def test_other_rows_than_those_of_the_checkpoint_are_refused(config):
    prepared = prepare(config())
    assert prepared.as_begun(USED, frozen_once=False) is prepared
    with pytest.raises(RunError, match="25 rows of the embedding were trained up to the checkpoint, and now 26 would"):
        prepared.as_begun(25, frozen_once=False)


@pytest.mark.parametrize(
    ("settings", "method", "reason"),
    [
        ("ema: 0.9", "full", "`ema` averages all of them"),
        ("optimizer: adafactor", "full", "`adafactor` looks at all rows"),
        ("optimizer: sgd", "full", "`sgd` has a decay that gathers momentum"),
        ("", "{l2_sp: {alpha: 0.1}}", "its method looks at all of them"),
        ("", "lora", ""),
        ("", "{freeze: {layers: 0}}", ""),
    ],
)
def test_where_the_weights_would_be_others_all_rows_are_trained(config, settings, method, reason):
    assert prepare(config(settings, method=method)).vocabulary is None
    asked = config(f"{settings}{settings and ', '}compact_vocabulary: true", method=method)
    if not reason:  # no row is trained
        assert prepare(asked).vocabulary is None
        return
    with pytest.raises(CellError, match="train.compact_vocabulary: this run trains all rows") as caught:
        prepare(asked)
    assert reason in str(caught.value)


def test_a_head_over_the_vocabulary_keeps_all_rows(wide_model, tmp_path):
    (tmp_path / "text.txt").write_text("a cat sat on a mat\n" * 20)
    body = f"objective: mlm\nmodel: {wide_model}\ndata: {{train: {tmp_path / 'text.txt'}}}\ntrain: {{max_steps: 1}}\n"
    assert prepare(parse_cell(body, {}, kind=PRETRAIN)).vocabulary is None


def test_few_rows_are_all_trained_unless_the_cell_says_so(prepared):
    assert prepared().vocabulary is None
    run = finish(start_run("asked", prepared("max_steps: 3, batch_size: 4, compact_vocabulary: true")))
    assert_same_end(run, finish(start_run("plain", prepared())))


def test_what_is_said(config):
    prepared = prepare(config())
    with prepared.as_trained():
        less = measure_need(prepared.trained, prepared.features["train"])
    more = measure_need(prepared.trained, prepared.features["train"])
    saved = 3 * (ROWS - USED) * 16 * 4
    assert more.optimizer_bytes - less.optimizer_bytes == saved
    (plan, *_) = dry_run_sections(prepared)
    assert "Trains on 26 of 20,000 embedding rows; the others only decay" in plan.lines
    run = finish(start_run("small", prepared))
    page = run_html(run.events, run.status, name=run.name, known=Known())
    assert "26 of 20,000" in page
    assert "embedding rows trained" in page


def test_the_embedding_alone():
    torch.manual_seed(0)
    embedding = torch.nn.Embedding(12, 3, padding_idx=1)
    plain, rows = embedding.weight, torch.tensor([1, 4, 9])
    before = plain.detach().clone()
    compact = CompactEmbedding(embedding, rows)
    with compact.compact():
        assert embedding.weight is compact.weight
        assert compact.weight.shape == (3, 3)
        assert torch.equal(embedding(torch.tensor([[9, 1]])), before[torch.tensor([[9, 1]])])
        with pytest.raises(IndexError):
            embedding(torch.tensor([2]))
        embedding(torch.tensor([1, 4])).sum().backward()
        assert compact.weight.grad.tolist() == [[0] * 3, [1] * 3, [0] * 3]  # none of padding
        compact.weight.data += 1
        compact.decay(0.25)
        with compact.whole(), torch.no_grad():
            assert embedding.weight is plain
            assert torch.equal(embedding(torch.tensor([2, 4])), torch.stack([0.75 * before[2], before[4] + 1]))
            plain[9] = 7.0
        assert compact.weight[2].tolist() == [7.0] * 3
        assert embedding.state_dict().keys() == {"weight"}
    assert embedding.weight is plain
    assert embedding.padding_idx == 1
    assert not list(embedding.buffers())
    with compact.whole():
        assert torch.equal(embedding(torch.tensor([3])), 0.75 * before[[3]])
    with pytest.raises(TrainingError, match="row 2 of the embedding"):
        vocabulary.check_ids(compact, {"input_ids": torch.tensor([[1, 2]])})
