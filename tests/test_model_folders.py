"""A model's folder is read as what it is: untrusted. It loads, or one sentence says what is wrong with it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
from pathlib import Path

import pytest
import torch
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.errors import AlignmentError, FineTuneError, ModelError
from ft_magics.markup import terminal_line
from ft_magics.models import loading, sources
from ft_magics.models.loading import load_model, load_tokenizer
from ft_magics.models.weight_files import open_weights
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.model_settings import ModelSettings
from ft_magics.runs.predictor import TrainedModel, load_trained
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.prepare import prepare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from mutations import mutate_folder

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
SENTENCE = TaggedSentence(("Ada", "lives", "here"), ("O", "O", "O"), "one")


@pytest.fixture(scope="session")
def saved(tiny_model, tmp_path_factory):
    """A tiny tagger as `TrainedModel.save` writes it."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    model, tokenizer = load_model(str(tiny_model), NerTask(LABELS).head()), load_tokenizer(str(tiny_model))
    TrainedModel(
        model=model, tokenizer=tokenizer, task=NerTask(LABELS), max_length_tokens=64, device="cpu", precision="fp32"
    ).save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of it to spoil."""
    return shutil.copytree(saved, tmp_path / "spoilt")


@pytest.fixture
def no_network(monkeypatch):
    """Every attempt to connect, none of which succeeds."""
    attempts = []

    def connect(_, address):
        attempts.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return attempts


def change(path: Path, **changes) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refused(folder: Path, *says: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_trained(str(folder), device="cpu")
    assert str(caught.value).startswith("model: ")
    assert terminal_line(str(caught.value)) == str(caught.value)
    for fragment in says:
        assert fragment in str(caught.value)


def loads(folder: Path) -> TrainedModel:
    trained = load_trained(str(folder), device="cpu")
    assert len(trained.predict([SENTENCE])[0].tags) == 3
    return trained


def test_what_was_saved_loads_as_it_was(saved):
    trained = loads(saved)
    assert trained.task.labels == LABELS
    for name, tensor in load_file(saved / "model.safetensors").items():
        assert torch.equal(trained.model.state_dict()[name], tensor)


THEIRS = "the weights of"
SIZES = {
    "a hundred thousand layers": ({"num_hidden_layers": 10**5}, "`num_hidden_layers` is 100000", "39 tensors"),
    "ninety layers": ({"num_hidden_layers": 90}, THEIRS, "1408 tensors", "such as bert.encoder.layer.2"),
    "a hundred million words": ({"vocab_size": 10**8}, "`vocab_size` is 100000000"),
    "nine million words": ({"vocab_size": 9 * 10**6}, THEIRS, "far larger model"),
    "a wide middle": ({"intermediate_size": 9 * 10**6}, THEIRS),
    "many positions": ({"max_position_embeddings": 10**7}, THEIRS),
    "one word too many": ({"vocab_size": 200}, THEIRS, "1 tensors", "word_embeddings"),
    "a number of 400 digits": ({"hidden_size": 10**400}, "`hidden_size` is 1000"),
    "a size below nothing": ({"vocab_size": -5}, "`vocab_size` is -5"),
    "no width": ({"hidden_size": 0}, "`hidden_size` is 0"),
    "no heads": ({"num_attention_heads": 0}, "`num_attention_heads` is 0"),
    "no layers": ({"num_hidden_layers": 0}, "`num_hidden_layers` is 0"),
    "a width that the heads do not divide": ({"num_attention_heads": 5}, "cannot be loaded", "multiple"),
    "a size that is a text": ({"hidden_size": "32"}, "cannot be loaded", "hidden_size"),
    "a share that is NaN": ({"hidden_dropout_prob": float("nan")}, "not a valid JSON file", "NaN"),
    "a share out of range": ({"hidden_dropout_prob": 7.0}, "cannot be loaded", "between 0 and 1"),
    "an unknown function": ({"hidden_act": "jump"}, "cannot be loaded", "jump"),
    "no kind": ({"model_type": None}, "names no `model_type`"),
    "a kind that is a list": ({"model_type": ["bert"]}, "is no kind of model"),
    "a kind that reads no text": ({"model_type": "vit"}, "needs an encoder"),
    "a method's name": ({"pruned_heads": {"0": [0]}, "to_dict": None, "get_text_config": 5}, None),
    "an odd architecture": ({"architectures": [{"a": 1}], "dtype": "load", "torch_dtype": 5}, None),
    "a date": ({"created_at": 1_700_000_000}, None),
    "outputs in another form": ({"return_dict": False, "output_attentions": True, "chunk_size_feed_forward": 7}, None),
}


@pytest.mark.parametrize(("changes", "says"), [(case[0], case[1:]) for case in SIZES.values()], ids=list(SIZES))
def test_a_config_is_believed_as_far_as_the_weights_bear_it_out(folder, changes, says):
    change(folder / "config.json", **changes)
    if says == (None,):
        loads(folder)
    else:
        refused(folder, *says)


@pytest.mark.parametrize("kind", ["albert", "deberta-v2", "distilbert", "modernbert", "xlm-roberta"])
def test_other_encoders_load_as_transformers_loads_them(tmp_path, kind):
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForTokenClassification, set_seed

    sizes = {"vocab_size": 90, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
    if kind == "distilbert":
        sizes["hidden_dim"] = sizes.pop("intermediate_size")
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    config = AutoConfig.for_model(kind, **sizes, num_hidden_layers=2, max_position_embeddings=40, **special)
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {label: at for at, label in enumerate(LABELS)}}
    set_seed(1)
    wanted = AutoModelForTokenClassification.from_pretrained(tmp_path, dtype=torch.float32, **names)
    set_seed(1)
    found = load_model(str(tmp_path), NerTask(LABELS).head())
    assert found.state_dict().keys() == wanted.state_dict().keys()
    for name, tensor in wanted.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor), name
    assert {**found.config.to_dict(), "architectures": 0} == {**wanted.config.to_dict(), "architectures": 0}


def test_groups_without_end_are_refused_before_they_are_built(tmp_path):
    from transformers import AlbertConfig, AlbertModel

    sizes = {"embedding_size": 8, "hidden_size": 8, "num_attention_heads": 1, "intermediate_size": 8}
    AlbertModel(AlbertConfig(vocab_size=30, **sizes)).save_pretrained(tmp_path)
    load_model(str(tmp_path), NerTask(LABELS).head())
    change(tmp_path / "config.json", inner_group_num=10**6)
    with pytest.raises(ModelError, match="far larger model"):
        load_model(str(tmp_path), NerTask(LABELS).head())


def test_a_model_that_memory_does_not_hold_is_not_loaded(folder, monkeypatch):
    monkeypatch.setattr(loading, "free_bytes", lambda _: 1000)
    refused(folder, "GB of memory", "choose a smaller model")


CONFIGS = {
    "a list": (b"[]", "holds a list", "JSON object"),
    "nothing": (b"", "not a valid JSON file"),
    "null": (b"null", "holds a NoneType"),
    "no UTF-8": (b'{"model_type": "\xff"}', "not a valid JSON file"),
    "great depth": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not a valid JSON file", "nested too deeply"),
    "some depth": (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", "nested too deeply"),
    "a key twice": (b'{"model_type": "bert", "model_type": "bert"}', "`model_type` is there twice"),
    "many lists": (b'{"a": [' + b"[]," * 1_000_001 + b"[]]}", "too many lists and values"),
    "many numbers": (b'{"a": [' + b"1," * 3_000_001 + b"1]}", "too many lists and values"),
    "many bytes": (b'{"a": "' + b"x" * (16 << 20) + b'"}', "more than 16 MB"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "not a valid JSON file"),
}


@pytest.mark.parametrize(("raw", "says"), [(raw, says) for raw, *says in CONFIGS.values()], ids=list(CONFIGS))
def test_a_config_that_is_no_config(folder, raw, says):
    (folder / "config.json").write_bytes(raw)
    refused(folder, "config.json", *says)


KERNELS = [
    {"_attn_implementation": "someone/kernel"},
    {"attn_implementation": "someone/kernel"},
    {"_attn_implementation_internal": "someone/kernel"},
    {"attn_implementation": {"": "someone/kernel"}},
    {"text_config": {"_attn_implementation": "someone/kernel"}},
    {"experts_implementation": "someone/kernel", "use_kernels": True, "kernel_config": {"x": "someone/kernel"}},
]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_no_kernel_is_taken_from_the_hub(folder, no_network, kernel):
    change(folder / "config.json", **kernel)
    model = loads(folder).model
    assert model.config._attn_implementation == "sdpa"
    assert "someone" not in json.dumps(model.config.to_dict())
    assert no_network == []


def test_no_code_of_a_folder_is_run(folder, no_network, tmp_path):
    (folder / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\nclass Fast: pass\n")
    change(folder / "config.json", auto_map={"AutoConfig": "mine.Config", "AutoModelForTokenClassification": "mine.M"})
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "mine.Fast"]}, tokenizer_class="Mine")
    loads(folder)
    change(folder / "config.json", model_type="mine")
    refused(folder, "needs code of its own", "not run here")
    assert not (tmp_path / "ran").exists()
    assert no_network == []


def test_an_adapter_is_refused_and_its_model_not_asked_for(folder, no_network):
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/model", "peft_type": "LORA"}')
    refused(folder, "holds an adapter", "merge_and_unload")
    change(folder / "config.json", base_model_name_or_path="someone/model", _name_or_path="someone/model")
    (folder / "adapter_config.json").unlink()
    loads(folder)
    assert no_network == []


def test_a_quantised_model_is_refused(folder):
    change(folder / "config.json", quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    refused(folder, "is quantised")


def test_templates_and_names_of_other_files_are_not_taken(folder, no_network):
    (folder / "chat_template.jinja").write_text("{{ 1 / 0 }}")
    (folder / "additional_chat_templates").mkdir()
    os.mkfifo(folder / "additional_chat_templates" / "x.jinja")
    odd = {"tokenizer_file": "/etc/passwd", "vocab_file": "/etc/passwd", "gguf_file": "x", "chat_template": 5}
    change(folder / "tokenizer_config.json", **odd, name_or_path="someone/model", init_inputs=[1], from_slow=True)
    tokenizer = loads(folder).tokenizer
    assert tokenizer.chat_template is None
    assert tokenizer.name_or_path == str(folder)
    assert no_network == []


class Runs:
    """A pickle of it would make a file."""

    def __reduce__(self):
        return (Path.touch, (Path("ran"),))


def test_weights_in_pickles_hold_tensors_and_nothing_else(folder):
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    loads(folder)
    name = "bert.embeddings.word_embeddings.weight"
    huge = torch.zeros(1).as_strided((10**5, 10**5), (0, 0))
    plain = "something else than plain tensors by name"
    for odd, says in (
        ({**state, "x": Runs()}, "a pickle that holds more than numbers"),
        ({**state, name: 5}, plain),
        ({**state, name: None}, plain),
        ({**state, name: huge}, plain),
        ({**state, 5: huge}, plain),
        ([1], plain),
    ):
        torch.save(odd, folder / "pytorch_model.bin")
        refused(folder, says, "save the model as safetensors")
    assert not Path("ran").exists()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04\x95")
    refused(folder, "cannot be loaded")


def test_weights_in_several_files(folder):
    state = load_file(folder / "model.safetensors")
    names = sorted(state)
    (folder / "model.safetensors").unlink()
    parts = {"model-00001-of-00002.safetensors": names[:9], "model-00002-of-00002.safetensors": names[9:]}
    for part, inside in parts.items():
        save_file({name: state[name] for name in inside}, folder / part)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: part for part, inside in parts.items() for name in inside}}))
    loads(folder)
    shutil.copy(folder / "model-00001-of-00002.safetensors", folder / "model-00003-of-00003.safetensors")
    change(index, weight_map={"a": "model-00001-of-00002.safetensors", "b": "model-00003-of-00003.safetensors"})
    refused(folder, "another file holds too")
    for odd in (None, {}, [], {"a": "../x"}, {"a": "/etc/passwd"}, {"a": 5}, {"a": "nowhere.safetensors"}):
        index.write_text(json.dumps({"weight_map": odd}))
        refused(folder, "index.json: `weight_map`" if odd != {"a": "nowhere.safetensors"} else "No such file")


SETTINGS = {
    "NaN": ('{"task": "ner", "max_length_tokens": NaN}', "NaN"),
    "nothing": ('{"task": "ner", "max_length_tokens": null}', "max_length_tokens"),
    "none": ('{"task": "ner", "max_length_tokens": 0}', "`max_length_tokens` is 0"),
    "fewer than none": ('{"task": "ner", "max_length_tokens": -1}', "`max_length_tokens` is -1"),
    "too many": ('{"task": "ner", "max_length_tokens": 1000001}', "`max_length_tokens` is 1000001"),
    "a text": ('{"task": "ner", "max_length_tokens": "64"}', "`max_length_tokens` is 64"),
    "an escape": ('{"task": "\\u001b[31m", "max_length_tokens": 64}', "`task` is : there is no such task"),
    "a name with an escape, twice": ('{"\\u001b[31mx": 1, "\\u001b[31mx": 1}', "`x` is there twice"),
    "another task": (
        '{"task": "poetry", "max_length_tokens": 64}',
        "`task` is poetry: there is no such task; there are classify, ",
    ),
    "a list": ("[]", "expected a JSON object"),
}


@pytest.mark.parametrize(("text", "says"), SETTINGS.values(), ids=list(SETTINGS))
def test_our_own_settings_are_checked_when_they_are_read(folder, text, says):
    (folder / "ft_magics.json").write_text(text)
    refused(folder, "ft_magics.json", says)


def test_settings_of_a_newer_version_are_read(folder):
    change(folder / "ft_magics.json", max_length_tokens=32, scheme="IOBES", color="red")
    assert loads(folder).max_length_tokens == 32
    change(folder / "ft_magics.json", max_length_tokens=512)
    assert loads(folder).max_length_tokens == 64  # the model has no more positions
    (folder / "ft_magics.json").unlink()
    assert loads(folder).max_length_tokens == 64


@pytest.mark.parametrize("longest", [0, -3, float("nan"), "64", None, [64], True, 10**30, 1e30], ids=str)
def test_an_odd_limit_of_the_tokenizer_leaves_the_models_own(folder, longest):
    path = folder / "tokenizer_config.json"
    change(path, model_max_length=longest)
    if longest != longest:  # noqa: PLR0124  # NaN alone is not itself
        refused(folder, "not a valid JSON file", "NaN")
    else:
        assert loads(folder).max_length_tokens == 64


def test_a_limit_too_small_for_a_sentence(folder):
    change(folder / "tokenizer_config.json", model_max_length=4)
    refused(folder, "takes 4 tokens at once", "at least 8")


NAMES = {
    "a gap": ({"0": "O", "1": "B-PER", "3": "I-PER", "4": "B-X", "5": "I-X"}, "has 5 labels and none for 2"),
    "null": ({"0": "O", "1": None, "2": "I-PER", "3": "B-X", "4": "I-X"}, "None for a label"),
    "a number": ({"0": "O", "1": 5, "2": "I-PER", "3": "B-X", "4": "I-X"}, "5 for a label"),
    "half a character": ({"0": "O", "1": "\ud800", "2": "I-PER", "3": "B-X", "4": "I-X"}, "for a label"),
    "an escape": ({"0": "O", "1": "B-\x1b[31m", "2": "I-PER", "3": "B-X", "4": "I-X"}, "for a label"),
    "keys that are texts": ({"O": "O", "a": "B-PER"}, "has 2 labels and none for 0"),
    "a label twice": ({"0": "O", "1": "B-X", "2": "B-X", "3": "B-Y", "4": "I-Y"}, "the label `B-X` twice"),
    "a list": (["O", "B-PER"], "is a list"),
    "nothing in it": ({}, "is empty"),
    "a text": ("O", "is a str"),
    "too few for the head": ({"0": "O", "1": "B-PER", "2": "I-PER"}, "has 3 labels", "classifier.weight"),
    "too many for the head": ({str(at): f"B-{at}" for at in range(9)}, "has 9 labels", "one label for each"),
    "no tags": ({"0": "cat", "1": "dog", "2": "cow", "3": "pig", "4": "hen"}, "has the label `cat`"),
}


@pytest.mark.parametrize(("named", "says"), [(named, says) for named, *says in NAMES.values()], ids=list(NAMES))
def test_labels_that_the_head_does_not_have(folder, named, says):
    change(folder / "config.json", id2label=named, num_labels=10**9)
    refused(folder, *says)


def test_old_labels_do_not_matter_to_a_fresh_head(folder):
    change(folder / "config.json", id2label={"x": None}, label2id=5, num_labels=10**9)
    assert load_model(str(folder), NerTask(("O", "B-X", "I-X")).head()).config.id2label == {0: "O", 1: "B-X", 2: "I-X"}


def test_tokens_that_the_model_does_not_know(folder, conll):
    tokenizer = load_tokenizer(str(folder))
    tokenizer.add_tokens(["Lovelace"])
    tokenizer.save_pretrained(folder)
    says = "gives the token 119, and the model knows tokens up to 118"
    refused(folder, says)
    with pytest.raises(ModelError, match=says):
        prepare(parse_cell(f"task: ner\nmodel: {folder}\ndata: {{train: {conll}}}", {}))


def rewrite(path: Path, spoil) -> None:
    value = json.loads(path.read_text())
    spoil(value)
    path.write_text(json.dumps(value))


TOKENIZERS = {
    "nothing": (lambda path: path.write_text(""), "not a valid JSON file"),
    "half of it": (lambda path: path.write_text(path.read_text()[:900]), "not a valid JSON file"),
    "a list": (lambda path: path.write_text("[]"), "expected a JSON object"),
    "no model": (lambda path: rewrite(path, lambda value: value.pop("model")), "its tokenizer cannot be loaded"),
    "words that are a list": (
        lambda path: rewrite(path, lambda value: value["model"].update(vocab=[1, None])),
        "its tokenizer cannot be loaded",
    ),
    "a place below nothing": (
        lambda path: rewrite(path, lambda value: value["model"]["vocab"].update(x=-5)),
        "its tokenizer cannot be loaded",
    ),
    "a place far away": (
        lambda path: rewrite(path, lambda value: value["model"]["vocab"].update(x=2**31)),
        "gives the token 2147483648",
    ),
    "great depth": (
        lambda path: path.write_text('{"model": ' + '{"a": ' * 500 + "1" + "}" * 501),
        "nested too deeply",
    ),
    "a template with a token far away": (
        lambda path: rewrite(
            path, lambda value: value["post_processor"]["special_tokens"]["[CLS]"].update(ids=[99_999])
        ),
        "gives the token 99999",
    ),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "is no regular file"),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path)), "is no regular file"),
    "a device": (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "is no regular file"),
    "a link to nowhere": (lambda path: (path.unlink(), path.symlink_to("nowhere")), "cannot be read: No such file"),
    "a link to itself": (lambda path: (path.unlink(), path.symlink_to(path.name)), "cannot be read: Too many levels"),
}


@pytest.mark.parametrize(("spoil", "says"), TOKENIZERS.values(), ids=list(TOKENIZERS))
def test_a_tokenizer_that_is_none(folder, spoil, says):
    spoil(folder / "tokenizer.json")
    refused(folder, says)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer_config.json", "ft_magics.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_not_waited_for(folder, name, kind):
    path = folder / name
    path.unlink()
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "device": lambda: path.symlink_to("/dev/zero")}[kind]()
    refused(folder, f"{name} is no regular file")


def test_links_to_files_are_followed_as_in_the_hubs_cache(folder, tmp_path):
    (tmp_path / "blobs").mkdir()
    for path in list(folder.iterdir()):
        path.rename(tmp_path / "blobs" / path.name)
        path.symlink_to(tmp_path / "blobs" / path.name)
    loads(folder)


def test_an_odd_class_of_tokenizer(folder):
    change(folder / "tokenizer_config.json", tokenizer_class="XLMTokenizer")
    refused(folder, "no fast tokenizer")
    change(folder / "tokenizer_config.json", tokenizer_class=["BertTokenizer"])
    refused(folder, "`tokenizer_class` is ['BertTokenizer']")
    change(folder / "tokenizer_config.json", tokenizer_class="BertTokenizer", added_tokens_decoder={"9" * 9: {}})
    refused(folder, "`added_tokens_decoder`")


def test_a_tokenizer_without_its_unknown_token_fails_in_one_sentence(folder):
    rewrite(folder / "tokenizer.json", lambda value: value["model"].update(unk_token="none"))
    trained = load_trained(str(folder), device="cpu")
    with pytest.raises(AlignmentError, match="the tokenizer cannot read this text .*Missing"):
        trained.predict([TaggedSentence(("字",), ("O",), "one")])


def test_a_panic_of_the_tokenizers_is_an_error_like_others(folder, monkeypatch):
    panic = type("PanicException", (BaseException,), {})

    def fail(*_, **__):
        raise panic("index out of bounds")

    monkeypatch.setattr(loading.AutoTokenizer, "from_pretrained", fail)
    refused(folder, "its tokenizer cannot be loaded: PanicException: index out of bounds")


def described(dtype="F32", shape=(2, 2), offsets=(0, 16)) -> bytes:
    return json.dumps({"x": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}).encode()


HEADERS = {
    "no JSON": (b"hello", "not a valid JSON file"),
    "a list": (b"[]", "expected a JSON object"),
    "nothing of it": (b'{"x": 5}', "not described as safetensors are"),
    "a name twice": (b'{"x": 1, "x": 1}', "`x` is there twice"),
    "beyond the end": (described(shape=(200, 2), offsets=(0, 1600)), "not within the file"),
    "backwards": (described(offsets=(16, 0)), "not within the file"),
    "below nothing": (described(shape=(-2, -2)), "not within the file"),
    "not of its size": (described(offsets=(0, 12)), "not of the size"),
    "shapes without end": (described(shape=(2**62, 2**62)), "not within the file"),
    "many dimensions": (described(shape=(1,) * 5000, offsets=(0, 4)), "not within the file"),
    "a size that is true": (described(shape=(True, 4)), "not within the file"),
    "eighths": (described(dtype="F8_E4M3", offsets=(0, 4)), "type F8_E4M3", "save the model in float32"),
    "no type": (described(dtype="??"), "type ??"),
    "half a character": (described(dtype="\ud800"), "type \ufffd"),
    "great depth": (b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deeply"),
    "no tensor at all": (b"{}", "cannot be loaded: SafetensorError", "not those of its config.json"),
}


@pytest.mark.parametrize(("header", "says"), [(raw, says) for raw, *says in HEADERS.values()], ids=list(HEADERS))
def test_a_header_that_contradicts_its_file(folder, header, says):
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))
    with pytest.raises(ModelError) as caught:
        load_trained(str(folder), device="cpu")
    assert any(fragment in str(caught.value) for fragment in says)


@pytest.mark.parametrize("claimed", [0, 1, 10**6, 2**31, 2**60, 2**64 - 1])
def test_a_header_of_another_length(folder, claimed):
    path = folder / "model.safetensors"
    path.write_bytes(claimed.to_bytes(8, "little") + path.read_bytes()[8:])
    refused(folder, "is no safetensors file, or cut off")


def test_weights_of_integers_are_no_weights(folder):
    path = folder / "model.safetensors"
    save_file({name: tensor.to(torch.int32) for name, tensor in load_file(path).items()}, path)
    refused(folder, "are not those of its config.json")


def test_weights_in_half_precision_and_odd_values_load(folder):
    path = folder / "model.safetensors"
    state = {name: tensor.half() for name, tensor in load_file(path).items()}
    state["classifier.bias"][:] = float("nan")
    state["bert.embeddings.position_ids"] = torch.arange(64)[None]
    state["empty"] = torch.zeros(0, 5)
    save_file(state, path)
    assert loads(folder).model.dtype == torch.float32


def test_weights_do_not_change_with_their_file(folder):
    tensors = open_weights(folder).tensors()
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.truncate(100)
    assert all(torch.equal(tensor, before[name]) for name, tensor in tensors.items())


def test_a_model_in_the_hubs_cache_is_read_from_its_folder(folder, tmp_path, monkeypatch):
    cache = tmp_path / "hub" / "models--some--model"
    shutil.copytree(folder, cache / "snapshots" / ("a" * 40))
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("a" * 40)
    monkeypatch.setattr(sources.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(sources.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(
        sources.huggingface_hub, "try_to_load_from_cache", lambda *_: str(cache / "snapshots" / "config.json")
    )
    monkeypatch.setattr(
        sources.huggingface_hub,
        "snapshot_download",
        lambda name, real=sources.huggingface_hub.snapshot_download, **how: real(
            name, cache_dir=tmp_path / "hub", **how
        ),
    )
    change(cache / "snapshots" / ("a" * 40) / "config.json", _attn_implementation="someone/kernel")
    assert loads(Path("some/model")).model.config._attn_implementation == "sdpa"


def everything_below(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mode, path.lstat().st_size) for path in sorted(folder.rglob("*"))}


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_a_folder_spoilt_at_random_loads_or_is_refused(saved, tmp_path, no_network, seed):
    place = tmp_path / "case"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(saved, place / "model")
    mutate_folder(place / "model", random.Random(seed))
    before = everything_below(place)
    for use in (
        lambda: loads(place / "model"),
        lambda: load_model(str(place / "model"), NerTask(("O", "B-X", "I-X")).head()),
    ):
        with contextlib.suppress(FineTuneError):
            use()
    assert everything_below(place) == before
    assert no_network == []


def test_a_model_that_was_trained_in_fp32_predicts_in_it():
    kept = ModelSettings(task="ner", max_length_tokens=64, device="cpu", precision="fp32")
    assert [kept.precision_on(device) for device in ("cpu", "cuda")] == ["fp32", "auto"]
    assert kept.model_copy(update={"precision": "bf16"}).precision_on("cpu") == "auto"
    assert ModelSettings(task="ner", max_length_tokens=64).precision_on("cpu") == "auto"  # of an older version
