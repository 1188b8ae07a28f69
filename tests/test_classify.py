"""`task: classify` from a cell to its files: one label, several, pairs, numbers."""

from __future__ import annotations

import json
import math

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.data.checks import DataCheck
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.classify.config import ClassifySettings
from ft_magics.tasks.classify.examples import LabelledText
from ft_magics.tasks.classify.loss import classification_loss, label_weights
from ft_magics.tasks.classify.task import ClassifyTask
from ft_magics.tasks.classify.thresholds import choose_thresholds
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from sklearn.metrics import f1_score
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

ANIMALS = [f"the {kind} {verb}" for kind in ("cat", "dog", "cow") for verb in ("runs", "eats", "sits", "is here")]
FOOD = [f"a {kind} {verb}" for kind in ("soup", "pie", "tea") for verb in ("is hot", "is good", "tastes", "cools")]


def write(path, rows, header="text,label"):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return path


@pytest.fixture
def texts(tmp_path):
    return write(tmp_path / "texts.csv", [(text, "animal") for text in ANIMALS] + [(text, "food") for text in FOOD])


@pytest.fixture
def body(tiny_model, texts):
    """Makes the body of a cell."""

    def make(train="max_steps: 3, batch_size: 8", *, task="classify", data="", extra=""):
        data = data or f"{{train: {texts}, dev: {texts}, test: {texts}}}"
        return f"task: {task}\nmodel: {tiny_model}\ndata: {data}\ntrain: {{{train}}}\n{extra}"

    return make


def finish(body, name="run"):
    run = start_run(name, prepare(parse_cell(body, {})))
    run.wait()
    assert run.status == "done", run.exception
    return run


def test_two_classes_are_learned_reported_and_answered(body):
    run = finish(body("epochs: 12, batch_size: 8, learning_rate: 5e-3"))
    report = run.report("test")
    assert report.headline is report.scores["accuracy"] or report.headline == report.scores["accuracy"]
    assert report.headline.value > 0.9
    assert report.scores["macro_f1"].interval[0] <= report.scores["macro_f1"].value
    assert list(run.history.columns) == ["epoch", "step", "loss", "accuracy", "macro_f1", "weighted_f1", "best"]
    answer = run.predict("the cow eats")
    assert answer.label == "animal"
    assert answer.probability == max(answer.probabilities.values())
    assert math.isclose(sum(answer.probabilities.values()), 1, rel_tol=1e-5)
    assert run.best == run.history["accuracy"].max()


def test_a_saved_folder_answers_the_same_with_plain_transformers(body, tmp_path):
    run = finish(body("epochs: 4, batch_size: 8, learning_rate: 2e-3, precision: fp32"))
    saved = str(run.save(tmp_path / "saved"))
    texts = ["the cat sits", "a pie cools", "where do i go?"]
    ours = run.predict(texts)
    assert all(text in ours._repr_html_() for text in texts)
    theirs = pipeline("text-classification", model=saved)(texts)
    assert [answer.label for answer in ours] == [answer["label"] for answer in theirs]
    assert [answer.probability for answer in ours] == pytest.approx([answer["score"] for answer in theirs], abs=1e-5)
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(saved), AutoTokenizer.from_pretrained(saved)
    assert model.config.id2label == {0: "animal", 1: "food"}
    with torch.no_grad():
        shares = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits.softmax(-1)
    assert [next(iter(answer.probabilities.values())) for answer in ours] == pytest.approx(
        shares.max(-1)[0].tolist(), abs=1e-5
    )
    assert [answer.label for answer in ft_magics.load(saved).predict(texts)] == [answer.label for answer in ours]


def test_the_report_is_made_of_the_file_and_equals_scikit_learns(body):
    run = finish(body())
    lines = [json.loads(line) for line in run.folder.predictions("test").read_text().splitlines()]
    gold, pred = ([line[side][0] for line in lines] for side in ("gold", "pred"))
    assert run.report("test").scores["macro_f1"].value == pytest.approx(f1_score(gold, pred, average="macro"))
    assert ft_magics.evaluate(gold, pred, task="classify").scores["macro_f1"].value == pytest.approx(
        f1_score(gold, pred, average="macro")
    )


