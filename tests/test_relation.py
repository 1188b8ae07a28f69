"""`task: relation` from a cell to its files: markers, the official score, the report, cards with arrows."""

from __future__ import annotations

import json
import random
from collections import Counter

import ft_magics
import pandas as pd
import pytest
import torch
from ft_magics.data.marked import MarkedText, parse_tags
from ft_magics.errors import DataError, ModelError
from ft_magics.evaluation.card_html import card_html
from ft_magics.evaluation.card_shown import shown_card
from ft_magics.evaluation.relations.cards import relation_card
from ft_magics.evaluation.relations.report import RelationReport
from ft_magics.models.loading import load_tokenizer
from ft_magics.models.marker_tokens import add_markers
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.relation.config import RelationSettings
from ft_magics.tasks.relation.markers import MarkedTokenizer, descriptions
from ft_magics.tasks.relation.score import read_labels
from ft_magics.tasks.relation.task import RelationTask
from ft_magics.tasks.task import IGNORE_INDEX
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from transformers import AutoModelForTokenClassification, AutoTokenizer

from runs import finish

NOUNS = ("cat", "dog", "cow", "pie", "tea")
NAMES = ("Cause-Effect", "Component-Whole", "Entity-Origin", "Message-Topic")
LABELS = (*(f"{name}({way})" for name in NAMES for way in ("e1,e2", "e2,e1")), "Other")


def official(gold: dict[str, str], pred: dict[str, str]) -> tuple[float, float]:
    """Macro and micro F1 of SemEval's scorer: its (9+1)-way evaluation with direction, from its description."""

    def bare(label):
        return label.partition("(")[0]

    proposed, turned, correct = Counter(), Counter(), Counter()
    for key, label in pred.items():
        if label == gold[key]:
            correct[bare(label)] += 1
        elif bare(label) == bare(gold[key]):
            turned[bare(label)] += 1
            continue
        proposed[bare(label)] += 1
    actual = Counter(map(bare, gold.values()))
    names = [name for name in actual if name != "Other"]
    found = []
    for name in names:
        precision = correct[name] / (proposed[name] + turned[name]) if proposed[name] else 0.0
        recall = correct[name] / actual[name]
        found.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    right = sum(correct[name] for name in names)
    shares = (
        right / max(1, sum(proposed[name] + turned[name] for name in names)),
        right / sum(actual[name] for name in names),
    )
    return sum(found) / len(found), 2 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0


def test_macro_f1_is_the_official_one_of_any_system():
    draw = random.Random(0)
    for size in (3, 8, 30, 200, 1000) * 4:
        known = draw.sample(LABELS, draw.randint(2, len(LABELS)))
        gold = {str(at): draw.choice(known) for at in range(size)} | {"x": "Entity-Origin(e1,e2)"}
        sure = draw.random()
        pred = {
            key: label if draw.random() < sure else draw.choice(LABELS)
            for key, label in gold.items()
            if draw.random() < 0.9
        }
        scores = ft_magics.evaluate(gold, pred, task="relation", none_label="Other", resamples=0).scores
        macro, micro = official(gold, pred)
        assert scores["macro_f1"].value == pytest.approx(macro, abs=1e-12)
        assert (scores["micro_f1"].value or 0.0) == pytest.approx(micro, abs=1e-12)
        whole = {key: pred.get(key, "Other") for key in gold}
        listed = ft_magics.evaluate(list(gold.values()), list(whole.values()), task="relation", resamples=0)
        assert listed.scores["macro_f1"].value == pytest.approx(macro, abs=1e-12)


def test_ids_and_directions_may_be_written_in_several_ways(tmp_path):
    gold = {1: "make(e1,e2)", 2: "make (E2, E1)", 3: "Other"}
    report = ft_magics.evaluate(gold, {"1": "make(e1, e2)", "2": "make(e2,e1)"}, task="relation", resamples=0)
    assert report.scores["macro_f1"].value == report.scores["accuracy"].value == 1
    (tmp_path / "pred.json").write_text(json.dumps({"1": "make(e1,e2)", "2": "make(e2,e1)"}))
    (tmp_path / "key.txt").write_text("".join(f"{key}\t{label}\n" for key, label in gold.items()))
    files = [str(tmp_path / name) for name in ("key.txt", "pred.json")]
    assert ft_magics.evaluate(*files, task="relation", resamples=0).scores == report.scores
    numbers = ft_magics.evaluate([1, 0, 2], [1, 1, 2], task="relation", none_label=0, resamples=0)
    assert numbers.scores["macro_recall"].value == 1


