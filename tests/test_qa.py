"""`task: qa` from a cell to its files: windows, the best answer over all of them, no answer, long articles, cards."""

from __future__ import annotations

import json
import math
import unicodedata
from array import array
from itertools import product

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.errors import CellError, DataError
from ft_magics.evaluation.answers.answered import Candidate, Gold, Passage, at_borders
from ft_magics.evaluation.card_html import card_html
from ft_magics.evaluation.card_shown import shown_card
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.qa.answer import read_questions
from ft_magics.tasks.qa.config import QaSettings
from ft_magics.tasks.qa.decode import Prediction, best_spans, choose
from ft_magics.tasks.qa.examples import Question
from ft_magics.tasks.qa.records import answered, from_record, report_of, to_record
from ft_magics.tasks.qa.task import QaTask
from ft_magics.tasks.qa.thresholds import choose_threshold
from ft_magics.tasks.qa.windows import Cut, PairEncoder, Window
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from transformers import AutoModelForQuestionAnswering, AutoTokenizer, PreTrainedTokenizerFast

from method_trials import body
from runs import assert_same_end, finish

TOWNS = ["rome", "paris", "oslo", "kyiv", "lima", "bonn"]
PEOPLE = ["ada", "bob", "cleo", "dan", "eve", "finn", "gus", "hal"]


