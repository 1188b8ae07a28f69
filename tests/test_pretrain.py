"""`%%pretrain`: a cell from start to files, the loss against transformers' own, and the same bits after a death."""

from __future__ import annotations

import math
from pathlib import Path

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.data.documents.document import Document
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.events import RunStarted
from ft_magics.runs.cells import PRETRAIN, config_of, parse_cell
from ft_magics.tasks.language.token_map import tokenise
from ft_magics.tasks.masked.masking import hide
from ft_magics.tasks.task import IGNORE_INDEX
from ft_magics.training.batches import GroupedByLength
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from runs import assert_same_end, finish

SENTENCES = (
    "ada lives in london and works in paris.",
    "bob ran to the shop, and ada did not.",
    "王小明在北京去了上海。",
    "the 7 cats sat on 3 mats all day long.",
    "what did you do in 1999? you went away.",
)


def _text(documents: int = 40) -> str:
    """Documents of one to five sentences, no two the same."""
    return "\n\n".join(
        "\n".join(f"{at}. {SENTENCES[(at + line) % 5]}" for line in range(1 + at % 5)) for at in range(documents)
    )


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text(_text(), encoding="utf-8")
    return path


@pytest.fixture
def body(tiny_model, text_file):
    def make(train="epochs: 2, batch_size: 4, learning_rate: 1e-3", *, data="", objective="mlm", extra="", model=None):
        data = data or f"{{train: {text_file}, dev: {{fraction: 0.2}}}}"
        model = model or tiny_model
        return (
            f"objective: {objective}\nmodel: {model}\ndata: {data}\ntrain: {{max_length_tokens: 24, {train}}}\n{extra}"
        )

    return make


@pytest.fixture
def make(body):
    return lambda *arguments, **named: prepare(parse_cell(body(*arguments, **named), {}, kind=PRETRAIN))


def test_a_cell_pre_trains_and_the_next_one_fine_tunes_from_it(run_cell, shell, body, cell, text_file):
    said = run_cell(f"%%pretrain letters\n{body()}")
    assert run_cell.result.success, said
    run = shell.user_ns["letters"]
    assert run.status == "done"
    assert "a new head" in said
    assert "tied" in said
    assert run.history["perplexity"].notna().all()
    report = run.report()
    assert report.headline.value == pytest.approx(run.best)
    assert math.exp(run.history["loss"].min()) == pytest.approx(run.best, rel=1e-4)
    html = report.to_html()
    assert "Fill in the blank" in html
    assert "____" in html
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()

    from transformers import AutoModelForMaskedLM

    model, loading = AutoModelForMaskedLM.from_pretrained(run.model_dir, output_loading_info=True)
    assert not loading["missing_keys"]
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert "objective:" in (run.dir / "config.yaml").read_text()

    said = run_cell(f"report = %evaluate {run.model_dir} --data {text_file} --set documents=line")
    assert run_cell.result.success, said
    assert shell.user_ns["report"].documents > report.documents
    dry = run_cell(f"%%pretrain letters --dry-run\n{body()}")
    assert run_cell.result.success, dry
    assert "[MASK]" in dry or "tokens" in dry

    (answer,) = run.predict(["ada lives ____ london."])
    assert len(answer) == 1
    assert sum(answer[0].values()) <= 1
    assert ft_magics.load(run.dir).predict("ada lives ____ london.") == answer
    (card,) = run.cards(["王小____在北京"])
    assert card.data["text"] == "王小____在北京"
    assert "gold" not in card.data
    with pytest.raises(DataError, match="has no blank"):
        run.predict("ada lives in london.")

    for model in ("letters", "$letters"):
        tuned = cell(name="tuned").replace(str(cell().partition("model: ")[2].partition("\n")[0]), model)
        said = run_cell(tuned)
        assert run_cell.result.success, said
    assert shell.user_ns["tuned"].status == "done"
    table = Path("kinds.csv")
    table.write_text(
        "text,label\n" + "\n".join(f"{sentence},a{at % 2}" for at, sentence in enumerate(["ada", "bob"] * 9))
    )
    said = run_cell(
        f"%%finetune kinds\ntask: classify\nmodel: $letters\ndata: {{train: {table}}}\ntrain: {{max_steps: 2}}"
    )
    assert run_cell.result.success, said  # which takes a pooler that no language model has


