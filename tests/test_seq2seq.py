"""`task: translate` and `task: summarize`: data, losses, generation, a run's life."""

from __future__ import annotations

import json

import ft_magics
import pytest
import torch
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks import generating
from ft_magics.tasks.registry import find_task
from ft_magics.tasks.seq2seq.config import PairOptions
from ft_magics.tasks.seq2seq.reader import read_split
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from exact_gradients import gradients_of
from runs import assert_same_end, finish
from two_parts import KINDS, make_two_parts

WORDS = ("abc", "de fg", "hij k", "lm", "nop", "qr s", "tuv wxyz", "yz a")
ROWS = [{"source": f"{word} {at}", "target": f"{word[::-1]} {at}, to be read"} for at in range(3) for word in WORDS]


@pytest.fixture(scope="module")
def pairs_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


@pytest.fixture
def body(tiny_model, pairs_file):
    def make(train="epochs: 2, batch_size: 8, learning_rate: 1e-3", *, task="translate", model=tiny_model, extra=""):
        data = f"{{train: {pairs_file}, dev: {pairs_file}, test: {pairs_file}}}"
        return f"task: {task}\nmodel: {model}\ndata: {data}\ntrain: {{{train}}}\n{extra}"

    return make


@pytest.fixture
def make(body):
    return lambda *arguments, **named: prepare(parse_cell(body(*arguments, **named), {}))


def read(source, tmp_path, text=None, **options):
    if text is not None:
        path = tmp_path / source
        path.write_text(text, encoding="utf-8")
        source = str(path)
    return read_split("train", source, PairOptions(**options))


# A run's life


def test_a_cell_trains_reports_and_predicts_and_generates_nothing_twice(body, run_cell, shell, monkeypatch):
    written = []

    def counted(model, inputs, how, **named):
        written.append(len(inputs["input_ids"]))
        return generating.generate(model, inputs, how, **named)

    monkeypatch.setattr("ft_magics.tasks.seq2seq.task.generate", counted)
    said = run_cell(
        "%%finetune back\n" + body(extra="eval: {examples: 5}", task="{translate: {generation: {beams: 2}}}")
    )
    assert "an encoder-decoder was made of it, both halves of which begin with its weights (Rothe et al. 2020)" in said
    assert "its tokenizer has no end token; [SEP] ends a text" in said
    run = shell.user_ns["back"]
    assert run.status == "done"
    assert sum(written) == 2 * 5 + (len(ROWS) - 5) + len(ROWS)  # two evaluations, the rest of dev, test
    events = [event for event in run.events if event.kind == "evaluated"]
    assert [name for name, _ in events[0].samples[0]["texts"]] == ["source", "reference", "output"]
    assert len(events[0].samples) == 4
    report = run.report("test")
    assert set(report.scores) == {"chrf", "bleu"}
    assert report.signatures["BLEU"].startswith("nrefs:1|case:mixed|eff:no|tok:13a")
    outputs = run.predict([row["source"] for row in ROWS[:3]])
    kept = [json.loads(line)["output"] for line in run.folder.predictions("test").read_text().splitlines()]
    assert outputs == kept[:3]
    assert f"source: {ROWS[0]['source']}, translation: {outputs[0]}" in run_cell(f"%%predict back\n{ROWS[0]['source']}")

    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(run.model_dir)
    tokenizer = AutoTokenizer.from_pretrained(run.model_dir)
    inputs = tokenizer([ROWS[0]["source"]], return_tensors="pt")
    longest = json.loads((run.model_dir / "ft_magics.json").read_text())["saved"]["longest"]
    ids = model.generate(inputs.input_ids, num_beams=2, early_stopping=True, max_new_tokens=longest)
    assert tokenizer.decode(ids[0], skip_special_tokens=True).strip() == outputs[0]


def test_a_run_that_breaks_ends_with_the_same_bits(make, patch):
    settings = {"extra": "eval: {every: {steps: 3}, examples: 4}\nsave: {every: {steps: 2}}"}
    whole = finish(start_run("whole", make(**settings)))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 5:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make(**settings))
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    assert_same_end(finish(resume_run("broken", make(**settings))), whole)


def test_the_gradient_is_the_same_however_a_step_is_split(body, tmp_path):
    def gradients(batch_size, accumulation):
        text = body(f"max_steps: 2, batch_size: {batch_size}, gradient_accumulation: {accumulation}, precision: fp32")
        return gradients_of(text.replace("translate", "summarize"), tmp_path / f"{batch_size}x{accumulation}")

    one, split = gradients(8, 1), gradients(2, 4)
    assert one.keys() == split.keys()
    for name, item in one.items():
        assert torch.allclose(item, split[name], rtol=1e-4, atol=1e-6), name


