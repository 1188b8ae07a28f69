"""Continuing a model that is trained already: a head it lacks, new words, layers for a smaller or larger one."""

from __future__ import annotations

import json

import pytest
from ft_magics.config.scratch import WRITING_SHAPES, NewModelSettings
from ft_magics.errors import ModelError

from scratch_texts import mixed, small_tokenizer

HEADS = {
    "bert": "AutoModelForMaskedLM",
    "modernbert": "AutoModelForMaskedLM",
    "gpt2": "AutoModelForCausalLM",
    "llama": "AutoModelForCausalLM",
}
DOMAIN = [
    "Overflowing streetlamps and hydroxychloroquine: the overflowing streetlamps.",
    "图书馆的路灯坏了，图书馆",
] * 6


def segment(run):
    words = []
    while run:
        size = 3 if run.startswith("图书馆") else 1
        words.append(run[:size])
        run = run[size:]
    return words


def make(shape="bert", tokenizer=None, head=None, seed=1, **fields):
    from ft_magics.models.scratch.new_model import new_model

    settings = NewModelSettings(**{"shape": shape, "max_length_tokens": 64, "hidden_size": 32, "heads": 2, **fields})
    return new_model(settings, tokenizer or small_tokenizer("bpe", shape), head or HEADS[shape], seed)


@pytest.fixture(scope="module")
def minilm():
    from ft_magics.models.sources import find_weights

    return find_weights("minilm")


# A head that a checkpoint lacks


def test_a_checkpoint_without_a_head_gets_one_that_is_tied_and_seeded_and_says_so(minilm):
    import torch
    from ft_magics.models.scratch.language_head import load_masked

    before = torch.get_rng_state()
    model, said = load_masked(minilm, 3)
    again, other = load_masked(minilm, 3)[0], load_masked(minilm, 4)[0]
    assert torch.equal(before, torch.get_rng_state())
    head = model.cls.predictions
    assert head.decoder.weight is model.bert.embeddings.word_embeddings.weight
    assert head.decoder.bias is head.bias
    assert head.bias.abs().sum() == head.transform.dense.bias.abs().sum() == 0
    assert (head.transform.LayerNorm.weight == 1).all()
    assert 0.019 < head.transform.dense.weight.std() < 0.021
    assert torch.equal(head.transform.dense.weight, again.cls.predictions.transform.dense.weight)
    assert not torch.equal(head.transform.dense.weight, other.cls.predictions.transform.dense.weight)
    assert said == (
        "the checkpoint has no head that predicts tokens: 179,130 parameters of it are fresh (its transform, random, "
        "its bias, zeros; seed 3); the output is tied to the embeddings, which are trained"
    )


@pytest.mark.parametrize("shape", ["bert", "modernbert"])
def test_a_checkpoint_with_a_head_keeps_it(shape, tmp_path):
    import torch
    from ft_magics.models.scratch.language_head import load_masked

    model = make(shape)
    model.save_pretrained(tmp_path)
    loaded, said = load_masked(str(tmp_path), 1)
    assert said == ""
    assert all(torch.equal(one, two) for one, two in zip(model.parameters(), loaded.parameters(), strict=True))


# New words


def test_new_words_are_those_that_save_most_tokens():
    from ft_magics.models.scratch.new_words import new_words

    tokenizer = small_tokenizer("wordpiece")
    found = new_words(DOMAIN, tokenizer, 10, segmenter=segment)
    counts = {new.word: new.count for new in found}
    assert counts["streetlamps"] == counts["图书馆"] == 12
    assert counts["Overflowing"] == counts["overflowing"] == 6
    assert not {"the", "的", ":"} & counts.keys()
    saved = [new.count * (len(new.pieces) - 1) for new in found if "[UNK]" not in new.pieces]
    assert saved == sorted(saved, reverse=True)
    assert new_words(DOMAIN, tokenizer, 2, segmenter=segment) == found[:2]
    assert new_words(DOMAIN, tokenizer, 10, min_count=13) == []
    lower = new_words(DOMAIN, small_tokenizer("wordpiece", lowercase=True), 10)
    assert {new.word: new.count for new in lower}["overflowing"] == 12