def test_the_loss_is_that_of_transformers_on_the_same_masks(make):
    from transformers import DataCollatorForLanguageModeling

    prepared = make(objective="{mlm: {whole_words: false}}")
    trained = prepared.trained
    features = [prepared.features["train"].drawn(seed=1, epoch=0)[at] for at in range(8)]
    trained.model.eval()
    collator = DataCollatorForLanguageModeling(trained.tokenizer, mlm_probability=0.3)
    torch.manual_seed(3)
    theirs = collator([{"input_ids": feature.row.ids.tolist()} for feature in features])
    expected = trained.model(**theirs).loss  # BertForMaskedLM's own
    ours = trained.task.loss(
        trained.model(input_ids=theirs["input_ids"], attention_mask=theirs["attention_mask"]), theirs["labels"]
    )
    assert ours.item() == pytest.approx(expected.item(), rel=1e-6)
    asked = {
        "input_ids": theirs["input_ids"],
        "attention_mask": theirs["attention_mask"],
        "asked": theirs["labels"] != -100,
    }
    outputs = trained.model(**asked)
    assert outputs["logits"].dim() == 2  # the head was computed where it was asked for
    assert trained.task.loss(outputs, theirs["labels"]).item() == pytest.approx(expected.item(), rel=1e-5)

    batch = trained.task.collate(features, trained.spec)
    labels = batch["labels"]
    expected = trained.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
    value = trained.task.loss(trained.model(**{name: item for name, item in batch.items() if name != "labels"}), labels)
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    parts = [trained.task.collate(features[at : at + 2], trained.spec) for at in range(0, 8, 2)]
    count = (labels != IGNORE_INDEX).sum()
    summed = sum(
        trained.task.loss(
            trained.model(**{n: i for n, i in part.items() if n != "labels"}), part["labels"], count
        ).item()
        for part in parts
    )
    assert summed == pytest.approx(value.item(), rel=1e-5)


def test_masks_depend_on_seed_epoch_and_row_alone(make):
    prepared = make()
    features, spec, task = prepared.features["train"], prepared.trained.spec, prepared.trained.task

    def order(seed, epoch):
        rows = GroupedByLength(features, batch_size=4, seed=seed)
        rows.set_epoch(epoch)
        return [rows[at]["feature"] for at in range(len(rows))]

    first = order(1, 0)
    again = order(1, 0)
    assert [feature.row.row for feature in first] == [feature.row.row for feature in again]
    assert sorted(feature.row.row for feature in first) == list(range(len(features)))
    one, two = (task.collate(side[:4], spec) for side in (first, again))
    assert all(torch.equal(one[name], two[name]) for name in one)

    def masks(seed, epoch):
        return {feature.row.row: feature.hidden()[1].tobytes() for feature in order(seed, epoch)}

    assert masks(1, 0) == masks(1, 0)
    assert masks(1, 0) != masks(1, 1)
    assert masks(1, 0) != masks(2, 0)
    held_out = prepared.features["dev"]
    assert all(np.array_equal(held_out[at].hidden()[0], held_out[at].hidden()[0]) for at in range(len(held_out)))


def test_a_share_of_the_tokens_is_hidden_in_whole_words_four_of_five_as_the_mask_token(make):
    prepared = make(objective="{mlm: {mask: 0.3}}")
    features = prepared.features["train"]
    masking = features[0].training
    hidden = masked = kept = total = 0
    for epoch in range(30):
        for feature in features.drawn(seed=1, epoch=epoch):
            shown, chosen = feature.hidden()
            ids = feature.row.ids
            assert not chosen[masking.special[ids]].any()
            assert (shown[~chosen] == ids[~chosen]).all()
            for at in np.flatnonzero(~masking.begins[ids]):
                assert masking.special[ids[at - 1]] or chosen[at] == chosen[at - 1], "a word is hidden as a whole"
            total += int((~masking.special[ids]).sum())
            hidden += int(chosen.sum())
            masked += int((shown[chosen] == masking.mask_id).sum())
            kept += int((shown[chosen] == ids[chosen]).sum())
    assert hidden / total == pytest.approx(0.3, abs=0.04)
    assert masked / hidden == pytest.approx(0.8, abs=0.02)
    assert kept / hidden == pytest.approx(0.1, abs=0.02)


