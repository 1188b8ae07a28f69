"""Models from nothing: sizes, random numbers of their own, heads that their shape has."""

from __future__ import annotations

import pytest
from ft_magics.config.scratch import PRESETS, NewModelSettings, Sizes
from ft_magics.errors import ModelError
from pydantic import ValidationError

from scratch_texts import small_tokenizer

_MASKED = "AutoModelForMaskedLM"
HEADS = {
    "bert": _MASKED,
    "modernbert": _MASKED,
    "electra": _MASKED,
    "gpt2": "AutoModelForCausalLM",
    "llama": "AutoModelForCausalLM",
}
KINDS = {"bert": "wordpiece", "modernbert": "bpe", "electra": "wordpiece", "gpt2": "bpe", "llama": "bpe"}


def make(shape="bert", seed=1, head=None, **fields):
    from ft_magics.models.scratch.new_model import new_model

    settings = NewModelSettings(shape=shape, max_length_tokens=64, **fields)
    return new_model(settings, small_tokenizer(KINDS[shape], shape), head or HEADS[shape], seed)


def test_presets_are_the_published_sizes():
    assert PRESETS["bert"]["tiny"] == Sizes(2, 128, 2, 512)
    assert PRESETS["bert"]["mini"] == Sizes(4, 256, 4, 1024)
    assert PRESETS["bert"]["small"] == Sizes(4, 512, 8, 2048)
    assert PRESETS["bert"]["base"] == PRESETS["gpt2"]["base"] == Sizes(12, 768, 12, 3072)
    assert PRESETS["llama"]["tiny"] == Sizes(2, 128, 2, 352)
    assert PRESETS["modernbert"]["base"] == Sizes(22, 768, 12, 1152)
    assert PRESETS["electra"]["small"] == Sizes(12, 256, 4, 1024)
    assert PRESETS["electra"]["base"] == PRESETS["bert"]["base"]


def test_the_smallest_bert_has_the_parameters_that_turc_et_al_count():
    import torch
    from ft_magics.models.scratch.new_model import new_config
    from transformers import BertModel

    with torch.device("meta"):
        config = new_config(NewModelSettings(), small_tokenizer("wordpiece"))
        config.vocab_size = 30_522
        counted = sum(item.numel() for item in BertModel(config).parameters())
    assert round(counted / 1e6, 1) == 4.4


@pytest.mark.parametrize("shape", ["bert", "modernbert", "gpt2", "llama"])
def test_the_same_seed_gives_the_same_model_and_leaves_torch_s_numbers_alone(shape):
    import torch

    before = torch.get_rng_state()
    first = make(shape)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(3)
    again, other = make(shape), make(shape, seed=2)
    pairs = list(zip(first.state_dict().items(), again.state_dict().values(), other.state_dict().values(), strict=True))
    assert all(torch.equal(one, two) for (_, one), two, _ in pairs)
    assert any(not torch.equal(one, three) for (_, one), _, three in pairs)
    assert first.dtype == torch.float32


@pytest.mark.parametrize("shape", ["bert", "modernbert", "electra", "gpt2", "llama"])
def test_it_takes_what_its_tokenizer_gives_and_ties_its_head(shape):
    import torch

    model, tokenizer = make(shape, layers=1).eval(), small_tokenizer(KINDS[shape], shape)
    batch = tokenizer(["Is a fence allowed?", "水"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**batch).logits
    assert logits.shape == (*batch["input_ids"].shape, len(tokenizer))
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.config.pad_token_id == tokenizer.pad_token_id
    # Before any training each token is about as likely as the next.
    assert abs(logits.log_softmax(-1).mean() + torch.tensor(len(tokenizer)).log()) < 0.5


def test_fields_go_before_the_preset():
    config = make(preset="mini", layers=3, dropout=0.2).config
    assert (config.num_hidden_layers, config.hidden_size, config.num_attention_heads) == (3, 256, 4)
    assert (config.hidden_dropout_prob, config.max_position_embeddings) == (0.2, 64)
    wide = make("modernbert", hidden_size=192, layers=1).config
    assert (wide.num_attention_heads, wide.intermediate_size) == (3, 288)
    assert make("gpt2", intermediate_size=99).config.n_inner == 99


def test_a_model_for_sentence_pairs_has_both_heads():
    assert type(make(head="AutoModelForPreTraining")).__name__ == "BertForPreTraining"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hidden_size": 100, "heads": 3}, "take `hidden_size: 99` or 102"),
        ({"heads": 3}, "`hidden_size: 128` cannot be shared out to `heads: 3`; take `hidden_size: 126` or 129"),
        ({"shape": "modernbert", "hidden_size": 9, "heads": 3}, "rotary positions turn pairs of numbers"),
        ({"layers": 3, "init": {"from": "minilm", "layers": [1]}}, "names 1 layers and `layers:` says 3"),
        ({"preset": "huge"}, "'tiny', 'mini', 'small' or 'base'"),
    ],
)
def test_sizes_that_no_model_has_are_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        NewModelSettings.model_validate(fields)


@pytest.mark.parametrize(
    ("shape", "head", "message"),
    [
        ("gpt2", "AutoModelForMaskedLM", "cannot fill gaps; take `shape: bert`"),
        ("bert", "AutoModelForCausalLM", "cannot write on; take `shape: llama`"),
        ("modernbert", "AutoModelForPreTraining", "no head for pairs of sentences"),
    ],
)
def test_a_head_that_the_shape_cannot_have_is_refused(shape, head, message):
    with pytest.raises(ModelError, match=message):
        make(shape, head=head)


def test_a_model_that_does_not_fit_into_memory_is_refused_before_it_takes_any():
    with pytest.raises(ModelError, match="GB of memory and .* GB are free; take a smaller preset"):
        make(layers=200, hidden_size=16_384)


def test_a_tokenizer_of_another_shape_is_refused():
    from ft_magics.models.scratch.new_model import new_config

    with pytest.raises(ModelError, match="the tokenizer has no cls token"):
        new_config(NewModelSettings(), small_tokenizer("bpe", "gpt2"))


def test_it_says_how_large_it_is():
    from ft_magics.models.scratch.new_model import describe_model

    assert describe_model(make()) == (
        "BERT of 2 layers, 128 wide, 2 heads: 0.59 M parameters, 0.17 M of them the embeddings of 1,300 tokens"
    )