def test_several_labels_have_thresholds_that_are_chosen_on_dev(body, tmp_path):
    rows = [(text, "animal|alive") for text in ANIMALS] + [(text, "food") for text in FOOD]
    path = write(tmp_path / "many.csv", rows)
    run = finish(
        body(
            "epochs: 8, batch_size: 8, learning_rate: 5e-3",
            task="{classify: {multi_label: true}}",
            data=f"{{train: {path}, dev: {path}, test: {path}}}",
        )
    )
    assert run.report("test").headline.metric.name == "micro_f1"
    kept = json.loads((run.model_dir / "ft_magics.json").read_text())
    assert kept["saved"]["kind"] == "several"
    assert len(kept["saved"]["thresholds"]) == 3
    assert set(run.predict("the dog runs").labels) <= {"animal", "alive", "food"}
    assert load_trained(str(run.model_dir)).task.thresholds == tuple(kept["saved"]["thresholds"])


def test_pairs_of_texts(body, tmp_path):
    rows = [(text, text, "same") for text in ANIMALS] + [
        (text, other, "other") for text, other in zip(ANIMALS, FOOD, strict=True)
    ]
    path = write(tmp_path / "pairs.csv", rows, "premise,hypothesis,label")
    data = f"{{train: {path}, dev: {path}, text_column: premise, text_pair_column: hypothesis}}"
    run = finish(body(data=data))
    assert run.predict([("the cat runs", "the cat runs")])[0].label in ("same", "other")
    prepared = prepare(parse_cell(body(data=data), {}))
    one = prepared.trained.task.encode([LabelledText(ANIMALS[0])], prepared.trained.spec)
    assert prepared.features["train"][0].tokens > one[0].tokens


def test_numbers_are_regressed_and_the_lowest_error_is_the_best(body, tmp_path):
    rows = [(text, str(at % 5 - 2.5)) for at, text in enumerate([*ANIMALS, *FOOD])]
    path = write(tmp_path / "numbers.csv", rows, "text,score")
    run = finish(
        body(
            "epochs: 5, batch_size: 8, learning_rate: 5e-5, precision: fp32",  # as the pipeline computes
            task="{classify: {regression: true}}",
            data=f"{{train: {path}, dev: {path}, test: {path}}}",
        )
    )
    assert run.best == run.history["rmse"].min()
    assert not run.report("test").headline.metric.higher_is_better
    assert isinstance(run.predict("the cat runs"), float)
    assert pipeline("text-classification", model=str(run.model_dir), function_to_apply="none")("the cat runs")[0][
        "score"
    ] == pytest.approx(run.predict("the cat runs"), abs=1e-5)


def test_a_resumed_run_ends_with_the_same_bits(body):
    from ft_magics.training.launch import resume_run

    cell = body("epochs: 4, batch_size: 4")
    whole = finish(cell, "whole")
    run = start_run("parts", prepare(parse_cell(cell, {})))
    while not any(event.kind == "evaluated" for event in run.events):
        assert not run.finished.wait(0.005)
    run.stop()
    run.wait()
    assert run.status == "stopped"
    run = resume_run("parts", prepare(parse_cell(cell, {})))
    run.wait()
    assert run.status == "done"
    names = [item.model_dir / "model.safetensors" for item in (whole, run)]
    assert names[0].read_bytes() == names[1].read_bytes()


@pytest.mark.parametrize("where", ["task", "data", "first column"])
def test_a_setting_may_stand_where_people_write_it(body, texts, where):
    data = f"{{train: {texts}, dev: {texts}{', long_texts: window' if where == 'data' else ''}}}"
    task = "{classify: {long_texts: window}}" if where == "task" else "classify"
    config = parse_cell(body(task=task, data=data, extra="long_texts: window" if where == "first column" else ""), {})
    assert config.settings.long_texts == "window"
    assert config.to_plain()["task"]["classify"]["long_texts"] == "window"
    assert config_of(config.to_plain()) == config
    assert parse_cell(json.dumps(config.to_plain()), {}) == config


