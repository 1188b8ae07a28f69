"""Trained tokens before what a model that writes reads: what it writes is what its own logits say, padded or not."""

from __future__ import annotations

import pytest
import torch
from ft_magics.models.quiet import quiet_transformers
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.generating import Generation, GenerationSettings, generate
from ft_magics.tasks.writing.continuing import write_after
from ft_magics.tasks.writing.pieces import Prompt
from ft_magics.training.prepare import prepare
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from architectures import make_tiny
from method_trials import METHODS, body

IDS = [(5, 6, 7), (8, 9, 10, 11, 12, 13, 14), (20, 21)]
END = 3


def prepared_with_moved_tokens(folder, task, method, architecture):
    """A prepared run whose virtual tokens, which begin near nothing, change what the model says."""
    model = make_tiny(folder / architecture, architecture)
    if task == "translate":  # with small random weights a decoder writes the same whatever the encoder read
        loud = AutoModelForSeq2SeqLM.from_pretrained(model)
        with torch.no_grad():
            for item in loud.parameters():
                item.mul_(20 if item.dim() > 1 else 1)
        loud.save_pretrained(model)
    prepared = prepare(parse_cell(body(folder, model, task, METHODS[method]), {}))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for item in prepared.trained.model.parameters():
            if item.requires_grad:
                item.add_(torch.randn(item.shape, generator=generator) * 0.5)
    prepared.trained.model.eval()
    return prepared, model


@pytest.mark.parametrize("method", ["prompt", "p_tuning", "prefix"])
@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_causal_model_writes_what_its_logits_say(tmp_path, architecture, method):
    prepared, base = prepared_with_moved_tokens(tmp_path, "generate", method, architecture)
    trained = prepared.trained
    assert all(len(row.pieces) == 1 for row in prepared.features["train"])  # the tokens stand before a row, not a piece
    how = Generation(settings=GenerationSettings(beams=1, max_new_tokens=8), longest=8, stop=(END,))
    with torch.no_grad(), quiet_transformers():
        together = write_after(trained.model, [Prompt(at, ids, (END,)) for at, ids in enumerate(IDS)], how)
    assert together == [_greedy(trained.model, ids) for ids in IDS]
    assert together != [_greedy(AutoModelForCausalLM.from_pretrained(base), ids) for ids in IDS]
    kept = tmp_path / "kept"
    kept.mkdir()
    trained.save(kept)
    theirs = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), kept).eval()
    assert [_greedy(theirs, ids) for ids in IDS] == together


def _greedy(model, ids, most=8):
    """The most probable token each time, one text alone and nothing cached."""
    written = list(ids)
    with torch.no_grad():
        for _ in range(most):
            inputs = torch.tensor([written])
            token = int(model(input_ids=inputs, attention_mask=torch.ones_like(inputs)).logits[0, -1].argmax())
            if token == END:
                break
            written.append(token)
    return written[len(ids) :]


@pytest.mark.parametrize("method", ["prompt", "p_tuning"])
@pytest.mark.parametrize("architecture", ["bart", "t5", "marian"])
def test_an_encoder_decoder_writes_what_peft_writes(tmp_path, architecture, method):
    prepared, base = prepared_with_moved_tokens(tmp_path, "translate", method, architecture)
    trained, features = prepared.trained, prepared.features["dev"]
    with quiet_transformers():
        raw, _ = trained.infer(features)
        kept = tmp_path / "kept"
        kept.mkdir()
        trained.save(kept)
        model = AutoModelForSeq2SeqLM.from_pretrained(base)
        theirs = PeftModel.from_pretrained(model, kept).eval()
        how = Generation(settings=trained.task.settings.generation, longest=trained.task.longest)
        for feature, written in zip(features, raw, strict=True):
            ids = torch.tensor([feature.input_ids])
            inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            assert generate(theirs, inputs, how, pad=0) == [written]
        base = AutoModelForSeq2SeqLM.from_pretrained(base)
        assert raw != [
            generate(base, {"input_ids": torch.tensor([each.input_ids]), "attention_mask": None}, how, pad=0)[0]
            for each in features
        ]