@pytest.mark.shared
def test_semevals_key_is_read_and_scored(shared, tmp_path):
    gold = read_labels(str(shared / "semeval2010_task8_en" / "test_key.txt"), {})
    draw = random.Random(1)
    labels = sorted(set(gold.values()))
    pred = {key: label if draw.random() < 0.8 else draw.choice(labels) for key, label in gold.items()}
    path = tmp_path / "proposed.txt"
    path.write_text("".join(f"{key}\t{label}\n" for key, label in pred.items() if int(key) % 7))
    kept = read_labels(str(path), {})
    report = ft_magics.evaluate(gold, kept, task="relation", none_label="Other")
    assert report.scores["macro_f1"].value == pytest.approx(official(gold, kept)[0], abs=1e-12)
    low, high = report.scores["macro_f1"].interval
    assert low < report.headline.value < high
    assert len(report.per_relation) == 9
    assert "2,717 pairs have no prediction and count as Other" in report.notes[0]


def test_what_does_not_belong_together_is_said():
    gold = {"1": "a(e1,e2)", "2": "b(e1,e2)"}
    with pytest.raises(DataError, match="pred has 1 ids that gold lacks, the first '3'"):
        ft_magics.evaluate(gold, {"3": "a(e1,e2)"}, task="relation")
    with pytest.raises(DataError, match="pred has no label for 1 ids of gold, the first '2'; name the label"):
        ft_magics.evaluate(gold, {"1": "a(e1,e2)"}, task="relation")
    with pytest.raises(DataError, match="gold has labels by id, and the other side is a list"):
        ft_magics.evaluate(gold, ["a(e1,e2)"], task="relation")
    with pytest.raises(DataError, match=r"no pair has the label 'other'.*Did you mean `Other`"):
        ft_magics.evaluate(["Other", "a"], ["a", "a"], task="relation", none_label="other")
    with pytest.raises(DataError, match="which is no relation, so there is nothing to score"):
        ft_magics.evaluate(["Other"], ["Other"], task="relation")


@pytest.fixture(scope="module")
def rows():
    pairs = [(one, two) for one in NOUNS for two in NOUNS if one != two]
    made = [(f"the <e1>{one}</e1> made <e2>{two}</e2>", "make(e1,e2)") for one, two in pairs[::2]]
    made += [(f"the <e1>{one}</e1> of <e2>{two}</e2>", "make(e2,e1)") for one, two in pairs[1::2]]
    made += [(f"a <e1>{one}</e1> and <e2>{two}</e2>", "Other") for one, two in pairs[::2]]
    return [{"text": text, "label": label, "e1_type": "X"} for text, label in made]


