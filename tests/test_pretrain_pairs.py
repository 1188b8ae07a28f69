"""`objective: [mlm, nsp]` and `[mlm, sop]`: what a pair is, its loss against transformers' own, cells from end to end."""

from __future__ import annotations

import shutil
from pathlib import Path

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.data.documents.document import Documents
from ft_magics.data.documents.sentences import Sentences, count_sentences, split_sentences
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.evaluation.language.report import LanguageReport
from ft_magics.runs.cells import PRETRAIN, config_of, parse_cell
from ft_magics.training.batches import GroupedByLength
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from architectures import make_tiny
from runs import assert_same_end, finish

SENTENCES = (
    "Ada lives in London and works in Paris.",
    "bob ran to the shop, and ada did not!",
    "王小明在北京去了上海。",
    "the 7 cats sat on 3 mats all day long.",
    "what did you do in 1999?",
)
KINDS = ("nsp", "sop")


def text(documents: int = 40) -> str:
    """Documents of one to five sentences, no two the same; each sentence names its document."""
    return "\n\n".join(
        "".join(f"D{at:02} {SENTENCES[(at + line) % 5]} " for line in range(1 + at % 5)) for at in range(documents)
    )


@pytest.fixture
def make(tiny_model, tmp_path):
    """A prepared run on a text."""

    def make(kind="nsp", train="epochs: 2, batch_size: 4, learning_rate: 1e-3", *, written=None, **cell):
        path = tmp_path / "texts.txt"
        path.write_text(text() if written is None else written, encoding="utf-8")
        said = {
            "objective": f"[mlm, {kind}]",
            "model": tiny_model,
            "data": f"{{train: {path}, dev: {{fraction: 0.2}}}}",
            "train": f"{{max_length_tokens: 60, {train}}}",
            **cell,
        }
        return prepare(parse_cell("\n".join(f"{key}: {value}" for key, value in said.items()), {}, kind=PRETRAIN))

    return make


def test_sentences_end_at_marks_of_both_languages_and_at_line_ends():
    said = "Mr. Bennet and J. S. Bach left. “Why?” he said; 3.5 km, e.g. here. 1. An item\n好。“真的吗？”她说；是！"
    assert split_sentences(said) == [
        "Mr. Bennet and J. S. Bach left.",
        "“Why?” he said;",
        "3.5 km, e.g. here.",
        "1. An item",
        "好。",
        "“真的吗？”",
        "她说；",
        "是！",
    ]
    assert "".join("".join(split_sentences(text())).split()) == "".join(text().split())
    assert split_sentences(" \n ") == []


@pytest.mark.parametrize("kind", KINDS)
def test_half_of_the_pairs_are_true_and_the_others_are_what_they_are_said_to_be(make, kind):
    prepared = make(kind)
    pairs = prepared.features["train"]
    documents = prepared.corpus.train.examples
    tokenizer = prepared.trained.tokenizer
    ids = [tokenizer(document.text, add_special_tokens=False)["input_ids"] for document in documents]
    texts = [" ".join(map(str, found)) for found in ids]
    lengths = {0: [], 1: []}
    for epoch in range(4):
        labels = []
        for pair in pairs.drawn(seed=3, epoch=epoch):
            row, kinds = pair.row.ids.tolist(), pair.segments
            first, second = row[1 : kinds.tolist().index(1) - 1], row[kinds.tolist().index(1) : -1]
            assert [row[0], row[len(first) + 1], row[-1]] == [2, 3, 3], "[CLS] A [SEP] B [SEP]"
            assert first
            assert second
            assert kinds.tolist() == [0] * (len(first) + 2) + [1] * (len(second) + 1)
            assert len(row) <= 60
            one, two = (" ".join(map(str, segment)) for segment in (first, second))
            own = texts[pair.example]
            if pair.label == 0:
                assert f"{one} {two}" in own
            elif kind == "sop":
                assert f"{two} {one}" in own
            else:
                assert one in own
                begins = tokenizer.decode(second)
                assert not begins.startswith(tokenizer.decode(ids[pair.example][:3])), "from another document"
                assert any(two in other for at, other in enumerate(texts) if at != pair.example)
            labels.append(pair.label)
            lengths[pair.label].append(len(row))
        assert abs(sum(labels) - len(labels) / 2) <= 0.5
    if kind == "sop":
        assert np.mean(lengths[0]) == pytest.approx(np.mean(lengths[1]), abs=1.5)
    assert len({pair.row.example for pair in pairs}) == sum(len(split_sentences(d.text)) > 1 for d in documents)