def test_a_wrong_setting_is_named_with_its_line(body):
    with pytest.raises(CellError) as caught:
        parse_cell(body(task="{classify: {multi_lable: true}}"), {})
    assert "line 2  task.classify.multi_lable: unknown key. Did you mean `multi_label`?" in str(caught.value)
    with pytest.raises(CellError, match="line 3  data.text_colunm: unknown key. Did you mean `text_column`?|data"):
        parse_cell(body(data="{train: a.csv, text_colunm: x}"), {})
    with pytest.raises(CellError, match="says the same as `task.classify.multi_label`; keep one of them"):
        parse_cell(body(task="{classify: {multi_label: true}}", extra="multi_label: true"), {})


def test_a_label_that_train_lacks_is_counted_and_a_miss(body, texts, tmp_path):
    dev = write(tmp_path / "dev.csv", [("the cat runs", "animal"), ("a stone", "mineral")])
    prepared = prepare(parse_cell(body(data=f"{{train: {texts}, dev: {dev}, test: {dev}}}"), {}))
    assert any("mineral" in text for text in prepared.check.warnings)
    run = start_run("unseen", prepared)
    run.wait()
    report = run.report("test")
    assert run.status == "done"
    assert report.headline.value <= 0.5
    assert report.by_label["mineral"] == 0


def test_a_model_of_another_task_is_refused_by_name(cell):
    tagged = start_run("tagged", prepare(parse_cell(cell().partition("\n")[2], {})))
    tagged.wait()
    with pytest.raises(ModelError, match="was trained for `task: ner`, not for `task: classify`"):
        load_trained(str(tagged.model_dir), task="classify")


def test_long_texts_are_cut_or_read_in_windows(body, tmp_path):
    long = write(tmp_path / "long.csv", [(" ".join(["cat"] * 90), "animal"), *[(text, "food") for text in FOOD]])
    for how, note in (
        ("truncate", "1 of 13 texts are longer than 64 tokens and are cut off there"),
        ("window", "overlapping windows"),
    ):
        prepared = prepare(parse_cell(body(task=f"{{classify: {{long_texts: {how}}}}}", data=f"{{train: {long}}}"), {}))
        assert any(note in text for text in prepared.check.notes), prepared.check.notes
        features = prepared.features["train"]
        assert max(feature.tokens for feature in features) == 64
        assert len(features) == 13 if how == "truncate" else len(features) > 13
        predictions, _ = prepared.trained.predictions(prepared.corpus.train.examples, features)
        assert len(predictions) == 13
        assert all(math.isclose(sum(item.probabilities), 1, rel_tol=1e-4) for item in predictions)


def test_the_loss_is_the_mean_over_labels_and_exact_in_parts():
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, IGNORE_INDEX, 1, 0])
    options = {"kind": "one", "weights": None, "label_smoothing": 0.1, "focal_gamma": None}
    whole = classification_loss(logits, labels, num_items_in_batch=None, **options)
    wanted = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1)
    assert whole.item() == pytest.approx(wanted.item(), rel=1e-5)
    parts = [
        classification_loss(logits[at], labels[at], num_items_in_batch=5, **options) for at in (slice(2), slice(2, 6))
    ]
    assert sum(parts).item() == pytest.approx(whole.item(), rel=1e-5)
    sure = torch.tensor([[9.0, 0, 0]])
    plain, focal = (
        classification_loss(
            sure,
            torch.tensor([0]),
            num_items_in_batch=None,
            **{**options, "label_smoothing": 0.0, "focal_gamma": gamma},
        )
        for gamma in (None, 2.0)
    )
    assert focal < plain


def test_weights_are_balanced_as_scikit_learn_balances_them():
    from sklearn.utils.class_weight import compute_class_weight

    labels = ["a"] * 6 + ["b"] * 2
    wanted = compute_class_weight("balanced", classes=np.array(["a", "b"]), y=labels)
    assert label_weights("balanced", ["a", "b"], {"a": 6, "b": 2}) == pytest.approx(list(wanted))
    assert label_weights({"b": 3.0}, ["a", "b"], {"a": 6, "b": 2}) == [1.0, 3.0]
    with pytest.raises(DataError, match="train has no label `c`"):
        label_weights({"c": 3.0}, ["a", "b"], {"a": 6, "b": 2})


