"""Texts with two marked entities, in every form that they come in, and what is wrong with some."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from ft_magics.config.references import Reference
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError
from ft_magics.tasks.relation.answer import read_texts
from ft_magics.tasks.relation.checks import check_corpus
from ft_magics.tasks.relation.config import MarkedOptions, RelationSettings
from ft_magics.tasks.relation.propose import propose
from ft_magics.tasks.relation.reader import read_split

TEXT = "The most common audits were about waste and recycling."
ROW = {"text": TEXT, "label": "Message-Topic(e1,e2)"}
TOKENS = TEXT[:-1].split()
MARKED = TEXT.replace("audits", "<e1>audits</e1>").replace("waste", "<e2>waste</e2>")
FORMS = {
    "offsets": {**ROW, "e1": [16, 22], "e2": [34, 39]},
    "offsets in records": {**ROW, "head": {"start": 16, "end": 22, "type": "Thing"}, "tail": {"start": 34, "end": 39}},
    "offsets in texts": {**ROW, "e1": "16:22", "e2": "[34, 39]"},
    "columns of ends": {**ROW, "e1_start": 16, "e1_end": 22, "e2_start": "34", "e2_end": "39"},
    "tags": {"sentence": MARKED, "relation": "Message-Topic(e1,e2)"},
    "words": {**ROW, "subject": "audits", "object": "waste"},
    "tokens": {"tokens": TOKENS, "label": ROW["label"], "e1": [3, 4], "e2": [6, 7]},
    "TACRED": {
        "token": TOKENS,
        "relation": ROW["label"],
        "subj_start": 3,
        "subj_end": 3,
        "obj_start": 6,
        "obj_end": 6,
        "subj_type": "Thing",
        "obj_type": "Stuff",
    },
    "FewRel": {
        "tokens": TOKENS,
        "relation": ROW["label"],
        "h": ["audits", "Q1", [[3]]],
        "t": ["waste", "Q2", [[6], [6]]],
    },
}


def of(value, **options):
    return read_split("train", Reference("rows", value), MarkedOptions(**options))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_marks(form):
    (example,) = of([FORMS[form]]).examples
    assert (example.entities, example.label) == (("audits", "waste"), ROW["label"])
    assert example.text.rstrip(".") == TEXT.rstrip(".")


def test_types_and_frames_and_files(tmp_path):
    assert of([FORMS["TACRED"]]).examples[0].types == ("Thing", "Stuff")
    assert of([FORMS["offsets in records"]]).examples[0].types == ("Thing", "")
    frame = pd.DataFrame([FORMS["columns of ends"]] * 2)
    assert [example.id for example in of(frame).examples] == ["$rows, row 0", "$rows, row 1"]
    path = tmp_path / "plain.tsv"
    path.write_text(f"{MARKED}\tMessage-Topic(e1,e2)\n" * 3)
    split = read_split("train", str(path))
    assert [example.entities for example in split.examples] == [("audits", "waste")] * 3
    said = of(
        [{"a": TEXT, "b": "x", "c": "16-22", "d": "34-39"}],
        text_column="a",
        label_column="b",
        e1_column="c",
        e2_column="d",
    )
    assert said.examples[0].entities == ("audits", "waste")


def test_the_second_entity_may_stand_first_and_scripts_without_spaces_are_joined():
    example = of([{"tokens": list("小明在北京"), "label": "住", "e1": [3, 5], "e2": [0, 2]}]).examples[0]
    assert (example.text, example.entities, example.e1) == ("小明在北京", ("北京", "小明"), (3, 5))
    (answer,) = read_texts(["<e2>你</e2>好<e1> 吗 </e1>"])
    assert (answer.entities, answer.e1) == (("吗", "你"), (3, 4))
    record = {"text": TEXT, "e1": {"start": 16, "end": 22}, "e2": "waste", "types": ["A", "B"]}
    assert read_texts([record])[0].types == ("A", "B")


@pytest.mark.shared
def test_semevals_file_is_the_same_as_its_rows(shared):
    folder = shared / "semeval2010_task8_en"
    ours, theirs = (read_split("test", str(folder / name)).examples for name in ("TEST_FILE_FULL.TXT", "test.jsonl"))
    assert len(ours) == 2717
    assert [(item.text, item.e1, item.e2, item.label) for item in ours] == [
        (item.text, item.e1, item.e2, item.label) for item in theirs
    ]
    assert ours[0].id == "TEST_FILE_FULL.TXT, line 1 (8001)"


@pytest.mark.shared
def test_lists_of_relations_become_pairs(shared):
    split = read_split("train", str(shared / "quirks" / "47_jsonl_relations.jsonl"))
    linked = [example for example in split.examples if example.label != "no_relation"]
    assert len(split.examples) == 4 * 3
    assert [(*example.entities, example.label) for example in linked] == [
        ("Google", "September 4, 1998", "foundedAt"),
        ("Google", "Larry Page", "foundedBy"),
        ("Google", "Sergey Brin", "foundedBy"),
    ]
    assert linked[0].types == ("ORG", "DATE")
    assert "3 pairs of entities with a relation, and 9 without one" in split.notes[-1]
    assert (
        len(of([json.loads((shared / "quirks" / "47_jsonl_relations.jsonl").read_text())], unrelated_pairs=0).examples)
        == 3
    )


def test_documents_of_docred_have_their_closest_mentions_marked():
    document = {
        "title": "t",
        "sents": [["Ada", "met", "Bob", "."], ["Ada", "lives", "in", "London", "."]],
        "vertexSet": [
            [{"name": "Ada", "sent_id": 0, "pos": [0, 1], "type": "PER"}, {"name": "Ada", "sent_id": 1, "pos": [0, 1]}],
            [{"name": "London", "sent_id": 1, "pos": [3, 4], "type": "LOC"}],
            [{"name": "Ada met", "sent_id": 0, "pos": [0, 2], "type": "MISC"}],
        ],
        "labels": [{"h": 0, "t": 1, "r": "lives_in"}, {"h": 0, "t": 1, "r": "born_in"}],
    }
    split = of([document])
    first = split.examples[0]
    assert (first.text[slice(*first.e1)], first.e1, first.label, first.types) == (
        "Ada",
        (14, 17),
        "lives_in",
        ("PER", "LOC"),
    )
    assert any("1 pairs have several relations" in note for note in split.notes)
    triples = {
        "text": "Ada lives in London",
        "entities": [[0, 3, "PER"], [13, 19, "LOC"]],
        "triples": [["Ada", "lives_in", "London"]],
    }
    assert [example.label for example in of([triples, triples]).examples] == ["lives_in", "no_relation"] * 2
    nested = {**triples, "entities": [[0, 3, "PER"], [0, 9, "X"]], "triples": [[0, 1, "is"]]}
    assert any("2 pairs of entities that overlap were left out" in note for note in of([triples, nested]).notes)


DRUG = "Aspirin inhibits COX-1 and COX-2."
ENDS = [{"id": "T1", "type": "C", "start": 0, "end": 7}, {"id": "T2", "type": "G", "start": 17, "end": 22}]
LINK = {"type": "inhibits", "head": "T1", "tail": "T2"}
SHAPES = {
    "ids with roles": {"text": DRUG, "entities": ENDS, "relations": [{**LINK, "head": "Arg1:T1", "tail": "Arg2:T2"}]},
    "records by id": {"text": DRUG, "entities": {each["id"]: each for each in ENDS}, "relations": [LINK]},
    "written out": {"text": DRUG, "entities": json.dumps(ENDS), "relations": json.dumps([LINK])},
    "columns": {"text": DRUG, "entities": ENDS, "relations": {key: [value] for key, value in LINK.items()}},
    "brat": {
        "text": DRUG,
        "entities": [["T1", "C", [[0, 7]]], ["T2", "G", [[17, 22]]]],
        "relations": [["R1", "inhibits", [["Arg1", "T1"], ["Arg2", "T2"]]]],
    },
    "places": {"text": DRUG, "entities": [[0, 7, "C"], [17, 22, "G"]], "relations": [[[0, 7], "inhibits", [17, 22]]]},
    "triples": {
        "text": DRUG,
        "spo_list": [
            {
                "subject": "Aspirin",
                "subject_type": "C",
                "predicate": "inhibits",
                "object": {"@value": "COX-1"},
                "object_type": {"@value": "G"},
            }
        ],
    },
    "BigBIO": {
        "passages": [{"text": ["Aspirin"], "offsets": [[0, 7]]}, {"text": [DRUG[8:]], "offsets": [[8, 33]]}],
        "entities": [
            {"id": "T1", "type": "C", "text": ["Aspirin"], "offsets": [[0, 7]]},
            {"id": "T2", "type": "G", "text": ["COX-1"], "offsets": [[17, 22]]},
        ],
        "relations": [{"type": "inhibits", "arg1_id": "T1", "arg2_id": "T2"}],
    },
    "BioC": {
        "id": "1",
        "passages": [
            {
                "offset": at,
                "text": DRUG[at:end],
                "annotations": [
                    {
                        "id": "9",
                        "infons": {"identifier": f"D{at}", "type": kind},
                        "locations": [{"offset": start, "length": length}],
                    }
                ],
            }
            for at, end, kind, start, length in ((0, 7, "C", 0, 7), (8, 33, "G", 17, 5))
        ],
        "relations": [{"infons": {"entity1": "D0", "entity2": "D8", "type": "inhibits"}}],
    },
    "DyGIE++": {
        "sentences": [["Aspirin"], ["inhibits", "COX-1", "."]],
        "ner": [[[0, 0, "C"]], [[2, 2, "G"]]],
        "relations": [[[0, 0, 2, 2, "inhibits"]], []],
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_documents_of_every_shape_give_the_same_pairs(shape):
    linked, unlinked = of([{"key": "1", **SHAPES[shape]}]).examples
    assert (linked.entities, linked.label, linked.types) == (("Aspirin", "COX-1"), "inhibits", ("C", "G"))
    assert (unlinked.entities, unlinked.label) == (("COX-1", "Aspirin"), "no_relation")


def test_fewrels_file_has_its_relations_as_keys(tmp_path):
    example = {"tokens": ["Bob", "in", "Rome"], "h": ["bob", "Q1", [[0]]], "t": ["rome", "Q2", [[2]]]}
    path = tmp_path / "fewrel.json"
    path.write_text(json.dumps({"P1": [example], "P2": [example, example]}), encoding="utf-8")
    examples = read_split("train", str(path)).examples
    assert [each.label for each in examples] == ["P1", "P2", "P2"]
    assert examples[0].entities == ("Bob", "Rome")
    assert examples[2].id == "fewrel.json, P2 2"


def test_documents_in_frames_collections_and_standoff(tmp_path):
    offsets = pd.DataFrame([{**ROW, "e1": np.array([16, 22]), "e2": np.array([34, 39])}])
    assert of(offsets).examples[0].entities == ("audits", "waste")
    frame = pd.DataFrame([SHAPES["ids with roles"], {"text": DRUG}])
    assert len(of(frame).examples) == 2
    path = tmp_path / "bioc.json"
    path.write_text(json.dumps({"source": "x", "infons": {}, "documents": [SHAPES["BioC"]]}), encoding="utf-8")
    assert len(read_split("train", str(path)).examples) == 2
    path.write_text("T1\tChemical 0 7\tAspirin\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bioc.json: such files, of brat or PubTator, are not read; write"):
        read_split("train", str(path))
    itself = {**SHAPES["ids with roles"], "relations": [LINK, {**LINK, "tail": "T1"}]}
    assert any("1 relations lead from an entity to itself and were left out" in note for note in of([itself]).notes)


def test_offsets_are_checked_against_the_words_beside_them():
    mend = {**ROW, "e1": {"start": 15, "end": 21, "text": "audits"}, "e2": {"start": 34, "end": 39, "text": "WASTE"}}
    pieces = {**ROW, "e1": {"offsets": [[4, 8], [16, 22]], "text": ["most", "audits"]}, "e2": [34, 39]}
    split = of([mend, pieces])
    assert [each.entities for each in split.examples] == [("audits", "waste"), ("most common audits", "waste")]
    assert [note.partition("rows: ")[2][:30] for note in split.notes] == [
        "1 entities are not where their",
        "1 entities stand in several pi",
    ]
    wrong = {**mend, "e1": {"start": 15, "end": 21, "text": "o"}}
    with pytest.raises(DataError, match=r"rows\[0\]: e1 is at 15 to 21, where .* `o` are in 4 places in the text"):
        of([wrong])


def test_words_are_marked_as_whole_words_and_apart():
    row = {"text": "An artist sold art in New York, York.", "head": "art", "tail": "New York", "label": "a"}
    (example, other) = of([row, {**row, "head": "York"}]).examples
    assert (example.e1, other.e1) == ((15, 18), (32, 36))


WRONG = {
    "an id twice": (
        [{"text": DRUG, "entities": [*ENDS, ENDS[0]], "relations": [LINK], "key": "1"}],
        "$rows[0]: 2 entities have the id T1; ids differ, or list all places of one entity as its `mentions`",
    ),
    "a token that is none": ([{**FORMS["tokens"], "tokens": ["a", None, "b"]}], "token 1 (counted from 0) of the text"),
    "no such triple": (
        [{"text": DRUG, "triples": [["Aspirin", "inhibits", "COX-9"]]}],
        "relation 0 (counted from 0) names `COX-9`, which is not in the text; correct it, or take the relation out",
    ),
    "no such place": (
        [{"text": DRUG, "entities": ENDS, "relations": [{**LINK, "head": [1, 2]}], "key": "1"}],
        "relation 0 (counted from 0) names the entity [1, 2], and there is none",
    ),
    "passages": (
        [{"key": "1", "passages": [{"text": "ab", "offset": 0}, {"text": "c", "offset": 1}], "relations": []}],
        "passage 1 (counted from 0) must have a text and an offset from 2, in characters, found 1",
    ),
    "overlap": (
        [{**ROW, "e1": [16, 22], "e2": [20, 39]}],
        "$rows[0]: the two marked entities overlap (e1 at 16 to 22, e2 at 20 to 39)",
    ),
    "outside": (
        [{**ROW, "e1": [16, 22], "e2": [50, 60]}],
        "$rows[0]: e2 is at 50 to 60, and the text has 54 characters",
    ),
    "tokens outside": ([{**FORMS["tokens"], "e2": [9, 10]}], "e2 is at tokens 9 to 10, and the text has 9 tokens"),
    "empty": ([{**ROW, "e1": [3, 4], "e2": [34, 39]}], "e1 is at 3 to 4, where there is no word"),
    "no marker": ([{"text": MARKED, "label": "a"}, {"text": TEXT, "label": "a"}], "$rows[1]: no entity is marked"),
    "one tag": ([{"text": MARKED.replace("</e2>", ""), "label": "a"}], "the tag `</e2>` is missing"),
    "twice": ([{"text": f"{MARKED} <e1>", "label": "a"}], "the tag `<e1>` stands there twice"),
    "turned": ([{"text": "</e1>a<e1> <e2>b</e2>", "label": "a"}], "the tag `</e1>` stands before `<e1>`"),
    "no entities": ([ROW], "nothing marks e1 and e2: there are no `<e1>…</e1>` tags in the text"),
    "no relation": (
        [{"text": MARKED, "e": "x", "f": "y"}],
        "no column is called relation, or the like; there are text, e, f",
    ),
    "no label": ([{"text": MARKED, "label": None}], "$rows[0]: the relation is missing"),
    "other words": ([{**ROW, "head": "audit", "tail": "glass"}], "e2 is `glass`, which is not in the text"),
    "missing": ([{**ROW, "e1": None, "e2": [34, 39]}], "e1 is missing; say where the entity is"),
    "no such entity": (
        [{"text": "a b", "entities": [[0, 1, "X"], [2, 3, "X"]], "relations": [{"head": 0, "tail": 7, "type": "r"}]}]
        * 2,
        "$rows[0]: relation 0 (counted from 0) names the entity 7, and there is none",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_in_a_sentence_with_its_row(wrong):
    rows, said = WRONG[wrong]
    with pytest.raises(DataError) as caught:
        of(rows)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value) or "more like it" in str(caught.value)


def test_semevals_file_says_its_faults_by_line(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text(
        '1\t"<e1>a</e1> <e2>b</e2>"\r\nOther\r\nComment:\r\n\r\n2\t"<e1>a</e1> b"\r\nOther\r\n\r\n3\t"<e1>a</e1> <e2>b</e2>"\r\nComment: x\r\n'
    )
    with pytest.raises(DataError) as caught:
        read_split("train", str(path))
    assert "train.txt, line 5: the tag `<e2>` is missing" in str(caught.value)
    assert "train.txt, line 8: the sentence has no relation" in str(caught.value)


def test_the_check_says_what_is_no_relation_and_what_dev_alone_has():
    rows = [
        {"text": f"<e1>a{at}</e1> x <e2>b</e2>", "label": label}
        for at, label in enumerate(["r(e1,e2)", "r(e2,e1)", "s(e1,e2)", "Other"] * 3)
    ]
    dev = [{"text": "<e1>c</e1> y <e2>b</e2>", "label": label} for label in ("t(e1,e2)", "Other")]
    corpus = Corpus(train=of(rows), dev=read_split("dev", Reference("dev", dev)))
    check = check_corpus(RelationSettings(), corpus)
    assert check.summary == "train 12 pairs of entities, dev 2 pairs of entities"
    assert "Other is no relation: it is left out of macro and micro F1" in check.notes
    assert any("dev: 1 labels are of classes that train does not have" in text for text in check.warnings)
    assert any("s has one direction only" in text for text in check.warnings)
    with pytest.raises(DataError, match=r"no relation called other.*Did you mean `Other`"):
        check_corpus(RelationSettings(none_label="other"), corpus)
    with pytest.raises(DataError, match="`typed` needs the types of the entities"):
        check_corpus(RelationSettings(markers="typed"), corpus)


def test_what_no_score_can_be_given_for_is_refused_before_training():
    train = of([{"text": MARKED, "label": name} for name in ("make(e1,e2)", "Other")])
    dev = of([{"text": MARKED, "label": "make"}])
    with pytest.raises(
        DataError, match=r"data\.dev: none of its labels is one that train has, such as make; train has"
    ):
        check_corpus(RelationSettings(), Corpus(train=train, dev=replace(dev, name="dev")))
    none = replace(of([{"text": MARKED, "label": "Other"}]), name="dev")
    check = check_corpus(RelationSettings(), Corpus(train=train, dev=none))
    assert "dev: every pair is Other, so there is no macro F1 of it" in check.warnings
    with pytest.raises(DataError, match=r"task\.relation\.class_weights: no class is called mako"):
        check_corpus(RelationSettings(class_weights={"mako": 2.0}), Corpus(train=train))


def test_such_data_are_seen_in_a_new_cell():
    rows = [{"text": MARKED, "label": label} for label in ("a", "b", "no_relation")]
    proposal = propose(Reference("rows", rows))
    assert (proposal.classes, proposal.settings) == (3, {"none_label": "no_relation"})
    with pytest.raises(DataError):
        propose(Reference("rows", [{"text": TEXT, "label": "a"}, {"text": TEXT, "label": "b"}]))