def test_an_unknown_character_is_a_new_word():
    from ft_magics.models.scratch.new_words import new_words

    tokenizer = small_tokenizer("wordpiece")
    assert tokenizer.tokenize("龘") == ["[UNK]"]
    assert [new.word for new in new_words(["龘龘龘"] * 2, tokenizer, 3)] == ["龘"]


def test_what_is_counted_stays_small(monkeypatch):
    from ft_magics.models.scratch import new_words as module

    monkeypatch.setattr(module, "_MOST_WORDS", 100)
    stream = (f"zq{'abcdefghij'[at % 10]}{'klmnopqrst'[at // 10 % 10]}x{at}y streetlamps" for at in range(2000))
    found = module.new_words(stream, small_tokenizer("bpe"), 5)
    assert found[0].word == "streetlamps"
    assert found[0].count > 1900


KINDS = [("wordpiece", "bert"), ("bpe", "bert"), ("unigram", "modernbert"), ("bpe", "gpt2"), ("bpe", "llama")]


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_new_words_are_tokens_and_old_ones_are_as_before(kind, shape, tmp_path):
    import torch
    from ft_magics.models.loading import load_tokenizer
    from ft_magics.models.scratch.extend import extend

    old = small_tokenizer(kind, shape)
    model, words = make(shape, old), ["streetlamps", "hydroxychloroquine", "图书馆"]
    before = model.get_input_embeddings().weight.detach().clone()
    state = torch.get_rng_state()
    extended = extend(model, old, words)
    assert torch.equal(state, torch.get_rng_state())
    new = extended.tokenizer
    assert (len(new), len(old)) == (1303, 1300)

    text = "the streetlamps and hydroxychloroquine 图书馆的"
    ids = new(text)["input_ids"]
    assert set(extended.ids.values()) <= set(ids)
    assert new(text, return_offsets_mapping=True)["offset_mapping"].count((len(text) - 4, len(text) - 1)) == 1
    untouched = [*mixed(), "streetlampses hydroxychloroquines ystreetlamps 图书 书馆 Streetlamps"]
    assert all(new(one) == old(one) for one in untouched)
    if shape in WRITING_SHAPES:
        assert new.decode(ids) == text

    weights, output = model.get_input_embeddings().weight, model.get_output_embeddings()
    assert output.weight is weights
    assert torch.equal(weights[:1300], before)
    assert len(weights) == model.config.vocab_size == 1303
    for word, at in extended.ids.items():
        pieces = old(word if word == "图书馆" else f" {word}", add_special_tokens=False)["input_ids"]
        assert torch.allclose(weights[at], before[pieces].mean(0))
    assert model(**new(text, return_tensors="pt")).logits.shape[-1] == 1303

    new.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": shape}))
    loaded = load_tokenizer(str(tmp_path))
    assert json.loads(loaded.backend_tokenizer.to_str()) == json.loads(new.backend_tokenizer.to_str())
    assert all(loaded(one) == new(one) for one in (text, *DOMAIN))


def test_a_published_model_is_extended_and_loads_again(minilm, tmp_path):
    import torch
    from ft_magics.models.loading import load_tokenizer
    from ft_magics.models.scratch.extend import extend
    from ft_magics.models.scratch.language_head import load_masked

    old = load_tokenizer(minilm)
    model, _ = load_masked(minilm, 1)
    extended = extend(model, old, ["hydroxychloroquine", "the", "了"])
    assert list(extended.ids) == ["hydroxychloroquine", "了"]
    assert all(extended.tokenizer(one) == old(one) for one in mixed() if "了" not in one)
    head = model.cls.predictions
    assert head.decoder.weight is model.bert.embeddings.word_embeddings.weight
    assert head.decoder.bias is head.bias
    assert len(head.bias) == 30_524
    model.save_pretrained(tmp_path)
    extended.tokenizer.save_pretrained(tmp_path)
    loaded, said = load_masked(str(tmp_path), 9)
    assert said == ""
    batch = load_tokenizer(str(tmp_path))("hydroxychloroquine, overflowing 了", return_tensors="pt")
    assert 30_522 in batch["input_ids"]
    with torch.inference_mode():
        assert torch.equal(loaded.eval()(**batch).logits, model.eval()(**batch).logits)