def test_thresholds_are_the_best_of_dev():
    generator = np.random.default_rng(0)
    gold = generator.random((400, 2)) < [0.5, 0.1]
    probabilities = np.clip(gold * 0.3 + generator.random((400, 2)) * 0.5, 0, 1)
    chosen = choose_thresholds(probabilities, gold)
    for at in range(2):
        best, half = (f1_score(gold[:, at], probabilities[:, at] >= edge) for edge in (chosen[at], 0.5))
        assert best >= half


def test_collate_is_pure_and_pads(tiny_model):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    spec = Spec(tokenizer=tokenizer, config=None, max_length_tokens=16)
    task = ClassifyTask(ClassifySettings(), ("a", "b"))
    examples = [LabelledText("cat", None, ("a",), None, "1"), LabelledText("cat sat on", None, ("c",), None, "2")]
    features = task.encode(examples, spec)
    batch, again = task.collate(features, spec), task.collate(features, spec)
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    assert batch["labels"].tolist() == [0, IGNORE_INDEX]
    assert batch["attention_mask"].sum(1).tolist() == [feature.tokens for feature in features]


def test_magics_evaluate_and_predict(body, run_cell, shell, texts):
    run_cell(f"%%finetune intents\n{body()}")
    assert shell.user_ns["intents"].status == "done"
    printed = run_cell("shown = %evaluate intents")
    assert "accuracy" in printed
    assert shell.user_ns["shown"].headline.metric.name == "accuracy"
    assert "macro F1" in run_cell(f"%evaluate intents --data {texts} --set text_column=text")
    shell.user_ns["gold"], shell.user_ns["pred"] = ["a", "b", "a"], ["a", "b", "b"]
    run_cell("own = %evaluate --gold $gold --pred $pred --task classify")
    assert shell.user_ns["own"].scores["accuracy"].value == pytest.approx(2 / 3)
    printed = run_cell("%%predict intents\nthe cat runs\na pie cools\n")
    assert "the cat runs → " in printed
    assert "a pie cools → " in printed
    assert "write texts below %%predict intents" in run_cell("%%predict intents")
    run_cell(f"%%finetune other --set train.seed=2\n{body()}")
    assert "other · test" in run_cell("%evaluate intents other")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%evaluate", "name a run"),
        ("%evaluate --gold $a", "go together"),
        ("%evaluate nowhere", "there is no run `nowhere`"),
        ("%evaluate --gold a.csv --pred b.csv", "--task: name what the files hold"),
        ("%evaluate x --set a=1", "add --data FILE"),
        ("%%predict\ntext", "name a run: %%predict NAME"),
        ("%%predict nowhere\ntext", "there is no run `nowhere`"),
    ],
)
def test_a_wrong_line_is_answered_in_a_sentence(run_cell, line, says):
    assert says in run_cell(line)


def test_reports_of_answers_refuse_what_does_not_fit():
    with pytest.raises(DataError):
        ft_magics.evaluate(["a"], ["a", "b"], task="classify")
    with pytest.raises(DataError):
        ft_magics.evaluate("aaa", "aab", task="classify")
    assert ft_magics.evaluate([1.5, 2.0], [1.5, 2.5], task="classify").headline.metric.name == "rmse"
    assert ft_magics.evaluate([["a"], []], [["a"], ["b"]], task="classify").headline.metric.name == "micro_f1"
    assert ft_magics.evaluate(["a", "b"], ["a", "b"], task="classify") == label_report(["a", "b"], ["a", "b"])


def test_the_check_is_made_of_tables(body):
    check = prepare(parse_cell(body(), {})).check
    assert isinstance(check, DataCheck)
    assert [row.cells[0].text for row in check.tables[0].rows] == ["train", "dev", "test"]