# Models


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_of_the_decoder_and_the_loss_are_those_of_the_model(kind, tmp_path, tiny_model, make):
    trained = (prepared := make(model=make_two_parts(tmp_path, kind, tiny_model))).trained
    features = prepared.features["train"][:5]
    batch = trained.task.collate(features, trained.spec)
    labels = batch.pop("labels")
    model = trained.model.eval()
    with torch.inference_mode():
        outputs = model(**batch)
        theirs = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels)
    asked = labels != -100
    assert torch.allclose(outputs.logits[asked], theirs.logits[asked], atol=1e-5)
    if kind != "prophetnet":  # whose loss is of several tokens ahead
        assert trained.task.loss(outputs, labels).item() == pytest.approx(theirs.loss.item(), rel=1e-6)
    raw, _ = trained.infer(features)
    assert all(len(ids) <= trained.task.longest for ids in raw)


def test_methods_work_on_both_parts_or_are_refused_in_a_sentence(tmp_path, tiny_model, make):
    bart = make_two_parts(tmp_path, "bart", tiny_model)
    whole = make(model=bart, extra="method: full").trainable_parameters
    for method in ("lora", "bitfit", "adapter", "[full, freeze]"):
        prepared = make(model=bart, extra=f"method: {method}")
        assert 0 < prepared.trainable_parameters < whole
        trainable = [name for name, item in prepared.trained.model.named_parameters() if item.requires_grad]
        assert any(".encoder." in name for name in trainable)
        assert any(".decoder." in name for name in trainable)
    with pytest.raises(CellError, match="this bart model has two; `prompt`, before what the encoder reads"):
        make(model=bart, extra="method: prefix")
    with pytest.raises(CellError, match="a model that is made of .* has new weights, which have to be kept too"):
        make(extra="method: lora")


def test_a_model_of_another_kind_is_refused_with_two_that_fit(tmp_path, make):
    from architectures import make_tiny

    with pytest.raises(ModelError) as error:
        make(model=make_tiny(tmp_path / "deberta", "deberta-v2"))
    assert "is a deberta-v2 model, and translating needs an encoder-decoder, such as `google-t5/t5-small`" in str(
        error.value
    )
    assert "or `minilm`" in str(error.value)


# Data


def test_columns_are_found_by_name_by_language_and_by_place(tmp_path):
    named = read("a.csv", tmp_path, "id,summary,document\n1,short,long text\n2,brief,longer text\n")
    assert [(item.text, item.target) for item in named.examples] == [("long text", "short"), ("longer text", "brief")]
    pair = [{"translation": {"en": "one", "zh": "一"}}, {"translation": {"en": "two", "zh": "二"}}]
    from ft_magics.config.references import Reference

    languages = read_split("train", Reference("x", pair), PairOptions(source_column="zh", target_column="en"))
    assert [(item.text, item.target) for item in languages.examples] == [("一", "one"), ("二", "two")]
    place = read("b.tsv", tmp_path, "to title\tan abstract\ta title\nto title\tanother one\tits title\n")
    assert place.examples[0].text == "an abstract"
    assert any("`source_column` and `target_column`" in note for note in place.notes)
    lists = read("c.jsonl", tmp_path, '{"source": ["One.", "Two."], "target": ["a", "b"]}\n' * 2)
    assert (lists.examples[0].text, lists.examples[0].references) == ("One. Two.", ("a", "b"))
    same = read("d.csv", tmp_path, "en_XX,zh_CN\nyes,对\nright,对\n")
    assert [(item.text, item.target) for item in same.examples] == [("yes", "对"), ("right", "对")]
    assert read("e.csv", tmp_path, "summary,story\na,b\nc,d\n").examples[0].text == "b"
    assert len(read("f.csv", tmp_path, "x1,x2\na,b\n", source_column="x1", target_column="x2").examples) == 1
    assert len(read("g.jsonl", tmp_path, '{"source": ["One.", "Two."], "target": ["a", "b"]}').examples) == 1
    turns = [{"meeting": [{"speaker": "A", "text": "Hi."}, {"text": "Yes?"}], "summary": "They meet."}]
    assert read_split("train", Reference("x", turns)).examples[0].text == "A: Hi.\nYes?"
    turns[0]["meeting"] = [["A", "Hi."], ["B", "Yes?"]]
    assert read_split("train", Reference("x", turns)).examples[0].text == "A: Hi.\nB: Yes?"
    for other, said in ((None, "the target is empty"), ("one", "found 'one', expected texts by language")):
        pair[1] = {"translation": {"en": "two", "zh": None} if other is None else other}
        with pytest.raises(DataError, match=rf"\$x\[1\]: {said}"):
            read_split("train", Reference("x", pair))