def test_a_chinese_character_is_a_word_and_spans_are_runs_of_words(make):
    prepared = make(objective="{mlm: {mask: 0.3, spans: true}}", train="epochs: 2")
    feature = prepared.features["train"][0]
    tokenizer = prepared.trained.tokenizer
    assert (
        feature.training.begins[tokenizer.convert_tokens_to_ids(["王", "##小", "明"])].tolist() == [True] * 3
        or (feature.training.begins[tokenizer.convert_tokens_to_ids("王")])
    )
    assert not feature.training.begins[tokenizer.convert_tokens_to_ids("##a")]
    ids = np.array([2, *tokenizer.convert_tokens_to_ids(list("abcdefghijklmnopqrstuvwxyz") * 4), 3])
    single = 0
    for row in range(50):
        _, chosen = hide(ids, feature.training, (1, 1, row))
        assert chosen.sum() == round(0.3 * 104)
        runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]]))))[::2]
        single += (runs == 1).sum()
        assert runs.mean() > 1.6
    assert single < 50 * 10


def test_a_run_that_breaks_ends_with_the_same_bits(make, patch):
    extra = "save: {every: {steps: 5}}"
    train = "epochs: 3, batch_size: 4, learning_rate: 1e-3, gradient_accumulation: 2"
    whole = finish(start_run("whole", make(train, extra=extra)))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 13:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make(train, extra=extra))
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    again = finish(resume_run("broken", make(train, extra=extra)))
    assert_same_end(again, whole)


@pytest.mark.parametrize("method", ["lora", "bitfit", "{freeze: {layers: 1}}"])
def test_methods_of_tuning_pre_train_too(make, method):
    run = finish(start_run("small", make("max_steps: 3, learning_rate: 1e-3", extra=f"method: {method}")))
    assert run.status == "done"
    started = next(event for event in run.events if isinstance(event, RunStarted))
    assert started.trainable_parameters < started.parameters
    assert ft_magics.load(run.dir).predict("ada ____ in london")


def test_a_config_comes_back_from_its_file(body):
    config = parse_cell(body(objective="{mlm: {mask: 0.4}}"), {}, kind=PRETRAIN)
    plain = config.to_plain()
    assert plain["objective"]["mlm"]["mask"] == 0.4
    assert "task" not in plain
    assert config_of(plain).to_plain() == plain


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("task: ner\nmodel: minilm\ndata: {train: a.txt}", "`task:` is of `%%finetune NAME`"),
        (
            "objective: ner\nmodel: minilm\ndata: {train: a.txt}",
            "`ner` is a task, which needs labels; write `%%finetune",
        ),
        (
            "objective: mln\nmodel: minilm\ndata: {train: a.txt}",
            "is no objective; there are `clm`, `mlm` and `rtd`. Did you mean `mlm`",
        ),
        ("objective: {mlm: {mask: 2}}\nmodel: minilm\ndata: {train: a.txt}", "objective.mlm.mask"),
        (
            "objective: {mlm: {spans: true, whole_words: false}}\nmodel: minilm\ndata: {train: a.txt}",
            "objective.mlm.spans",
        ),
        ("model: minilm\ndata: {train: a.txt}", "write `objective: mlm`"),
        ("objective: mlm\nmodel: minilm", "write `data: {train: path/to/texts"),
        ("objective: mlm\nmodel: minilm\ndata: {train: a.txt, columns: b}", "data.columns"),
    ],
)
def test_mistakes_in_a_cell(written, said):
    with pytest.raises(CellError) as error:
        parse_cell(written, {}, kind=PRETRAIN)
    assert said in str(error.value)


def test_a_finetune_cell_does_not_take_an_objective():
    for written, said in (
        ("task: mlm\nmodel: minilm\ndata: {train: a.txt}", "write `%%pretrain NAME` and `objective: mlm`"),
        ("objective: mlm\nmodel: minilm\ndata: {train: a.txt}", "`objective:` is of `%%pretrain NAME`"),
    ):
        with pytest.raises(CellError) as error:
            parse_cell(written, {})
        assert said in str(error.value)