def test_a_long_sentence_and_one_that_is_left_over_are_in_rows_too(make):
    written = f"{text(8)}\n\n{'word ' * 60}. Then more. And an end.\n\n{'One is short. ' * 19}"
    pairs = make("sop", written=written, data="{train: texts.txt}").features["train"]
    tokens = pairs.plan.tokens.tokens
    assert pairs.lengths.max() <= 60
    for document in range(len(pairs.plan.sentences) - 1):
        borders = pairs.plan.borders(document)
        rows = pairs.of_example(document)
        if not rows:
            assert pairs.plan.sentences[document + 1] - pairs.plan.sentences[document] == 1
            continue
        inside = np.arange(int(pairs.plan.firsts[document]), int(pairs.plan.firsts[document + 1]))
        begins, ends = pairs.plan.begins[inside], pairs.plan.ends[inside]
        assert (begins[0], ends[-1]) == (0, len(borders) - 1), "all of the document"
        assert (ends - begins >= 2).all()
        shared = ends[:-1] - begins[1:]
        assert ((shared == 0) | (shared == 1)).all(), "one sentence at most stands in two rows"
        assert max(np.diff(borders)) <= 57 // 2
    assert len(tokens) == sum(pairs.plan.tokens.lengths)


def test_pairs_and_masks_hang_on_seed_epoch_and_row_alone_and_held_out_ones_on_nothing(make):
    prepared = make()
    features, spec, task = prepared.features["train"], prepared.trained.spec, prepared.trained.task

    def drawn(seed, epoch):
        rows = GroupedByLength(features, batch_size=4, seed=seed)
        rows.set_epoch(epoch)
        inside = [rows[at]["feature"] for at in range(len(rows))]
        return {pair.row.row: (pair.row.ids.tobytes(), pair.label, pair.hidden()[1].tobytes()) for pair in inside}

    first = drawn(1, 0)
    assert drawn(1, 0) == first
    assert sorted(first) == list(range(len(features)))
    for other in (drawn(1, 1), drawn(2, 0)):
        assert sum(other[row] != first[row] for row in first) > len(first) / 2
        assert {row: pair[1] for row, pair in other.items()} != {row: pair[1] for row, pair in first.items()}
    one = features.drawn(seed=1, epoch=0)[5]
    assert (one.row.ids.tobytes(), one.label, one.hidden()[1].tobytes()) == first[5], "whatever was drawn before it"
    held_out = prepared.features["dev"]
    assert held_out.drawn(seed=1, epoch=3) is held_out
    batches = [task.collate(list(held_out), spec) for _ in range(2)]
    assert all(torch.equal(batches[0][name], batches[1][name]) for name in batches[0])


def test_nothing_held_out_is_trained_on(make):
    prepared = make()
    numbers = {
        split.name: {
            word.lower() for document in split.examples for word in document.text.split() if word.startswith("D")
        }
        for split in prepared.corpus.splits
    }
    only_dev = numbers["dev"] - numbers["train"]
    assert len(only_dev) == 8
    tokenizer = prepared.trained.tokenizer
    for epoch in range(3):
        for pair in prepared.features["train"].drawn(seed=1, epoch=epoch):
            said = tokenizer.decode(pair.row.ids, clean_up_tokenization_spaces=False).split()
            assert not only_dev & set(said)


def test_dev_is_asked_for_the_same_tokens_as_where_there_are_no_pairs(make):
    with_pairs = make().features["dev"].masked
    without = make(objective="mlm").features["dev"]
    assert len(with_pairs) == len(without)
    for one, two in zip(with_pairs, without, strict=True):
        assert all(np.array_equal(*found) for found in zip(one.hidden(), two.hidden(), strict=True))