def test_rows_to_spare_are_used_and_an_untied_head_has_means_of_its_own():
    import torch
    from ft_magics.models.scratch.extend import extend

    tokenizer = small_tokenizer("bpe", "gpt2")
    model = make("gpt2")
    model.config.tie_word_embeddings = False
    model.resize_token_embeddings(1400, mean_resizing=False)
    output = torch.nn.Linear(32, 1400, bias=True)
    model.set_output_embeddings(output)
    extended = extend(model, tokenizer, ["streetlamps"])
    assert extended.ids == {"streetlamps": 1300}
    assert len(model.get_input_embeddings().weight) == 1400
    pieces = tokenizer(" streetlamps")["input_ids"]
    assert torch.allclose(output.weight[1300], output.weight[pieces].mean(0))
    assert torch.allclose(output.bias[1300], output.bias[pieces].mean())


def test_words_that_are_there_and_spaces_that_would_be_lost_are_refused():
    from ft_magics.models.scratch.extend import extend

    with pytest.raises(ModelError, match="the vocabulary has all of them already"):
        extend(make(tokenizer=small_tokenizer("wordpiece")), small_tokenizer("wordpiece"), ["the", "the"])
    tokenizer = small_tokenizer("unigram", "gpt2")
    with pytest.raises(ModelError, match="lose the space before a new word"):
        extend(make("gpt2", tokenizer), tokenizer, ["streetlamps"])


# Layers of another model


def test_chosen_layers_and_shared_tokens_are_copied(minilm):
    import torch
    from ft_magics.models.loading import load_tokenizer
    from ft_magics.models.scratch.starting import start_model
    from transformers import BertModel

    settings = NewModelSettings.model_validate(
        {"max_length_tokens": 64, "init": {"from": "minilm", "layers": [0, 2, 4]}}
    )
    tokenizer, theirs = small_tokenizer("wordpiece"), load_tokenizer(minilm)
    before = torch.get_rng_state()
    model, said = start_model(settings, tokenizer, "AutoModelForMaskedLM", 1, source=minilm)
    assert torch.equal(before, torch.get_rng_state())
    source = BertModel.from_pretrained(minilm)
    assert (model.config.hidden_size, model.config.num_hidden_layers, model.config.num_attention_heads) == (384, 3, 12)
    for at, chosen in enumerate((0, 2, 4)):
        pairs = zip(model.bert.encoder.layer[at].parameters(), source.encoder.layer[chosen].parameters(), strict=True)
        assert all(torch.equal(one, two) for one, two in pairs)
    mine, old = model.bert.embeddings, source.embeddings
    assert torch.equal(mine.position_embeddings.weight, old.position_embeddings.weight[:64])
    assert torch.equal(mine.LayerNorm.weight, old.LayerNorm.weight)

    def row(token):
        return mine.word_embeddings.weight[tokenizer.convert_tokens_to_ids(token)]

    def mean(text):
        return old.word_embeddings.weight[theirs(text, add_special_tokens=False)["input_ids"]].mean(0)

    assert torch.equal(row("the"), mean("the"))
    assert torch.equal(row("[MASK]"), mean("[MASK]"))
    lost = next(
        token
        for token in tokenizer.get_vocab()
        if token.isascii() and token.isalpha() and len(theirs.tokenize(token)) > 1
    )
    assert torch.allclose(row(lost), mean(lost))
    chinese = next(token for token in tokenizer.get_vocab() if token > "一" and theirs.tokenize(token) == ["[UNK]"])
    assert 0.01 < row(chinese).std() < 0.03
    assert said[0].startswith("BERT of 3 layers, 384 wide, 12 heads")
    assert said[1].startswith("copied: layers 0, 2, 4 of 6, the embeddings of ")
    assert "begin as the mean of their pieces'" in said[1]
    assert said[1].endswith("149,908 other parameters are fresh")