def test_set_reaches_an_objective(body):
    config = parse_cell(body(), {}, ["objective.mlm.mask=0.4", "train.epochs=7"], kind=PRETRAIN)
    assert (config.settings.mask, config.train.epochs) == (0.4, 7)


def test_a_model_without_a_mask_token_or_of_another_shape_is_refused(make, tmp_path, tiny_model):
    import shutil

    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    folder = tmp_path / "gpt"
    GPT2LMHeadModel(GPT2Config(vocab_size=90, n_positions=64, n_embd=32, n_layer=2, n_head=2)).save_pretrained(folder)
    for file in tiny_model.glob("*token*"):
        shutil.copy(file, folder)
    with pytest.raises(ModelError, match="needs an encoder"):
        make(model=folder)
    bare = shutil.copytree(tiny_model, tmp_path / "bare")
    tokenizer = AutoTokenizer.from_pretrained(bare)
    tokenizer.mask_token = None
    tokenizer.save_pretrained(bare)
    with pytest.raises(ModelError, match="no mask token"):
        make(model=bare)


@pytest.mark.parametrize(
    ("objective", "shape", "said"),
    [
        ("mlm", "gpt2", "`shape: gpt2` reads from left to right, so it cannot fill gaps; take `shape: bert`"),
        ("clm", "bert", "`shape: bert` reads from both sides, so it cannot write on; take `shape: llama`"),
    ],
)
def test_a_shape_that_an_objective_cannot_take_is_refused_before_a_tokenizer_is_trained(
    make, patch, objective, shape, said
):
    patch.setattr("ft_magics.models.scratch.train_tokenizer.train_tokenizer", None)
    with pytest.raises(ModelError, match=said):
        make(model=f"{{shape: {shape}, preset: tiny}}", objective=objective)


def test_tokens_are_the_same_however_many_threads_make_them(make, patch, text_file, tmp_path):
    text_file.write_text(_text(900), encoding="utf-8")
    patch.setattr("ft_magics.tasks.language.token_map._AT_ONCE", 20_000)
    maps = []
    for parallel in ("false", "true"):
        patch.setenv("TOKENIZERS_PARALLELISM", parallel)
        patch.setenv("FT_MAGICS_CACHE", str(tmp_path / parallel))
        maps.append(make().features["train"].rows.tokens)
    one, two = maps
    assert one.folder != two.folder
    assert (one.folder / "tokens.bin").read_bytes() == (two.folder / "tokens.bin").read_bytes()
    assert np.array_equal(one.ends, two.ends)


def test_a_model_and_a_tokenizer_from_nothing(run_cell, shell, text_file, cell):
    new = "model: {preset: tiny, layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 32}\ntokenizer: {vocab_size: 110}"
    rest = f"data: {{train: {text_file}, dev: {{fraction: 0.2}}}}\ntrain: {{max_steps: 4, learning_rate: 1e-3, max_length_tokens: 24}}"
    said = run_cell(f"%%pretrain fresh\nobjective: mlm\n{new}\n{rest}")
    assert run_cell.result.success, said
    assert "model from nothing: BERT of 1 layers, 32 wide" in said
    assert "tokenizer from nothing: wordpiece, 110 tokens" in said
    run = shell.user_ns["fresh"]
    assert run.status == "done"
    said = run_cell(cell(name="tuned").replace(str(cell().partition("model: ")[2].partition("\n")[0]), "fresh"))
    assert run_cell.result.success, said
    config = config_of(run.folder.read_config())
    assert config.model.preset == "tiny"
    with pytest.raises(CellError, match="needs `method: full`"):
        prepare(parse_cell(f"objective: mlm\n{new}\n{rest}\nmethod: lora", {}, kind=PRETRAIN))
    with pytest.raises(ModelError, match="more than this text supports"):
        prepare(parse_cell(f"objective: mlm\n{new.replace('110', '9000')}\n{rest}", {}, kind=PRETRAIN))
    with pytest.raises(CellError, match="has its own tokenizer"):
        parse_cell(f"objective: mlm\nmodel: minilm\ntokenizer: {{vocab_size: 100}}\n{rest}", {}, kind=PRETRAIN)