@pytest.mark.parametrize(("architecture", "kind"), [("bert", "nsp"), ("ernie", "nsp"), ("albert", "sop")])
def test_the_loss_is_that_of_transformers_on_the_same_inputs(make, tmp_path, architecture, kind):
    prepared = make(kind, model=make_tiny(tmp_path / architecture, architecture))
    trained = prepared.trained
    model = trained.model.eval()
    assert type(model).__name__.endswith("ForPreTraining")
    features = [prepared.features["train"].drawn(seed=1, epoch=0)[at] for at in range(8)]
    batch = trained.task.collate(features, trained.spec)
    labels = batch.pop("labels")
    ours = trained.task.loss(model(**batch), labels)
    del batch["asked"]
    everywhere = model(**batch)
    assert trained.task.loss(everywhere, labels).item() == pytest.approx(ours.item(), abs=1e-5)
    name = "next_sentence_label" if kind == "nsp" else "sentence_order_label"
    theirs = model(**batch, labels=labels[:, 1:].contiguous(), **{name: labels[:, 0].contiguous()}).loss
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
    sums = sum(trained.task.sums(everywhere, labels) / trained.task.items(labels))
    assert sums.item() == pytest.approx(theirs.item(), abs=1e-5)


def test_the_loss_of_dev_does_not_hang_on_its_batches(make):
    prepared = make()
    trained, dev = prepared.trained, prepared.features["dev"]
    losses = []
    for size in (1, 3, 64):
        trained.batch_size = size
        losses.append(trained.infer(dev)[1])
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_pre_trains_on_pairs_and_the_next_one_fine_tunes_from_it(run_cell, shell, tiny_model, cell, kind):
    Path("texts.txt").write_text(text(), encoding="utf-8")
    body = (
        f"objective: [{{mlm: {{mask: 0.2}}}}, {kind}]\nmodel: {tiny_model}\n"
        "data: {train: texts.txt, dev: {fraction: 0.2}, test: {fraction: 0.2}}\n"
        "train: {max_length_tokens: 60, max_steps: 6, batch_size: 4, learning_rate: 1e-3}\n"
    )
    dry = run_cell(f"%%pretrain letters --dry-run\n{body}")
    assert "documents that give pairs: train 20, dev 6, test 6" in dry
    assert "true pairs: train 49 %, dev 55 %, test 50 %" in dry
    assert (
        "train: 4 of 24 documents (17 %) are one sentence, which gives no pair of segments: they are left out of training"
        in dry
    )
    said = run_cell(f"%%pretrain letters\n{body}")
    assert run_cell.result.success, said
    assert "a new head for pairs of segments" in said
    run = shell.user_ns["letters"]
    name = {"nsp": "next_sentence_accuracy", "sop": "sentence_order_accuracy"}[kind]
    assert run.history[name].between(0, 1).all()
    for report in (run.report("dev"), run.report("test")):
        assert report.scores[name].value is not None
        assert LanguageReport.from_json(report.to_json()).to_json() == report.to_json()
        assert name.replace("_", " ").replace("next s", "next-s").replace("e order", "e-order") in report.to_text()
    plain = run.folder.read_config()
    assert plain["objective"][1] == kind
    assert plain["objective"][0]["mlm"]["mask"] == 0.2
    assert config_of(plain).settings.mlm.mask == 0.2
    (answer,) = ft_magics.load(run.dir).predict(["ada lives ____ london."])
    assert sum(answer[0].values()) <= 1
    assert "next-sentence" in (run.model_dir / "README.md").read_text() or kind == "sop"

    from transformers import AutoModelForPreTraining

    model, loading = AutoModelForPreTraining.from_pretrained(run.model_dir, output_loading_info=True)
    assert type(model).__name__ == "BertForPreTraining"
    assert not loading["missing_keys"]
    said = run_cell(cell(name="tuned").replace(str(cell().partition("model: ")[2].partition("\n")[0]), "letters"))
    assert run_cell.result.success, said
    Path("kinds.csv").write_text("text,label\n" + "\n".join(f"ada {at},a{at % 2}" for at in range(18)))
    said = run_cell("%%finetune kinds\ntask: classify\nmodel: letters\ndata: {train: kinds.csv}\ntrain: {max_steps: 2}")
    assert run_cell.result.success, said
    said = run_cell(f"%%pretrain further\n{body.replace(str(tiny_model), 'letters')}")
    assert run_cell.result.success, said
    assert "a new head" not in said