@pytest.fixture
def body(tiny_model, rows, tmp_path):
    """Makes the body of a cell."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def make(train="max_steps: 3, batch_size: 8", *, task="relation", method="full"):
        data = f"{{train: {path}, dev: {path}, test: {path}}}"
        return f"task: {task}\nmodel: {tiny_model}\ndata: {data}\nmethod: {method}\ntrain: {{{train}}}"

    return make


QUESTIONS = [
    "the <e1>cow</e1> made <e2>tea</e2>",
    "the <e1>cat</e1> of <e2>pie</e2>",
    "a <e2>dog</e2> and <e1>cow</e1>",
]


def test_relations_are_learned_reported_and_answered_from_a_folder(body, tmp_path):
    run = finish(start_run("run", prepare(parse_cell(body("epochs: 8, batch_size: 8, learning_rate: 5e-3"), {}))))
    assert list(run.history.columns) == ["epoch", "step", "loss", "macro_f1", "micro_f1", "accuracy", "best"]
    report = run.report("test")
    assert report.headline.metric.name == "macro_f1"
    assert report.headline.value > 0.8
    assert report.none_label == "Other"
    assert RelationReport.from_json(json.loads(json.dumps(report.to_json()))).scores == report.scores
    answers = run.predict(QUESTIONS[:2])
    assert [(item.relation, item.head, item.tail) for item in answers] == [
        ("make", "cow", "tea"),
        ("make", "pie", "cat"),
    ]
    assert "─▶" in answers._repr_html_()
    saved = str(run.save(tmp_path / "saved"))
    tokenizer, model = AutoTokenizer.from_pretrained(saved), AutoModelForTokenClassification.from_pretrained(saved)
    text = "the [E1]cow[/E1] made [E2]tea[/E2]"
    with torch.no_grad():
        ids = tokenizer(text, return_tensors="pt")
        states = model(**ids).logits[0]
    starts = [ids["input_ids"][0].tolist().index(tokenizer.convert_tokens_to_ids(mark)) for mark in ("[E1]", "[E2]")]
    shares = states[starts].sum(0).softmax(-1)
    assert dict(answers[0].probabilities) == pytest.approx(
        {model.config.id2label[at]: float(share) for at, share in enumerate(shares)}, abs=2e-2
    )
    loaded = load_trained(saved)
    again = loaded.predict(loaded.task.parse(QUESTIONS[:1]))
    assert loaded.task.answer(loaded.task.parse(QUESTIONS)[0], again[0]).label == answers[0].label


def test_a_method_that_keeps_what_it_trains_finds_its_markers_again(body):
    task = "{relation: {markers: typed}}"
    run = finish(start_run("tuned", prepare(parse_cell(body(task=task, method="lora"), {}))))
    ours = [dict(answer.probabilities) for answer in run.predict(QUESTIONS)]
    loaded = load_trained(str(run.model_dir))
    assert loaded.task.types == (("X",), ())
    assert "[E1:X]" in loaded.tokenizer.get_vocab()
    examples = loaded.task.parse(QUESTIONS)
    theirs = [
        dict(loaded.task.answer(*pair).probabilities) for pair in zip(examples, loaded.predict(examples), strict=True)
    ]
    assert ours[0] == pytest.approx(theirs[0], abs=1e-5)


def test_a_model_of_another_task_is_refused():
    config = type("Config", (), {"id2label": {0: "O"}, "num_labels": 1, "name_or_path": "m"})
    with pytest.raises(ModelError, match="it was not trained for relations"):
        RelationTask.from_saved({}, config)


@pytest.fixture(scope="module")
def marked(tiny_model):
    """A tokenizer with markers for inputs of so many tokens."""
    from transformers import AutoModel

    tokenizer = load_tokenizer(str(tiny_model))
    model = AutoModel.from_pretrained(tiny_model)
    before = model.get_input_embeddings().num_embeddings
    new = add_markers(model, tokenizer, descriptions(((), ())))
    assert (new, add_markers(model, tokenizer, descriptions(((), ())))) == (["[E1]", "[/E1]", "[E2]", "[/E2]"], [])
    rows = model.get_input_embeddings().weight[before:]
    assert len(rows) == 4
    assert len({tuple(row.tolist()) for row in rows}) == 4
    return lambda most: MarkedTokenizer(tokenizer, ((), ()), most)


def test_a_long_text_keeps_both_markers_and_what_is_near_them(marked):
    near, far = "b c d " * 30, "x y z " * 200
    texts = [
        f"{near}<e1>cat</e1> of <e2>dog</e2> {near}",
        f"{far}<e2>cat</e2> {far}<e1>dog</e1>",
        f"<e1>{far}</e1> a <e2>{far}</e2>",
        "a <e1>cat</e1> [E1] [/E2] <e2>dog</e2>",
    ]
    tokenizer = marked(40)
    ids = [tokenizer._ids[mark] for mark in ("[E1]", "[/E1]", "[E2]", "[/E2]")]
    for text, found in zip(texts, tokenizer([MarkedText(*parse_tags(text)) for text in texts]), strict=True):
        assert len(found.input_ids) <= 40
        assert [found.input_ids.count(mark) for mark in ids] == [1] * 4
        assert [found.input_ids[at] for at in found.positions] == [ids[0], ids[2]]
        assert found.cut == (text != texts[-1])
    assert len(tokenizer([MarkedText(*parse_tags(texts[0]))])[0].input_ids) == 40
    with pytest.raises(ModelError, match="10 tokens are too few for two entities"):
        marked(10)


def test_the_loss_is_the_same_in_parts_and_unknown_relations_are_left_out():
    task = RelationTask(RelationSettings(label_smoothing=0.1), ("a", "b", "c"))
    logits = torch.randn(6, 9, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.full((6, 9), IGNORE_INDEX)
    for row in range(5):  # the last has a relation that the model does not know
        labels[row, [row, 8]] = row % 3
    whole = task.loss({"logits": logits}, labels)
    parts = [task.loss({"logits": logits[part]}, labels[part], 10) for part in (slice(0, 2), slice(2, 5), slice(5, 6))]
    assert float(sum(parts)) == pytest.approx(float(whole), abs=1e-6)
    sums = torch.stack([logits[row, row] + logits[row, 8] for row in range(5)]).float()
    target = torch.tensor([row % 3 for row in range(5)])
    assert float(whole) == pytest.approx(
        float(torch.nn.functional.cross_entropy(sums, target, label_smoothing=0.1)), abs=1e-6
    )


def test_a_card_draws_the_arrow_the_way_the_relation_leads():
    example = MarkedText("x" * 400 + " cat of <b> dog", (401, 404), (408, 411), types=("ANIMAL", ""), id="r")
    card = relation_card(
        example,
        none_label="Other",
        data={"gold": ["make(e2,e1)"], "predicted": ["Other"], "right": False, "badge": "missed relation"},
    )
    shown = shown_card(card)
    ours, theirs = shown.arrows
    assert (ours.name, ours.start, ours.said, ours.end, ours.none, ours.right) == (
        "gold",
        "<b>",
        "make",
        "cat",
        False,
        None,
    )
    assert (theirs.start, theirs.said, theirs.none, theirs.right) == ("cat", "Other", True, False)
    (sentence,) = shown.sentences
    assert [tag.text for piece in sentence.pieces for tag in piece.tags] == ["e1 ANIMAL", "e2"]
    assert sentence.pieces[0].text == "… "
    html = card_html(card, {"make(e2,e1)": "#0072B2"})
    assert "&lt;b&gt;" in html
    assert html.count("─▶") == 1


def test_a_report_names_each_way_of_being_wrong():
    texts = [f"<e1>a{at}</e1> of <e2>b</e2>" for at in range(5)]
    examples = [MarkedText(*parse_tags(text), id=f"row {at}") for at, text in enumerate(texts)]
    gold = ["r(e1,e2)", "r(e1,e2)", "s(e1,e2)", "Other", "Other"]
    pred = ["r(e1,e2)", "r(e2,e1)", "Other", "s(e1,e2)", "Other"]
    report = ft_magics.evaluate(gold, pred, task="relation", examples=examples)
    badges = [row["outcome"] for row in report.predictions]
    assert badges == ["right", "wrong direction", "missed relation", "spurious relation", "right"]
    assert report.predictions[1]["e1"] == "a1"
    assert report.turned == {"r": 1, "s": 0}
    assert report.scores["direction"].value == 0.5
    table = report.sections()[1]
    assert [row.cells[0].text for row in table.rows] == [
        "r",
        "r(e1,e2)",
        "r(e2,e1)",
        "s",
        "macro average",
        "micro average",
        "Other",
    ]
    (turned,) = report.evidence.page({"filter": table.rows[0].cells[-1].filter})["cards"]
    assert turned["data"]["badge"] == "wrong direction"
    other = ft_magics.evaluate(gold, ["r(e1,e2)"] * 5, task="relation", examples=examples)
    assert "macro F1" in report.compare([other]).to_html()
    assert "wrong direction" in report.to_html()


def test_inputs_without_marks_are_refused_by_their_number():
    task = RelationTask(RelationSettings(), ("a",))
    with pytest.raises(DataError, match=r"texts\[1\]: no entity is marked"):
        task.parse(["<e1>a</e1> <e2>b</e2>", "a b"])
    with pytest.raises(DataError, match=r"texts\[0\]: found a record of text, e1; expected a text with tags"):
        task.parse([{"text": "a b", "e1": [0, 1]}])
    frame = pd.DataFrame([{"sentence": "a b", "head": "a", "tail": [2, 3], "head_type": "X"}])
    (example,) = task.parse(frame)
    assert (example.entities, example.types) == (("a", "b"), ("X", ""))