def test_text_is_tokenised_once_and_room_is_asked_for(make, patch, text_file):
    made = []
    patch.setattr(
        "ft_magics.tasks.language.token_map.tokenise",
        lambda texts, tokenizer, real=tokenise: made.append(len(texts)) or real(texts, tokenizer),
    )
    first = make()
    again = make("epochs: 1")
    assert sum(made) == 40, "the second run takes the tokens of the first"
    assert first.fingerprint == again.fingerprint
    rows = first.features["train"]
    assert [row.tokens for row in rows] == rows.lengths.tolist()
    assert max(rows.lengths) <= 24
    documents = first.corpus.train.examples
    for document in range(len(documents)):
        inside = [token for row in rows if row.example == document for token in row.row.ids[1:-1].tolist()]
        assert inside == first.trained.tokenizer(documents[document].text, add_special_tokens=False)["input_ids"]

    class Usage:
        free = 1000

    text_file.write_text(_text(50))
    patch.setattr("ft_magics.tasks.language.token_map.shutil.disk_usage", lambda _: Usage)
    with pytest.raises(DataError, match="0.0 GB are free there; make room, or set FT_MAGICS_CACHE"):
        make()


def test_what_is_odd_about_a_text_is_said(make, tmp_path):
    same = tmp_path / "same.txt"
    same.write_text("\n\n".join(SENTENCES), encoding="utf-8")
    check = make(data=f"{{train: {same}, dev: {same}}}").check
    assert any("are in train too" in warning for warning in check.warnings)
    assert any("are little to pre-train on" in warning for warning in check.warnings)
    same.write_text("")
    with pytest.raises(DataError, match="data.train: same.txt.*empty"):
        make(data=f"{{train: {same}}}")


def test_a_causal_model_is_pre_trained_and_continues_prompts(run_cell, shell, text_file, make):
    new = "model: {preset: tiny, layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 64}\ntokenizer: {vocab_size: 330}"
    rest = f"data: {{train: {text_file}, dev: {{fraction: 0.2}}}}\ntrain: {{max_steps: 6, batch_size: 4, gradient_accumulation: 2, learning_rate: 1e-3, max_length_tokens: 48}}"
    said = run_cell(f"%%pretrain letters\nobjective: clm\n{new}\n{rest}")
    assert run_cell.result.success, said
    assert "model from nothing: Llama of 1 layers" in said
    run = shell.user_ns["letters"]
    assert run.status == "done"
    assert math.exp(run.history["loss"].min()) == pytest.approx(run.best, rel=1e-4)
    assert set(run.report().scores) == {"perplexity", "next_accuracy", "bits_per_byte"}
    assert isinstance(run.predict("ada lives"), str)
    assert ft_magics.load(run.dir).predict(["ada lives", "bob"])[0] == run.predict("ada lives")
    said = run_cell(f"%%pretrain further\nobjective: clm\nmodel: letters\n{rest}")
    assert run_cell.result.success, said
    said = run_cell(f"%%pretrain wrong\nobjective: mlm\nmodel: letters\n{rest}")
    assert "A llama model takes `objective: clm`" in said
    with pytest.raises(ModelError, match="an encoder takes `objective: mlm`"):
        make(objective="clm")

    trained = run._model()
    features = trained.task.encode(run_documents(text_file), trained.spec)[:6]
    batch = trained.task.collate(features, trained.spec)
    labels = batch["labels"]
    expected = trained.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
    for given in (batch, {name: item for name, item in batch.items() if name != "asked"}):
        value = trained.task.loss(trained.model(**{n: i for n, i in given.items() if n != "labels"}), labels)
        assert value.item() == pytest.approx(expected.item(), rel=1e-5)


def run_documents(path):
    return [Document(text) for text in path.read_text(encoding="utf-8").split("\n\n")]


def test_a_new_model_begins_with_layers_of_another(run_cell, text_file, tiny_model):
    new = f"model: {{init: {{from: {tiny_model}, layers: [1]}}}}\ntokenizer: {{vocab_size: 110}}"
    rest = f"data: {{train: {text_file}, dev: {{fraction: 0.2}}}}\ntrain: {{max_steps: 2, max_length_tokens: 24}}"
    said = run_cell(f"%%pretrain fresh\nobjective: mlm\n{new}\n{rest}")
    assert run_cell.result.success, said
    assert "copied: layers 1 of 2" in said
    assert "tokens per word" in said