def test_a_model_from_nothing_and_one_without_a_head_are_trained_on_pairs(make):
    new = "{preset: tiny, layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 64}"
    prepared = make(model=new, tokenizer="{vocab_size: 110}", train="max_steps: 2")
    assert type(prepared.trained.model).__name__ == "BertForPreTraining"
    assert finish(start_run("fresh", prepared)).status == "done"
    continued = make(model="minilm", train="max_steps: 1")
    assert any("a new head for pairs of segments" in sentence for sentence in continued.chosen)
    assert any("its output embeddings are the input's (tied)" in sentence for sentence in continued.chosen)


@pytest.mark.parametrize("method", ["lora", "{freeze: {layers: 1}}"])
def test_methods_of_tuning_take_pairs_too(make, method):
    run = finish(start_run("small", make(train="max_steps: 3, learning_rate: 1e-3", method=method)))
    assert run.status == "done"
    assert ft_magics.load(run.dir).predict("ada ____ in london")


def test_a_run_that_breaks_sees_the_same_pairs_and_ends_with_the_same_bits(make, patch):
    train = "epochs: 3, batch_size: 4, learning_rate: 1e-3, gradient_accumulation: 2"
    written, save = text(20), "{every: {steps: 3}}"
    whole = finish(start_run("whole", make(train=train, written=written, save=save)))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 7:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make(train=train, written=written, save=save))
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    assert_same_end(finish(resume_run("broken", make(train=train, written=written, save=save))), whole)


def test_texts_that_give_no_pairs_are_refused_or_counted(make):
    single = "\n\n".join(f"one sentence only, {at} of them" for at in range(9))
    for kind in KINDS:
        with pytest.raises(DataError, match="data.train: each of its 9 documents is one sentence.*`objective: mlm`"):
            make(kind, written=single, data="{train: texts.txt}")
    book = "\n".join(f"{SENTENCES[at % 5]} Line {at}." for at in range(900))
    with pytest.raises(DataError, match=r"one document alone has two sentences.*`objective: \[mlm, sop\]`"):
        make(written=book, data="{train: texts.txt}")
    assert len(make("sop", written=book, data="{train: texts.txt}").features["train"]) > 100
    twice = f"{text(3)}\n\n{single}"
    Path("single.txt").write_text(single, encoding="utf-8")
    check = make(written=twice, data="{train: texts.txt, dev: single.txt}").check
    assert any("train: 10 of 12 documents (83 %) are one sentence" in note for note in check.notes)
    assert any("dev: each of its 9 documents is one sentence" in warning for warning in check.warnings)