def squad(low, high):
    """Who lives where and who left; nobody came."""
    paragraphs = []
    for at in range(low, high):
        who, town, other = PEOPLE[at % 8], TOWNS[(at * 5 + at // 8) % 6], PEOPLE[(at + 3) % 8]
        context = f"{who} lives in {town} now. {other} left."
        answers = {f"where does {who} live?": town, "who left?": other, "who came?": None}
        asked = [
            {
                "id": f"{at}.{number}",
                "question": question,
                "answers": [] if text is None else [{"text": text, "answer_start": context.index(text)}],
            }
            for number, (question, text) in enumerate(answers.items())
        ]
        paragraphs.append({"context": context, "qas": asked})
    return {"version": "v2.0", "data": [{"title": "t", "paragraphs": paragraphs}]}


@pytest.fixture(scope="module")
def run(tiny_model, tmp_path_factory):
    """A run that has learned a little, with questions that have no answer."""
    folder = tmp_path_factory.mktemp("questions")
    for name, low, high in (("train", 0, 16), ("dev", 16, 24)):
        (folder / f"{name}.json").write_text(json.dumps(squad(low, high)))
    body = (
        f"task: {{qa: {{doc_stride: 8, max_answer_tokens: 8}}}}\nmodel: {tiny_model}\n"
        f"data: {{train: {folder}/train.json, dev: {folder}/dev.json, test: {folder}/dev.json}}\n"
        "train: {epochs: 5, batch_size: 8, learning_rate: 5e-3, device: cpu, precision: fp32}\n"
        f"save: {{dir: {folder}, every: null}}"
    )
    return finish(start_run("town", prepare(parse_cell(body, {}))))


def byte_tokenizer():
    """A tokenizer of bytes with RoBERTa's special tokens: two between question and context, no type ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: at for at, word in enumerate(["<s>", "</s>", "<pad>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@pytest.mark.parametrize("stride", [0, 5])
def test_windows_are_those_of_the_tokenizer_itself(tiny_model, kind, stride):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model) if kind == "bert" else byte_tokenizer()
    encoder = PairEncoder(Spec(tokenizer=tokenizer, config=None, max_length_tokens=32), doc_stride=stride)
    question, context = "who is 王?", "In Rome, 王小明 met bob. " * 4 + "Café\u0301 closed."
    theirs = tokenizer(
        question,
        context,
        truncation="only_second",
        max_length=32,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    ours = encoder.windows(0, question, encoder.cut(context), None, asked=False)
    assert len(ours) > 3
    assert [list(window.input_ids) for window in ours] == theirs["input_ids"]
    assert [list(window.type_ids) for window in ours] == theirs.get("token_type_ids", [[]] * len(ours))
    for at, window in enumerate(ours):
        sides = theirs.sequence_ids(at)
        placed = [pair for pair, side in zip(theirs["offset_mapping"][at], sides, strict=True) if side == 1]
        inside = slice(window.offset, window.offset + window.count)
        found = list(zip(window.cut.starts[inside], window.cut.ends[inside], strict=True))
        assert len(found) == len(placed)
        assert all(own == their or own[0] == own[1] for own, their in zip(found, placed, strict=True))
        assert theirs.sequence_ids(at)[window.first] == 1


def test_labels_are_the_answers_tokens_where_a_window_has_all_of_it(tiny_model):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    encoder = PairEncoder(Spec(tokenizer=tokenizer, config=None, max_length_tokens=24), doc_stride=6)
    context = "bob is in rome and ada is in oslo"
    start = context.index("rome")
    windows = encoder.windows(0, "where?", encoder.cut(context), (start, start + 4), asked=True)
    found = [window.input_ids[window.labels[0] : window.labels[1] + 1] for window in windows if window.labels[0]]
    assert found
    assert {tokenizer.decode(ids).replace(" ##", "") for ids in found} == {"rome"}
    assert any(window.labels == (0, 0) for window in windows)
    (unasked, *_) = encoder.windows(0, "", encoder.cut(context), None, asked=False)
    assert unasked.labels == (IGNORE_INDEX, IGNORE_INDEX)
    cut = encoder.windows(0, "where " * 20, encoder.cut(context), None, asked=True)
    assert all(window.question_cut and window.tokens <= 24 for window in cut)


def negatives_body(folder, asked, said, more="seed: 1"):
    (folder / "train.json").write_text(json.dumps(asked))
    setting = "" if said is None else f"negative_windows: {said}, "
    return (
        f"task: {{qa: {{{setting}doc_stride: 2}}}}\nmodel: {folder}/model\n"
        f"data: {{train: {folder}/train.json, dev: {folder}/train.json}}\n"
        f"train: {{max_steps: 1, max_length_tokens: 24, {more}}}"
    )


@pytest.fixture
def long_contexts(tiny_model, tmp_path):
    """Seven questions with an answer, one without, and one whose answer is longer than windows overlap."""
    (tmp_path / "model").symlink_to(tiny_model)
    context = "Ada ran home. " * 30 + "Bob sat down."
    asked = [{"question": f"who sat {at}?", "context": f"{context} {at}", "answers": ["Bob"]} for at in range(7)]
    asked.append({"question": "who sat?", "context": "Ada ran home. " * 30, "answers": []})
    asked.append({"question": "who?", "context": f"{context} 9", "answers": [context]})
    return tmp_path, asked


@pytest.mark.parametrize(
    ("said", "negatives", "lone"),
    [(None, 0.2, 1), ("all", 1000, 1000), (0, 0, 1), (0.5, 0.5, 1), (3, 3, 3), (1000, 1000, 1000)],
)
def test_windows_without_the_answer_do_not_drown_out_those_with_it(long_contexts, said, negatives, lone):
    folder, asked = long_contexts
    prepared = prepare(parse_cell(negatives_body(folder, asked, said), {}))
    everything, trained = list(prepared.features["dev"]), list(prepared.features["train"])
    holding = [window for window in everything if window.holds_answer]
    missing = [window for window in everything if window.is_negative and window.example < 7]
    nothing = [window for window in everything if window.example == 7]
    assert {window.example for window in holding} == set(range(7))
    assert [window for window in trained if window.holds_answer] == holding
    kept = sum(window.is_negative and window.example < 7 for window in trained)
    assert kept == min(round(negatives * len(holding)), len(missing))
    assert sum(window.example == 7 for window in trained) == min(lone, len(nothing))
    assert not [window for window in trained if window.example == 8]  # its answer is in no window as a whole
    assert trained == sorted(trained, key=everything.index)
    again = prepare(parse_cell(negatives_body(folder, asked, said, "seed: 2"), {}))
    assert list(again.features["train"]) == trained
    left = len(missing) + len(nothing) - sum(window.is_negative for window in trained)
    notes = [note for note in prepared.check.notes if "not trained on, so that they do not drown out" in note]
    assert bool(notes) == bool(left)
    if left:
        setting = 0.2 if said is None else float(said)
        assert notes[0] == (
            f"train: {left} of {len(missing) + len(nothing)} windows without an answer are not trained on, so that they "
            f"do not drown out the {len(holding)} with one (`negative_windows: {setting}`)"
        )


def test_data_without_a_window_that_holds_an_answer_are_refused(long_contexts):
    folder, asked = long_contexts
    with pytest.raises(DataError, match="no answer is in a window as a whole.*a greater `max_length_tokens` helps"):
        prepare(parse_cell(negatives_body(folder, asked[7:], 0.2), {}))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("some", r"the text `some`, expected a number, such as `0.5`, or `all`"),
        ("true", r"the truth value true, expected a number, such as `0.5`, or `all`"),
        ("null", r"nothing, expected a number, such as `0.5`, or `all`"),
        ("{a: 1}", r"a section, expected a number, such as `0.5`, or `all`"),
        ("-1", "-1, expected greater than or equal to 0"),
        ("1001", "1001, expected less than or equal to 1000"),
    ],
)
def test_a_share_of_windows_that_is_none_is_refused_with_its_line(said, found):
    with pytest.raises(CellError, match=f"line 4  task.qa.negative_windows: found {found}"):
        parse_cell(f"task:\n  qa:\n    negative_windows: {said}\nmodel: x\ndata: {{train: y}}", {})


def test_the_best_answer_is_that_of_all_spans_of_all_windows():
    """Against every span, one by one."""
    draw = np.random.default_rng(3)
    context = "abcdefghijkl"
    cut = Cut(array("i", range(12)), array("i", range(12)), array("i", range(1, 13)))
    windows = [
        Window(0, array("i", range(first + count + 1)), array("b"), cut, first, offset, count, (0, 0))
        for first, offset, count in ((3, 0, 7), (3, 5, 7))
    ]
    logits = torch.tensor(draw.normal(size=(2, 2, 14)) * 2, dtype=torch.float32)
    kept = best_spans(logits[0], logits[1], windows, longest=4)
    everything = {}
    for at, window in enumerate(windows):
        for low, high in product(range(window.count), repeat=2):
            if low <= high < low + 4:
                score = float(logits[0, at, window.first + low] + logits[1, at, window.first + high])
                span = (window.offset + low, window.offset + high + 1)
                everything[span] = max(score, everything.get(span, -math.inf))
    nothing = min(float(logits[0, at, 0] + logits[1, at, 0]) for at in range(2))
    ranked = sorted(everything.items(), key=lambda item: -item[1])
    found = choose(context, windows, kept, n_best=5, threshold=0.0)
    assert [each.text for each in found.n_best] == [context[slice(*span)] for span, _ in ranked[:5]]
    total = sum(math.exp(score) for score in everything.values()) + math.exp(nothing)
    assert [each.probability for each in found.n_best] == pytest.approx(
        [math.exp(score) / total for _, score in ranked[:5]], rel=0.02
    )
    assert found.nothing == pytest.approx(math.exp(nothing) / total, rel=0.02)
    assert found.margin == pytest.approx(nothing - ranked[0][1], abs=1e-4)
    assert choose(context, windows, kept, n_best=5, threshold=found.margin - 0.1).answer.text == ""
    assert choose(context, windows, kept, n_best=5, threshold=None).nothing is None


def test_padding_and_a_windows_neighbours_in_a_batch_do_not_change_its_loss(tiny_model):
    task = QaTask(QaSettings())
    model = AutoModelForQuestionAnswering.from_pretrained(tiny_model).eval()
    task.complete(model, "", fresh=True, seed=0)
    spec = Spec(tokenizer=AutoTokenizer.from_pretrained(tiny_model), config=model.config, max_length_tokens=64)
    texts = ["ada is in rome.", "bob lives in a very old town near oslo."]
    gold = [(Gold("rome", 10, 14),), ()]
    examples = [
        Question(question="where?", passage=Passage.of(text), gold=each) for text, each in zip(texts, gold, strict=True)
    ]
    windows = task.encode(examples, spec)

    def loss(chosen):
        batch = task.collate(chosen, spec)
        labels = batch.pop("labels")
        assert labels.shape == (len(chosen), 2)
        return task.loss(model(**batch), labels, num_items_in_batch=4).item()

    assert loss(windows) == pytest.approx(sum(loss([window]) for window in windows), rel=1e-6)


def test_the_threshold_for_no_answer_is_the_one_with_the_best_f1():
    def made(margin, text, gold):
        spans = (Candidate(text, 0, 0.5),)
        example = Question(question="?", passage=Passage.of("x"), gold=(Gold(gold, 0, 1),) if gold else ())
        return example, Prediction(spans[0], spans, margin, 0.5)

    rows = [made(-3.0, "a x", "x"), made(-1.0, "b", "c"), made(0.5, "d", "d"), made(2.0, "e", ""), made(-4.0, "f", "f")]
    examples, predictions = zip(*rows, strict=True)
    assert choose_threshold(examples, predictions, 0.0) == pytest.approx(1.25)
    assert choose_threshold(examples[:3], predictions[:3], 0.7) == 0.7  # nothing to choose by
    without = [made(-5.0, "a", ""), made(1.0, "b", "c")]
    assert choose_threshold(*zip(*without, strict=True), 0.0) < -5


def test_a_cell_trains_reports_answers_and_keeps_its_threshold(run):
    report = run.report("test")
    assert report.headline.metric.name == "f1"
    assert report.headline.value > 0.3
    assert set(report.scores) >= {"exact_match", "no_answer_accuracy"}
    assert list(report.by_label) == ["who", "where"]
    lines = [json.loads(line) for line in run.folder.predictions("test").read_text(encoding="utf-8").splitlines()]
    again = ft_magics.evaluate(
        str(run.dir.parent / "dev.json"), {line["key"]: line["pred"][0] for line in lines}, task="qa"
    )
    assert again.scores == report.scores
    saved = json.loads((run.model_dir / "ft_magics.json").read_text())["saved"]
    assert saved["settings"]["doc_stride"] == 8
    assert saved["threshold"] is not None
    assert load_trained(str(run.model_dir)).task.threshold == saved["threshold"]
    asked = {"question": "who left?", "context": "ada lives in rome now. bob left."}
    (answer,) = run.predict(asked)
    for each in (answer, *answer.n_best):
        assert not each.text or asked["context"][each.start : each.end] == each.text
    shares = [each.probability for each in answer.n_best]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.001
    assert run.predict("who left? ada lives in rome now. bob left.") == answer
    assert run.predict([tuple(asked.values())])[0] == answer
    assert ft_magics.load(run.dir).predict([asked])[0] == answer


def test_a_run_that_died_ends_with_the_same_bits(tiny_model, tmp_path, patch):
    text = body(tmp_path, tiny_model, "qa", "full", train="epochs: 2, batch_size: 4, learning_rate: 5e-3")
    text += "save: {every: {steps: 1}}\n"
    whole = finish(start_run("whole", prepare(parse_cell(text, {}))))
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == 3:
            raise KeyboardInterrupt
        return counted(self, args, state, control, **named)

    with patch.context() as once:
        once.setattr(RunCallback, "on_step_end", die)
        assert start_run("broken", prepare(parse_cell(text, {}))).wait(120)
    assert_same_end(finish(resume_run("broken", prepare(parse_cell(text, {})))), whole)


def test_evaluate_takes_runs_on_other_data_and_files_of_answers(run_cell, run, tmp_path):
    data = run.dir.parent / "dev.json"
    lines = map(json.loads, run.folder.predictions("test").read_text(encoding="utf-8").splitlines())
    (tmp_path / "pred.json").write_text(json.dumps({line["key"]: line["pred"][0] for line in lines}))
    run_cell(f"one = %evaluate {run.dir} --data {data}")
    run_cell(f"two = %evaluate --gold {data} --pred pred.json --task qa")
    run_cell("one.scores == two.scores")
    assert run_cell.result.result is True


def test_what_was_saved_is_a_model_for_plain_transformers(run):
    model = AutoModelForQuestionAnswering.from_pretrained(run.model_dir).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.model_dir)
    question, context = "who left?", "ada lives in rome now. bob left."
    found = tokenizer(question, context, return_tensors="pt", return_offsets_mapping=True)
    places = found.pop("offset_mapping")[0].tolist()
    with torch.no_grad():
        outputs = model(**found)
    first = found.sequence_ids(0).index(1)
    start, end = (outputs[name][0, first:-1] for name in ("start_logits", "end_logits"))
    scores = {(i, j): float(start[i] + end[j]) for i in range(len(start)) for j in range(i, min(i + 8, len(start)))}
    low, high = max(scores, key=scores.get)
    ours = run.predict((question, context))[0]
    best = next(each for each in ours.n_best if each.text)
    assert context[places[first + low][0] : places[first + high][1]] == best.text


def test_an_article_of_forty_thousand_characters(run):
    context = "\u0643\u0627\u0646 \u0647\u0646\u0627 \u4f60\u597d cafe\u0301 sleeps. " * 1600
    needle = "finn lives in lima now."
    context = context[:30_000] + needle + context[30_000:]
    assert len(context) > 40_000
    (answer,) = run.predict([("where does finn live?", context)])
    for each in (answer, *answer.n_best):
        if each.text:
            assert context[each.start : each.end] == each.text
            assert at_borders(context, each.start, each.end) == (each.start, each.end)
            assert each.text == each.text.strip()
    example = Question(
        question="?", passage=Passage.of(context), gold=(Gold("lima", 30_014, 30_018),), key="k", id="row 1"
    )
    record = to_record(example, Prediction(Candidate("cafe\u0301", context.index("cafe"), 0.5)))
    assert len(json.dumps(record, ensure_ascii=False)) < 5000  # what is near the answers
    read, prediction = from_record(json.loads(json.dumps(record)))
    assert read.passage.length == len(context)
    card = report_of([read], [prediction], title="t", resamples=0).evidence.card(0)
    marked = [part["text"][slice(*span)] for part in card.data["parts"] for span in part["gold"] + part["predicted"]]
    assert marked == ["cafe\u0301", "lima"]


def test_marks_and_joined_letters_are_not_cut():
    for text in ("e\u0301a", "a\u0301\u0323b", "\u0e01\u0e33x", "\U0001f469\u200d\U0001f467x", "\u0928\u093fx"):
        for low in range(len(text)):
            for high in range(low + 1, len(text) + 1):
                start, end = at_borders(text, low, high)
                assert start <= low < high <= end
                assert unicodedata.category(text[start])[0] != "M" or start == 0
                assert end == len(text) or unicodedata.category(text[end])[0] != "M"


def test_a_card_shows_question_context_and_both_answers():
    context = "هو أحمد بن علي، عاش في بغداد."
    gold = context.index("بغداد")
    example = Question(
        question="أين عاش؟", passage=Passage.of(context), gold=(Gold("بغداد", gold, gold + 5),), key="k", id="row 1"
    )
    prediction = Prediction(Candidate("أحمد", 3, 0.75), (Candidate("أحمد", 3, 0.75),), -1.0, 0.2)
    shown = shown_card(report_of([example], [prediction], title="t", resamples=0).evidence.card(0))
    assert (shown.question, shown.badge, shown.about) == ("أين عاش؟", "wrong", ["confidence 75.00 %"])
    (sentence,) = shown.sentences
    assert "".join(piece.text for piece in sentence.pieces) == context
    covered = {bool(piece.gold): piece.text for piece in sentence.pieces if piece.gold or piece.predicted}
    assert covered == {True: "بغداد", False: "أحمد"}
    assert sentence.mark == "\u200f"
    assert [(side.name, side.labels, side.right) for side in shown.sides] == [
        ("gold", ["بغداد"], None),
        ("predicted", ["أحمد"], False),
    ]
    assert [score.label for score in shown.scores] == ["أحمد", "(no answer)"]
    html = card_html(QaTask(QaSettings()).drawn(example, prediction), {"answer": "#0072B2"})
    assert "أين عاش؟" in html
    assert "gold" not in html
    unanswered = answered(example, Prediction(Candidate("", None, 0.9), prediction.n_best, 1.0, 0.9))
    assert [each.text for each in unanswered.n_best] == ["", "أحمد"]


def test_predict_draws_answers_in_their_context(shell, run, capsys):
    shell.user_ns["town"] = run
    shell.run_cell("%%predict town\nwho left? ada lives in rome now. bob left.\nwhere is ada | ada is in oslo")
    said = capsys.readouterr().out
    assert "who left? → " in said
    assert "where is ada → " in said
    shell.run_cell("%%predict town\nwho left?")
    assert "a question without a context; expected a question with its context" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (5, "questions is an int; expected a list"),
        ([("who?",)], r"questions\[0\] is a tuple; expected a question with its context"),
        ([{"question": "who?"}], r"questions\[0\] is a dict"),
        ([("who?", " ")], r"questions\[0\]: the context is empty"),
        ([("", "x")], r"questions\[0\]: the question is empty"),
        (["who left"], r"questions\[0\]: a question without a context"),
    ],
)
def test_what_is_no_question_is_refused(inputs, said):
    with pytest.raises(DataError, match=said):
        read_questions(inputs)


def test_questions_end_with_the_marks_of_many_scripts():
    more = ["Which, A; B or C? It is A.", "Ποιος είναι; Ο Γιάννης."]
    read = read_questions(["谁去了？王小明去了。", "من هو؟ هو أحمد.", "who (or what?) came\tbob came.", *more])
    assert [(each.question, each.text) for each in read] == [
        ("谁去了？", "王小明去了。"),
        ("من هو؟", "هو أحمد."),
        ("who (or what?) came", "bob came."),
        ("Which, A; B or C?", "It is A."),
        ("Ποιος είναι;", "Ο Γιάννης."),
    ]


def test_training_needs_an_answer(tiny_model, tmp_path):
    for paragraph in (data := squad(0, 4))["data"][0]["paragraphs"]:
        paragraph["qas"] = paragraph["qas"][2:]
    (tmp_path / "none.json").write_text(json.dumps(data))
    with pytest.raises(DataError, match="no question has an answer, so there is nothing to learn"):
        prepare(parse_cell(f"task: qa\nmodel: {tiny_model}\ndata: {{train: none.json}}\ntrain: {{epochs: 1}}", {}))
