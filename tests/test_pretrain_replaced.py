"""`objective: rtd`: losses against transformers' own, draws, the same gradient however a step is split, a run's life."""

from __future__ import annotations

import shutil
from dataclasses import replace

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.models.generator import draw_tokens, generator_config
from ft_magics.runs.cells import PRETRAIN, config_of, parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.replaced.rows import uniforms
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from exact_gradients import gradients_of
from runs import assert_same_end, finish

SENTENCES = (
    "ada lives in london and works in paris.",
    "bob ran to the shop, and ada did not.",
    "王小明在北京去了上海。",
    "the 7 cats sat on 3 mats all day long.",
)
TRAIN = "epochs: 2, batch_size: 4, learning_rate: 1e-3"


@pytest.fixture(scope="module")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text(
        "\n\n".join("\n".join(f"{at}. {SENTENCES[(at + line) % 4]}" for line in range(1 + at % 4)) for at in range(24)),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def body(tiny_electra, text_file):
    def make(train=TRAIN, *, objective="rtd", model=tiny_electra, data="", extra=""):
        data = data or f"{{train: {text_file}, dev: {{fraction: 0.2}}}}"
        train = f"max_length_tokens: 24, {train}"
        return f"objective: {objective}\nmodel: {model}\ndata: {data}\ntrain: {{{train}}}\n{extra}"

    return make


@pytest.fixture
def make(body):
    return lambda *arguments, **named: prepare(parse_cell(body(*arguments, **named), {}, kind=PRETRAIN))


def _computed(trained, features):
    batch = trained.task.collate(features, trained.spec)
    labels = batch.pop("labels")
    return batch, labels, trained.model(**batch)


def test_both_losses_are_those_of_transformers(make):
    prepared = make(objective="{rtd: {weight: 7}}")
    trained, rows = prepared.trained, prepared.features["train"].drawn(seed=1, epoch=0)
    trained.model.eval()
    batch, labels, outputs = _computed(trained, rows[:8])
    filled, attended = outputs["filled"], batch["attention_mask"]
    masked = labels[..., 0] != -100
    mask_id = trained.tokenizer.mask_token_id
    assert (batch["input_ids"][masked] == mask_id).all()
    assert torch.equal(batch["input_ids"] == mask_id, masked)
    assert torch.equal(filled[~masked], batch["original"][~masked])
    assert torch.equal(outputs["replaced"], filled != batch["original"])
    assert outputs["replaced"].any()

    generator = trained.model.generator
    theirs = generator(input_ids=batch["input_ids"], attention_mask=attended, labels=labels[..., 0]).loss
    plain = trained.model(input_ids=filled, attention_mask=attended, labels=outputs["replaced"].long())
    assert set(plain) == {"loss", "logits"}  # without masked tokens it is as transformers made it
    value = trained.task.loss(outputs, labels)
    assert value.item() == pytest.approx(theirs.item() + 7 * plain.loss.item(), rel=1e-6)
    value.backward()
    generator.zero_grad()
    shared = trained.model.electra.embeddings.word_embeddings.weight
    assert generator.generator_lm_head.weight is generator.electra.embeddings.word_embeddings.weight is shared
    assert prepared.parameters == sum(item.numel() for item in trained.model.parameters())


def test_what_is_drawn_depends_on_seed_epoch_and_row_alone(make):
    features = make().features["train"]

    def drawn(seed, epoch):
        return [uniforms(row).tobytes() for row in features.drawn(seed=seed, epoch=epoch)]

    assert drawn(1, 0) == drawn(1, 0)
    assert len({*drawn(1, 0), *drawn(1, 1), *drawn(2, 0), *(uniforms(row).tobytes() for row in features)}) == 4 * len(
        features
    )
    trained = make().trained
    trained.model.eval()
    rows = features.drawn(seed=3, epoch=2)[:6]
    together = _computed(trained, rows)[2]["filled"]
    for at, row in enumerate(rows):  # the tokens around it, and the batch that it is in, make no difference
        assert torch.equal(_computed(trained, [row])[2]["filled"][0, : row.tokens], together[at, : row.tokens])


def test_tokens_are_drawn_as_often_as_they_are_probable():
    logits = torch.tensor([0.5, 0.3, 0.2, 0.0]).log().expand(20_000, -1)
    numbers = torch.from_numpy(np.random.default_rng(1).random(20_000, dtype=np.float32))
    found = draw_tokens(logits, numbers)
    assert (found.bincount(minlength=4) / 20_000).tolist() == pytest.approx([0.5, 0.3, 0.2, 0.0], abs=0.015)
    assert draw_tokens(logits[:2], torch.tensor([0.0, 1 - 2**-24])).tolist() == [0, 2]


def test_the_gradient_is_the_same_however_a_step_is_split(body, tmp_path):
    """The two parts of the loss are means of different counts, which vary from row to row."""

    def gradients(batch_size, accumulation):
        train = (
            f"epochs: 1, batch_size: {batch_size}, gradient_accumulation: {accumulation}, device: cpu, threads: 1, "
            "learning_rate: 1e-30, weight_decay: 0, warmup: 0, max_grad_norm: 1e9, precision: fp32"
        )
        text = body(train, data=f"{{train: {body().split('train: ')[1].split(',')[0]}}}", extra="save: {every: null}\n")
        return gradients_of(text, tmp_path / f"{batch_size}")

    whole = gradients(8, 1)
    assert max(item.abs().max() for item in whole.values()) > 1e-2
    assert any(".generator." in name for name in whole)
    for batch_size in (4, 1):
        found = gradients(batch_size, 8 // batch_size)
        assert found.keys() == whole.keys()
        for name, gradient in whole.items():
            assert (found[name] - gradient).abs().max() < 1e-6 * max(1, gradient.abs().max()), name


def test_a_run_that_breaks_ends_with_the_same_bits_its_generator_too(make, patch):
    settings = {"train": f"{TRAIN}, gradient_accumulation: 2", "extra": "save: {every: {steps: 2}}"}
    whole = finish(start_run("whole", make(**settings)))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 7:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make(**settings))
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    again = finish(resume_run("broken", make(**settings)))
    assert_same_end(again, whole)
    weights = [run.model_dir / "generator" / "model.safetensors" for run in (again, whole)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_model_from_nothing_is_pre_trained_used_and_trained_on(run_cell, shell, text_file, cell):
    from transformers import AutoTokenizer, ElectraForMaskedLM, ElectraForPreTraining

    rest = f"data: {{train: {text_file}, dev: {{fraction: 0.2}}}}\ntrain: {{max_length_tokens: 24, {TRAIN}}}\n"
    new = "{layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 32}\ntokenizer: {vocab_size: 110}"
    said = run_cell(f"%%pretrain found\nobjective: {{rtd: {{generator: {{share: 0.5}}}}}}\nmodel: {new}\n{rest}")
    assert run_cell.result.success, said
    assert "model from nothing: ELECTRA of 1 layers, 32 wide" in said
    assert "the generator is new, of random numbers: 1 layers, 16 wide, 1 heads; it shares the embeddings" in said
    run = shell.user_ns["found"]
    assert run.history["perplexity"].iloc[-1] == run.best
    report = run.report()
    assert {"perplexity", "replaced_f1", "replaced_precision", "replaced_recall", "replaced_accuracy"} <= {
        *report.scores
    }
    html = report.to_html()
    assert "Replaced or original" in html
    assert "⟦" in html
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()
    sample = next(event for event in run.events if getattr(event, "samples", None)).samples[0]
    assert {sample["gold"], sample["predicted"]} <= {"replaced", "original"}

    for kind, folder in ((ElectraForPreTraining, run.model_dir), (ElectraForMaskedLM, run.model_dir / "generator")):
        loaded, loading = kind.from_pretrained(folder, output_loading_info=True)
        assert not any(loading.values()), loading
        assert loaded(**AutoTokenizer.from_pretrained(folder)("ada", return_tensors="pt")).logits is not None

    answer = run.predict("ada lives in london and works in paris.")
    assert [token for token, _ in answer][:2] == ["ada", "lives"]
    assert all(0 < share < 1 for _, share in answer)
    assert ft_magics.load(run.dir).predict("ada lives in london and works in paris.") == answer
    (card,) = run.cards(["王小明在北京"])
    assert card.data["text"] == "王小明在北京"
    with pytest.raises(DataError, match="is empty"):
        run.predict(" ")
    said = run_cell(f"again = %evaluate {run.model_dir} --data {text_file}")
    assert run_cell.result.success, said
    assert shell.user_ns["again"].scores["replaced_f1"].interval
    run_cell("%ft script found")
    assert "does not say how a run of it is written in plain Python" in str(run_cell.result.error_in_exec)

    config = config_of(run.folder.read_config())
    assert config.settings.generator.share == 0.5
    assert prepare(config).trained.model.config.model_type == "electra"  # the shape is still the objective's
    said = run_cell(f"%%pretrain more --dry-run\nobjective: rtd\nmodel: $found\n{rest}")
    assert run_cell.result.success, said
    assert f"the generator is from {run.model_dir}" in said
    said = run_cell(cell(name="tuned").replace(str(cell().partition("model: ")[2].partition("\n")[0]), "found"))
    assert run_cell.result.success, said
    assert shell.user_ns["tuned"].status == "done"


def test_a_discriminator_of_another_origin_predicts_and_has_no_generator(tiny_electra):
    trained = load_trained(str(tiny_electra), task="rtd", device="cpu")
    (prediction,) = trained.predict(trained.task.parse(["ada lives"]))
    assert prediction.blanks
    documents = [replace(document, asked=False) for document in trained.task.parse(["ada lives in london"])]
    with pytest.raises(ModelError, match="no generator beside this model"):
        trained.predict(documents)


def test_a_generator_of_ones_own(make, tiny_electra, tmp_path):
    from transformers import AutoConfig, ElectraForMaskedLM

    config = AutoConfig.from_pretrained(tiny_electra)
    config.embedding_size = 8
    folder = tmp_path / "generator"
    ElectraForMaskedLM(config).save_pretrained(folder)
    prepared = make(objective=f"{{rtd: {{generator: {{model: {folder}}}}}}}")
    assert any("has embeddings of its own, which are of another size" in line for line in prepared.chosen)
    config.vocab_size = 40
    ElectraForMaskedLM(config).save_pretrained(folder)
    with pytest.raises(ModelError, match=r"objective.rtd.generator.model: there is no folder ./nowhere"):
        make(objective="{rtd: {generator: {model: ./nowhere}}}")
    with pytest.raises(ModelError, match="another vocabulary"):
        make(objective=f"{{rtd: {{generator: {{model: {folder}}}}}}}")


def test_models_and_methods_that_do_not_fit_are_refused(make, tiny_model, tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    with pytest.raises(
        ModelError, match=r"is a bert model, and replaced-token detection needs .* takes `objective: mlm`"
    ):
        make(model=tiny_model)
    folder = shutil.copytree(tiny_model, tmp_path / "gpt", ignore=shutil.ignore_patterns("*.safetensors"))
    GPT2LMHeadModel(GPT2Config(vocab_size=90, n_positions=64, n_embd=32, n_layer=1, n_head=2)).save_pretrained(folder)
    with pytest.raises(ModelError, match="is a gpt2 model, .* takes `objective: clm`"):
        make(model=folder)
    for shape, other in (("bert", "mlm"), ("gpt2", "clm")):
        with pytest.raises(ModelError, match=f"take `shape: electra`, or `objective: {other}`"):
            make(model=f"{{shape: {shape}}}")
    with pytest.raises(CellError, match="trains a generator with it; take `method: full`"):
        make(extra="method: lora")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{generator: {share: 0.5, hidden_size: 8}}", "both say how wide it is"),
        ("{generator: {model: a, layers: 2}}", "`layers` cannot be said beside it"),
        ("{generator: {shares: 0.5}}", "Did you mean `share`"),
        ("{weight: 0}", "objective.rtd.weight"),
    ],
)
def test_mistakes_in_a_cell(settings, said):
    with pytest.raises(CellError) as error:
        parse_cell(f"objective: {{rtd: {settings}}}\nmodel: minilm\ndata: {{train: a.txt}}", {}, kind=PRETRAIN)
    assert said in str(error.value)


def test_sizes_of_a_generator():
    from transformers import ElectraConfig

    base = ElectraConfig(embedding_size=768, hidden_size=768, num_hidden_layers=12, num_attention_heads=12)
    found = generator_config(base, share=0.33333)
    assert (found.hidden_size, found.num_attention_heads, found.intermediate_size) == (256, 4, 1024)
    assert (found.embedding_size, found.num_hidden_layers) == (768, 12)
    found = generator_config(base, share=0.33)  # heads share out its width
    assert found.hidden_size % found.num_attention_heads == 0
    with pytest.raises(ModelError, match="cannot be shared out"):
        generator_config(base, share=0.25, hidden_size=100, heads=3)