def test_parts_of_a_long_document_are_no_other_documents(make):
    """A document beyond 16,000 characters is several examples; a pair takes its other segment from elsewhere."""
    book = " ".join(f"B{at} sat here. " for at in range(2000))
    prepared = make(written=f"{book}\n\n{text(10)}", data="{train: texts.txt}")
    documents: Documents = prepared.corpus.train.examples
    origins = documents.origins()
    parts = int((origins == 0).sum())
    assert parts > 1
    assert len(set(origins.tolist())) == 10 + 1
    tokenizer = prepared.trained.tokenizer
    seen = 0
    for pair in prepared.features["train"].drawn(seed=1, epoch=0)[:60]:
        second = tokenizer.decode(pair.row.ids[pair.segments == 1])
        if pair.label and pair.example < parts:
            seen += 1
            assert not second.startswith("b")
    assert seen > 10
    assert count_sentences(documents).sum() == len(Sentences(documents)) == sum(1 for _ in Sentences(documents))
    assert Sentences(documents)[3].text == split_sentences(documents[0].text)[3]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nsp", "line 2  objective: `nsp` is trained together with another objective; write `objective: [mlm, nsp]`"),
        ("[sop]", "`sop` is trained together with another objective; write `objective: [mlm, sop]`"),
        ("[mlm, nsp, sop]", "are not trained together; write `objective: [mlm, nsp]` or `objective: [mlm, sop]`"),
        ("[clm, nsp]", "`clm` and `nsp` are not trained together; write"),
        ("[mlm, nsq]", "`nsq` is no objective; there are"),
        ("[mlm, ner]", "`ner` is a task, which needs labels; write `%%finetune NAME`"),
        ("[mlm, mlm]", "objective.1: `mlm` is named twice; keep one of them"),
        ("[mlm, 3]", "objective.1: found the number 3, expected the name of an objective"),
        ("[]", "objective: found an empty list, expected the name of an objective"),
        ("[{mlm: {mask: 3}}, nsp]", "objective.mlm.mask: found 3, expected less than or equal to 0.6"),
        ("\n- mlm:\n    masc: 0.2\n- sop", "line 4  objective.mlm.masc: unknown key. Did you mean `mask`?"),
        ("[mlm, {nsp: {share: 1}}]", "objective.nsp.share: unknown key"),
        ("[{mlm: {spans: true, whole_words: false}}, nsp]", "objective.mlm.spans: does not go with"),
    ],
)
def test_mistakes_in_a_list_of_objectives(written, said):
    with pytest.raises(CellError) as error:
        parse_cell(f"objective: {written}\nmodel: minilm\ndata: {{train: a.txt}}", {}, kind=PRETRAIN)
    assert said in str(error.value)
    assert str(error.value).startswith("1 mistake")


def test_a_list_of_objectives_is_understood_in_all_its_forms():
    tail = "\nmodel: minilm\ndata: {train: a.txt}"

    def settings(written, *overrides, recorded=None):
        config = parse_cell(f"objective: {written}{tail}", {}, overrides, kind=PRETRAIN, recorded=recorded)
        assert config_of(config.to_plain()).to_plain() == config.to_plain()
        return config.task, config.to_plain()["objective"][0]["mlm"]["mask"]

    for written in ("[{mlm: {mask: 0.2}}, nsp]", "[nsp, {mlm: {mask: 0.2}}]", "\n- nsp\n- mlm: {mask: 0.2}"):
        assert settings(written) == ("mlm+nsp", 0.2)
    assert settings("[mlm, sop]\nmask: 0.2") == ("mlm+sop", 0.2)
    assert settings("[mlm, sop]", "objective.mlm.mask=0.4") == ("mlm+sop", 0.4)
    assert settings("mlm", "objective=[mlm, nsp]") == ("mlm+nsp", 0.15)
    recorded = parse_cell(f"objective: [{{mlm: {{mask: 0.3}}}}, nsp]{tail}", {}, kind=PRETRAIN).to_plain()
    assert settings("[mlm, nsp]", recorded=recorded) == ("mlm+nsp", 0.3)
    assert settings("[mlm, sop]", recorded=recorded) == ("mlm+sop", 0.15)
    with pytest.raises(CellError, match=r"write `%%pretrain NAME` and `objective: \[mlm, nsp\]`"):
        parse_cell(f"task: nsp{tail}", {})


def test_models_without_segments_or_a_head_for_pairs_are_refused(make, tmp_path, tiny_model):
    for architecture in ("roberta", "electra", "modernbert"):
        with pytest.raises(
            ModelError, match=f"a {architecture} model, and next-sentence.*or `minilm`.*`objective: mlm`"
        ):
            make(model=make_tiny(tmp_path / architecture, architecture))
    one = shutil.copytree(tiny_model, tmp_path / "one")
    config = (one / "config.json").read_text()
    (one / "config.json").write_text(config.replace('"type_vocab_size": 2', '"type_vocab_size": 1'))
    with pytest.raises(ModelError, match="embeddings for one segment only"):
        make(model=one)
    for shape in ("gpt2", "modernbert"):
        with pytest.raises(
            ModelError, match=f"`shape: {shape}` has no head for pairs of sentences; take `shape: bert`"
        ):
            make(model=f"{{shape: {shape}, preset: tiny, max_length_tokens: 64}}", tokenizer="{vocab_size: 330}")
