"""Adapters of plain peft's as `model:`: merged as peft would, said so, and refused in a sentence where that cannot be."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from ft_magics.errors import FineTuneError, ModelError
from ft_magics.models.peft_folders import merged_adapter
from ft_magics.models.sources import find_weights, is_adapter
from ft_magics.runs.cells import parse_cell
from ft_magics.training.prepare import prepare
from peft import AdaLoraConfig, IA3Config, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModel, AutoModelForTokenClassification, GPT2Config, GPT2Model

from method_trials import body


@pytest.fixture(scope="module")
def adapter(tiny_model, tmp_path_factory):
    """A folder that plain peft wrote."""
    torch.manual_seed(3)
    model = AutoModelForTokenClassification.from_pretrained(tiny_model, num_labels=3)
    settings = LoraConfig(r=4, lora_alpha=6, target_modules=["query", "dense"], task_type="TOKEN_CLS", use_rslora=True)
    tuned = get_peft_model(model, settings)
    with torch.no_grad():
        for name, item in tuned.named_parameters():
            if "lora_" in name:
                item.normal_(std=0.1)
    folder = tmp_path_factory.mktemp("adapter")
    tuned.save_pretrained(folder)
    expected = tuned.merge_and_unload().base_model.state_dict()
    return folder, {name: item.clone() for name, item in expected.items()}


def test_a_run_starts_from_the_base_with_the_adapter_merged_as_peft_merges_it(adapter, tmp_path):
    folder, expected = adapter
    assert is_adapter(str(folder))
    prepared = prepare(parse_cell(body(tmp_path, folder, "ner", "{lora: {r: 2}}"), {}))
    merged = merged_adapter(str(folder))
    theirs = AutoModel.from_pretrained(merged, add_pooling_layer=False).state_dict()
    assert theirs.keys() == expected.keys()
    for name, item in theirs.items():
        assert torch.allclose(item, expected[name], atol=1e-5), name
    assert any(not torch.equal(item, expected[name]) or "query" in name for name, item in theirs.items())
    assert prepared.trained.base.model == str(merged)
    assert any("training starts from its model with the adapter merged" in text for text in prepared.check.warnings)
    written = (merged / "model.safetensors").stat().st_mtime_ns
    assert merged_adapter(str(folder)) == merged
    assert (merged / "model.safetensors").stat().st_mtime_ns == written
    with pytest.raises(ModelError, match=r"without its model .*`model:` in a cell"):
        find_weights(str(folder))


KINDS = [
    LoraConfig(r=4, lora_alpha=6, target_modules=["query", "dense"], use_dora=True),
    AdaLoraConfig(init_r=6, target_r=3, lora_alpha=4, target_modules=["query", "value"], total_step=10),
    IA3Config(target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"]),
]


@pytest.mark.parametrize("settings", KINDS, ids=lambda settings: settings.peft_type.value)
def test_other_kinds_are_merged_as_peft_merges_them(tiny_model, tmp_path, settings):
    tuned = get_peft_model(AutoModel.from_pretrained(tiny_model, add_pooling_layer=False), settings)
    _check_merged(tuned, lambda: AutoModel.from_pretrained(tiny_model, add_pooling_layer=False), tmp_path / "adapter")


@pytest.mark.parametrize(
    "settings",
    [
        LoraConfig(r=2, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True),
        IA3Config(target_modules=["c_attn", "c_proj"], feedforward_modules=["c_proj"], fan_in_fan_out=True),
    ],
    ids=lambda settings: settings.peft_type.value,
)
def test_weights_that_gpt2_keeps_transposed_are_merged_too(tmp_path, settings):
    base = tmp_path / "base"
    GPT2Model(GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2)).save_pretrained(base)
    tuned = get_peft_model(GPT2Model.from_pretrained(base), settings)
    _check_merged(tuned, lambda: GPT2Model.from_pretrained(base), tmp_path / "adapter")


def _check_merged(tuned, fresh, folder):
    with torch.no_grad():
        for name, item in tuned.named_parameters():
            if "lora_" in name or "ia3_" in name:
                item.add_(torch.randn(item.shape) * 0.1)
    tuned.save_pretrained(folder)
    expected = PeftModel.from_pretrained(fresh(), folder).merge_and_unload().state_dict()
    found = AutoModel.from_pretrained(merged_adapter(str(folder))).state_dict()
    for name, item in expected.items():
        assert torch.allclose(found[name], item, atol=1e-5), name
    before = fresh().state_dict()
    assert any(not torch.allclose(item, before[name], atol=1e-4) for name, item in expected.items())


WRONG = [
    ({"peft_type": "PREFIX_TUNING"}, "`peft_type` is 'PREFIX_TUNING', not one of LORA, ADALORA, IA3"),
    ({"peft_type": "IA3"}, "which is no part of such an adapter"),
    ({"use_dora": True}, "fits no weight of the base"),
    ({"bias": "all"}, "`bias` is set"),
    ({"r": "4"}, "`r` is not a rank"),
    ({"base_model_name_or_path": "/nowhere/at/all"}, "holds an adapter of `/nowhere/at/all`, which is not here"),
    ({"base_model_name_or_path": None}, "does not say which model it is of"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_is_not_merged_here_is_said_in_a_sentence(adapter, tmp_path, change, said):
    folder = tmp_path / "copied"
    shutil.copytree(adapter[0], folder, ignore=shutil.ignore_patterns("merged"))
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError) as caught:
        merged_adapter(str(folder))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_do_not_belong_together_are_said(adapter, tmp_path):
    folder = tmp_path / "copied"
    shutil.copytree(adapter[0], folder, ignore=shutil.ignore_patterns("merged"))
    weights = folder / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    with pytest.raises(ModelError, match="no safetensors file, or cut off"):
        merged_adapter(str(folder))
    weights.write_bytes(whole)
    (folder / "merged").mkdir()
    with pytest.raises(FineTuneError, match="is of another adapter or base, or holds something else; move it away"):
        merged_adapter(str(folder))