def test_two_parallel_files_are_read_line_by_line(tmp_path):
    (tmp_path / "x.zh").write_text("一\n\n三\n", encoding="utf-8")
    found = read("x.en", tmp_path, "one\n\nthree\n", target_path=str(tmp_path / "x.zh"))
    assert [(item.text, item.target, item.id) for item in found.examples] == [
        ("one", "一", "x.en, line 1"),
        ("three", "三", "x.en, line 3"),
    ]
    assert found.notes == ["x.en: 1 lines that are empty in both files were left out"]
    with pytest.raises(DataError, match=r"x.en has 2 lines and x.zh has 3"):
        read("x.en", tmp_path, "one\ntwo", target_path=str(tmp_path / "x.zh"))


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("source\ttarget\na\tb\n\tc\nd\t\n", {}, "a.tsv, line 3: the source is empty"),
        ("source\ttarget\na\tb\n\tc\nd\t\n", {}, "a.tsv, line 4: the target is empty"),
        ("source\ttarget\na\tb\n", {"source_column": "sauce"}, "no column called sauce for `source_column`"),
        ("a\nb\n", {}, "there is one column only (1); expected a source and its target"),
        ("1\t2\n3\t4\n", {}, "no column looks like the target"),
        ("en\tzh\nhi\t你好\nbye\t\n", {}, "a.tsv, line 3: the target is empty"),
        ("to title\tone\tits title\nto title\ttwo\t\n", {}, "a.tsv, line 2: the target is empty"),
    ],
)
def test_what_is_missing_is_said_with_its_place(text, options, said, tmp_path):
    with pytest.raises(DataError) as error:
        read("a.tsv", tmp_path, text, **options)
    assert said in str(error.value)


@pytest.mark.shared
def test_quirks_are_read_or_refused_as_expected(shared):
    folder = shared / "quirks"
    with pytest.raises(DataError) as error:
        read_split("train", str(folder / "50_tsv_missing_tab_en_zh.tsv"), PairOptions())
    assert str(error.value).count("line") >= 2
    found = read_split(
        "train", str(folder / "51_tsv_literal_quotes.tsv"), PairOptions(source_column="text", target_column="category")
    )
    assert (
        len(found.examples) == json.loads((folder / "expected.json").read_text())["51_tsv_literal_quotes.tsv"]["rows"]
    )


def test_what_is_cut_is_counted_and_said(make):
    notes = make("max_length_tokens: 8", task="{translate: {max_target_tokens: 12}}").check.notes
    assert any("targets (100.0 %) are longer than 12 tokens and are cut off there" in note for note in notes)
    assert any("sources (" in note and "longer than 8 tokens" in note for note in notes)


# Settings and scores


def test_settings_that_have_no_use_are_refused(body):
    for settings, said in (
        ("{top_p: 0.9}", "`top_p` has a use only where tokens are drawn; say `do_sample: true` too"),
        ("{beams: 1, length_penalty: 2.0}", "`length_penalty` chooses among several beams"),
    ):
        with pytest.raises(CellError) as error:
            parse_cell(body(task=f"{{summarize: {{generation: {settings}}}}}"), {})
        assert said in str(error.value)


def test_draws_depend_on_the_input_alone(make):
    task = "{translate: {generation: {beams: 1, do_sample: true, max_new_tokens: 8}}}"
    trained = (prepared := make(task=task)).trained
    features = prepared.features["dev"][:6]
    first = trained.infer(features)[0]
    torch.manual_seed(123)
    assert trained.infer(features)[0] == first


def test_own_texts_are_scored_as_lists_by_id_and_from_files(tmp_path):
    scores = ft_magics.evaluate(["the cat sat"], ["the cat sat"], task="translate").scores
    with pytest.raises(DataError, match="a report of `task: translate` has no option `foo`"):
        ft_magics.evaluate(["the cat sat"], ["the cat sat"], task="translate", foo=1)
    assert (scores["bleu"].value, scores["chrf"].value) == (0.0, 100.0)  # three words have no run of four
    found = ft_magics.evaluate({"a": ["one two", "one"], "b": "three"}, {"b": "three", "a": "one"}, task="summarize")
    assert [found.scores[name].value for name in ("rouge1", "rouge2", "rougeL")] == [1.0, 0.0, 1.0]
    (tmp_path / "ref.txt").write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "ref.csv").write_text("id,summary\n1,a\n2,b\n", encoding="utf-8")
    read_answers = find_task("summarize").read_answers
    assert read_answers(str(tmp_path / "ref.txt"), {}) == read_answers(str(tmp_path / "ref.csv"), {}) == ["a", "b"]