@pytest.mark.parametrize("shape", ["bert", "modernbert", "gpt2", "llama"])
def test_with_all_layers_and_the_same_vocabulary_the_model_is_the_same(shape):
    import torch
    from ft_magics.models.scratch.copying import copy_model

    tokenizer = small_tokenizer("bpe", shape)
    source, model = make(shape, layers=3).eval(), make(shape, seed=2, layers=3).eval()
    copied = copy_model(model, tokenizer, source, tokenizer)
    assert copied.fresh == ()
    assert copied.layers == (0, 1, 2)
    assert (copied.shared, copied.pieced, copied.fresh_tokens) == (1300, 0, 0)
    batch = tokenizer("Is a fence of 2 metres allowed?", return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(model(**batch).logits, source(**batch).logits)


def test_a_larger_model_repeats_layers_in_place():
    import torch
    from ft_magics.models.scratch.copying import copy_model, spread_layers

    assert [spread_layers(*sizes) for sizes in ((1, 6), (2, 6), (3, 6), (6, 6))] == [
        [0],
        [0, 5],
        [0, 2, 5],
        [0, 1, 2, 3, 4, 5],
    ]
    tokenizer = small_tokenizer("bpe", "gpt2")
    source, model = make("gpt2", layers=2), make("gpt2", seed=2, layers=4)
    copied = copy_model(model, tokenizer, source, tokenizer)
    assert copied.layers == (0, 0, 1, 1)
    assert torch.equal(model.transformer.h[3].attn.c_attn.weight, source.transformer.h[1].attn.c_attn.weight)
    again = make("gpt2", layers=3)
    assert copy_model(again, tokenizer, source, tokenizer, layers=[1, 0, 1]).layers == (1, 0, 1)


@pytest.mark.parametrize(
    ("fields", "named", "message"),
    [
        (
            {"hidden_size": 64},
            {},
            "`init` has `hidden_size: 32` and the new model 64; layers are copied at the same sizes",
        ),
        ({"heads": 4}, {}, "`heads: 2` and the new model 4"),
        ({"layers": 2}, {"layers": [0, 9]}, "names the layer 9, and the model has 2, from 0 to 1"),
        ({"layers": 2}, {"layers": [0]}, "names 1 layers, and the new model has 2"),
    ],
)
def test_layers_that_do_not_fit_are_refused(fields, named, message):
    from ft_magics.models.scratch.copying import copy_model

    tokenizer = small_tokenizer("bpe", "bert")
    with pytest.raises(ModelError, match=message):
        copy_model(make(**fields), tokenizer, make(), tokenizer, **named)


def test_a_model_of_another_shape_is_refused():
    from ft_magics.models.scratch.copying import copy_model

    with pytest.raises(ModelError, match="`init` is a gpt2 model and the new one is of the shape `bert`"):
        copy_model(make(), small_tokenizer("bpe"), make("gpt2"), small_tokenizer("bpe", "gpt2"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_key_value_heads": 1}, "its `num_key_value_heads` is 1 and not 2; train it further"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}, "its `rope_parameters` is "),
    ],
)
def test_a_llama_that_is_built_otherwise_is_refused(setting, message):
    from ft_magics.models.scratch.copying import copy_model
    from transformers import AutoModelForCausalLM

    tokenizer = small_tokenizer("bpe", "llama")
    config = make("llama", layers=2).config
    for name, value in setting.items():
        setattr(config, name, value)
    with pytest.raises(ModelError, match=message):
        copy_model(make("llama", layers=2), tokenizer, AutoModelForCausalLM.from_config(config), tokenizer)
