"""Every method of tuning: what is trained and what is not, kept small, loaded, merged, and refused where it cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch
from ft_magics.errors import CellError, MethodError, ModelError
from ft_magics.magics.completion.body import complete_body
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.training.prepare import prepare
from ft_magics.tuning import registry
from ft_magics.tuning.registry import find_method, method_names, refuse_together
from torch import nn

from architectures import DECODERS, ENCODER_DECODERS, ENCODERS, make_tiny
from method_trials import METHODS, TASKS, body, try_method

_ONE_SET, _NO_BIAS, _NO_CACHE = "one set of weights", "no bias terms", "takes no keys and values"
REFUSED = {
    ("modernbert", "bitfit"): _NO_BIAS,
    ("albert", "freeze"): _ONE_SET,
    ("albert", "bitfit + freeze"): _ONE_SET,
    **{(each, "prefix"): _NO_CACHE for each in ("distilbert", "albert", "deberta-v2", "mpnet", "modernbert")},
    **{(each, name): _NO_BIAS for each in ("llama", "t5") for name in ("bitfit", "bitfit + freeze")},
    **{(each, "head"): "its embeddings once more" for each in ("gpt2", *ENCODER_DECODERS)},
    **{(each, "prefix"): "`prompt`, before what the encoder reads" for each in ENCODER_DECODERS},
}
_WRITING, _PAIRS = ("generate", "dialogue", "clm"), ("translate", "summarize")
# Each method and each architecture with each task, and every pair that is refused.
COVERING = [
    *((ENCODERS[at % len(ENCODERS)], TASKS[at % 2], name) for at, name in enumerate(METHODS)),
    *((architecture, TASKS[(at + 1) % 2], "lora") for at, architecture in enumerate(ENCODERS)),
    *((architecture, "ner", name) for architecture, name in REFUSED if architecture in ENCODERS),
    ("modernbert", "classify", "p_tuning"),
    *(("bert", "qa", name) for name in ("full", "lora", "prompt", "prefix", "adalora")),
    *((architecture, "qa", "bitfit") for architecture in ("roberta", "deberta-v2")),
    ("modernbert", "qa", "p_tuning"),
    ("electra", "ner", "prompt"),
    ("roberta", "classify", "prefix"),
    # A task with tokens of its own, which a method that keeps what it trains does not keep.
    ("albert", "relation", "lora"),
    ("deberta-v2", "relation", "full"),
    ("electra", "relation", "prompt"),
    ("modernbert", "relation", "adapter"),
    # Models that write; the head of some is the embeddings once more, and that of XLM-R stands before its backbone.
    *((DECODERS[at % 2], _WRITING[at % 3], name) for at, name in enumerate(METHODS)),
    *((ENCODER_DECODERS[at % 2], _PAIRS[at // 2 % 2], name) for at, name in enumerate(METHODS)),
    *((architecture, "translate", "full") for architecture in ("bert", "xlm-roberta")),
    *(("xlm-roberta", "mlm", name) for name in ("lora", "head", "bitfit")),
    *((architecture, "mlm", "lora") for architecture in ("bert", "albert", "distilbert", "electra", "modernbert")),
    *(("llama", "generate", name) for name in ("prefix", "adalora")),
    ("gpt2", "dialogue", "head"),
    ("t5", "summarize", "adapter"),
    ("t5", "translate", "ia3"),
]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Makes the folder of a tiny model of an architecture, once."""
    made = {}

    def make(architecture):
        if architecture not in made:
            made[architecture] = make_tiny(tmp_path_factory.mktemp(architecture), architecture)
        return made[architecture]

    return make


@pytest.mark.parametrize(("architecture", "task", "name"), COVERING)
def test_a_method_trains_its_own_and_is_kept_loaded_and_merged(tiny, tmp_path, architecture, task, name):
    trial = try_method(tmp_path, tiny(architecture), task, METHODS[name])
    expected = REFUSED.get((architecture, name), "")
    assert expected in trial.refused
    assert bool(trial.refused) == bool(expected)
    assert expected or 0 < trial.trainable <= trial.parameters


def test_every_method_is_tried_here():
    assert set(method_names()) <= {part.split(" ")[0] for part in METHODS}
    assert all(find_method(name).title for name in method_names())


LOADED = """
import sys
import torch
from ft_magics.runs.predictor import load_trained

for folder in sys.argv[1:]:
    kept = torch.load(f"{folder}/logits.pt")
    with torch.no_grad():
        found = load_trained(folder, device="cpu", precision="fp32").model.eval()(**kept["batch"])["logits"]
    print(folder, torch.equal(found, kept["logits"]))
"""


def test_a_new_process_loads_every_method_to_the_same_bits(tiny, tmp_path):
    """Without training: what is added begins at nothing, so it is moved first."""
    folders = []
    for name, method in METHODS.items():
        trained = (prepared := prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", method), {}))).trained
        folder = tmp_path / name
        folder.mkdir()
        wanted = set(trained.tuning.outline.trainable)
        batch = trained.task.collate(prepared.features["dev"], trained.spec)
        batch.pop("labels")
        with torch.no_grad():
            for at, (_, item) in enumerate(pair for pair in trained.model.named_parameters() if pair[0] in wanted):
                item.add_(torch.randn(item.shape, generator=torch.Generator().manual_seed(at)) * 0.1)
            trained.save(folder)
            logits = trained.model.eval()(**batch)["logits"]
        torch.save({"batch": batch, "logits": logits}, folder / "logits.pt")
        folders.append(str(folder))
    done = subprocess.run([sys.executable, "-c", LOADED, *folders], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"{folder} True" for folder in folders], done.stderr[-2000:]


WRONG = [
    ("{lora: {targets: [querry]}}", "method.lora", "There are `query`, `key`, `value`, `dense`"),
    ("{lora: {targets: [querry]}}", "method.lora", "Did you mean `query`?"),
    ("{lora: {r: 64}}", "method.lora", "above the width of `bert.encoder.layer.0.attention.self.query`, 32"),
    ("{adalora: {first_r: 40}}", "method.adalora", "`first_r: 40` is above the width"),
    ("{freeze: {layers: 0-7}}", "method.freeze", "has 2 layers, 0 to 1"),
    ("{freeze: {except_top: 2}}", "method.freeze", "leaves no layer"),
    ("{freeze: {names: nothing*}}", "method.freeze", "fits no parameter; they are called `bert.embeddings."),
    ("{freeze: {names: '*'}}", "method.freeze", "nothing trainable"),
    ("{prompt: {length: 51}}", "method.prompt", "more than half of the 100 tokens"),
    ("{adapter: {reduction: 64}}", "method.adapter", "the model's width, 32"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused_before_a_weight_is_read(tiny, tmp_path, patch, wrong):
    method, place, said = wrong
    patch.setattr("ft_magics.models.weight_files.Weights.tensors", None)
    with pytest.raises(CellError) as caught:
        prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", method), {}))
    (problem,) = caught.value.problems
    assert problem.where == place
    assert said in problem.text
    assert "\n" not in problem.text


@pytest.mark.parametrize("method", ["adapter", "{prompt: {length: 3}}"])
def test_what_cannot_be_merged_says_so_before_it_is_trained(tiny, tmp_path, method):
    text = body(tmp_path, tiny("bert"), "ner", method, save="save: {merge: true}")
    with pytest.raises(CellError, match="save.merge: `.*` cannot be merged.*`lora` can"):
        prepare(parse_cell(text, {}))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["lora", "bitfit"], "each say what is trainable"),
        (["head", "freeze"], "it goes with `full`, `adapter`, `lora`, `dora`, `bitfit`, `ia3`"),
        (["prompt", "gradual"], "`gradual` changes nothing of `prompt`"),
        (["adalora", "freeze"], "or would break it"),
    ],
)
def test_methods_that_do_not_go_together(names, said):
    assert said in refuse_together(names)


@pytest.mark.parametrize("names", [["bitfit", "freeze"], ["freeze", "gradual", "rates"], ["prompt", "rates"]])
def test_methods_that_go_together(names):
    assert refuse_together(names) is None


def applied(tiny, tmp_path, method, architecture="bert"):
    prepared = prepare(parse_cell(body(tmp_path, tiny(architecture), "ner", method), {}))
    return prepared.trained.tuning, prepared.trained.model


def rates(tuning, model):
    """Rate and weight decay of each parameter, by name."""
    groups = tuning.groups(model, learning_rate=1.0, weight_decay=0.1)
    found = {id(item): (group["lr"], group["weight_decay"]) for group in groups for item in group["params"]}
    return {name: found[id(item)] for name, item in model.named_parameters() if id(item) in found}


def test_biases_and_norms_have_no_weight_decay(tiny, tmp_path):
    for architecture in ("bert", "modernbert"):
        tuning, model = applied(tiny, tmp_path, "full", architecture)
        norms = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.LayerNorm)}
        assert norms
        for name, (rate, decay) in rates(tuning, model).items():
            assert rate == 1.0
            assert decay == (0.0 if name.endswith("bias") or name in norms else 0.1), name


def test_lower_layers_have_lower_rates_and_the_head_its_own(tiny, tmp_path):
    found = rates(*applied(tiny, tmp_path, "{rates: {layer_decay: 0.5, head: 0.003}}"))
    assert found["classifier.weight"][0] == 0.003
    assert found["bert.encoder.layer.1.output.dense.weight"][0] == 0.5
    assert found["bert.encoder.layer.0.output.dense.weight"][0] == 0.25
    assert found["bert.embeddings.word_embeddings.weight"][0] == 0.125


def test_layers_are_unfrozen_from_the_top_and_the_same_after_any_step(tiny, tmp_path):
    tuning, model = applied(tiny, tmp_path, "{gradual: {share: 0.6}}")

    def trainable():
        return sorted({tuning.outline.depth(name) for name, item in model.named_parameters() if item.requires_grad})

    seen = []
    for step in range(10):
        tuning.begin_step(model, step=step, total_steps=10)
        seen.append(trainable())
    assert seen == [[3], [3], [2, 3], [2, 3], [1, 2, 3], [1, 2, 3], *[[0, 1, 2, 3]] * 4]
    fresh, again = applied(tiny, tmp_path, "{gradual: {share: 0.6}}")
    fresh.begin_step(again, step=4, total_steps=10)
    assert [item.requires_grad for item in again.parameters()].count(False) > 0
    assert (
        sorted({fresh.outline.depth(name) for name, item in again.named_parameters() if item.requires_grad}) == seen[4]
    )


def test_what_is_frozen(tiny, tmp_path):
    tuning, _ = applied(tiny, tmp_path, "{freeze: {except_top: 1, names: '*attention*'}}")
    trained = tuning.outline.trainable
    assert {name.split(".")[3] for name in trained if "encoder" in name} == {"1"}
    assert not any("embeddings" in name or "attention" in name for name in trained)
    assert "classifier.weight" in trained
    tuning, _ = applied(tiny, tmp_path, "{freeze: {embeddings: false, layers: [1]}}")
    assert {tuning.outline.depth(name) for name in tuning.outline.trainable} == {0, 1, 3}


def test_a_fresh_adapter_and_a_fresh_lora_change_nothing(tiny, tmp_path):
    text = body(tmp_path, tiny("bert"), "classify", "full")
    plain = prepare(parse_cell(text, {})).trained
    batch = {"input_ids": torch.arange(5, 15)[None], "attention_mask": torch.ones(1, 10, dtype=torch.long)}
    with torch.no_grad():
        expected = plain.model.eval()(**batch)["logits"]
        for method in ("adapter", "{adapter: {placement: houlsby}}", "lora", "dora", "ia3"):
            tuned = prepare(parse_cell(body(tmp_path, tiny("bert"), "classify", method), {})).trained
            assert torch.allclose(tuned.model.eval()(**batch)["logits"], expected, atol=1e-6), method


def test_what_a_method_adds_hangs_on_the_seed_alone(tiny, tmp_path):
    def added():
        _, model = applied(tiny, tmp_path, "{lora: {r: 4}}")
        return model.bert.encoder.layer[0].output.dense.lora_A["default"].weight

    first = added()
    torch.rand(7)
    assert torch.equal(first, added())


def test_loading_a_tuned_model_takes_no_random_numbers_from_a_training(tiny, tmp_path):
    prepared = prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", "lora"), {}))
    (tmp_path / "kept").mkdir()
    prepared.trained.save(tmp_path / "kept")
    before = torch.get_rng_state()
    load_trained(str(tmp_path / "kept"), device="cpu")
    assert torch.equal(before, torch.get_rng_state())


def test_a_base_that_has_changed_or_is_gone(tmp_path):
    model = make_tiny(tmp_path / "base", "bert")
    prepared = prepare(parse_cell(body(tmp_path, model, "ner", "{lora: {r: 4}}"), {}))
    kept = tmp_path / "kept"
    kept.mkdir()
    prepared.trained.save(kept)
    load_trained(str(kept), device="cpu")
    weights = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"have changed since \(sha256 .*put back"):
        load_trained(str(kept), device="cpu")
    model.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match="its base .* is gone"):
        load_trained(str(kept), device="cpu")
    (tmp_path / "moved").rename(model)
    (model / "model.safetensors").write_bytes(weights)
    load_trained(str(kept), device="cpu")


@pytest.mark.parametrize("method", ["{lora: {r: 4}}", "bitfit", "{prompt: {length: 3}}"])
def test_a_kept_file_of_another_model_is_refused(tiny, tmp_path, method):
    kept = []
    for at, each in enumerate((method, "{adapter: {reduction: 4}}")):
        trained = prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", each), {})).trained
        folder = tmp_path / f"kept{at}"
        folder.mkdir()
        trained.save(folder)
        kept.append(folder)
    ours = next(kept[0].glob("*.safetensors"))
    ours.write_bytes(next(kept[1].glob("*.safetensors")).read_bytes())
    with pytest.raises(ModelError, match="is not of this model and method|holds only|head|missing"):
        load_trained(str(kept[0]), device="cpu")
    ours.write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="no safetensors file, or cut off"):
        load_trained(str(kept[0]), device="cpu")


OTHERS = '''
from ft_magics.config.section import Section
from ft_magics.tuning.method import Method

class NormSettings(Section):
    """Nothing to set."""

class OnlyNorms(Method):
    name = "only_norms"
    Settings = NormSettings
    title = "normalisations alone"
    rate_factor = 10.0

    def __init__(self, settings):
        pass

    def refusal(self, outline, task):
        return "it is for words only; `head` works" if task == "classify" else None

    def apply(self, model, outline, *, total_steps):
        for name, item in model.named_parameters():
            item.requires_grad_("LayerNorm" in name or outline.in_head(name))
        return model

class Lacking:
    name = "lacking"

class Failing(OnlyNorms):
    name = "failing"

    def apply(self, model, outline, *, total_steps):
        raise KeyError("a fault of theirs")
'''


@pytest.fixture
def others(tmp_path, monkeypatch):
    """Methods of a package that is not ours."""
    (tmp_path / "other_methods.py").write_text(OTHERS)
    monkeypatch.syspath_prepend(tmp_path)
    classes = {"only_norms": "OnlyNorms", "lacking": "Lacking", "failing": "Failing", "gone": "Nowhere"}
    found = [EntryPoint(name, f"other_methods:{kind}", "ft_magics.methods") for name, kind in classes.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: found if group == "ft_magics.methods" else [])


@pytest.mark.usefixtures("others")
def test_a_method_of_another_package(tiny, tmp_path):
    assert "only_norms" in method_names()
    trial = try_method(tmp_path, tiny("bert"), "ner", "only_norms")
    assert not trial.refused
    assert trial.trainable < trial.parameters / 20
    with pytest.raises(CellError, match="it is for words only"):
        prepare(parse_cell(body(tmp_path, tiny("bert"), "classify", "only_norms"), {}))


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lacking", "is not what ft_magics calls a method: it lacks "),
        ("gone", "cannot be imported .*Nowhere"),
        ("only_norm", "is no method.*Did you mean `only_norms`?"),
    ],
)
def test_a_method_of_another_package_that_cannot_be_used(tiny, tmp_path, name, said):
    with pytest.raises(CellError, match=said):
        parse_cell(body(tmp_path, tiny("bert"), "ner", name), {})


@pytest.mark.usefixtures("others")
def test_a_fault_of_another_package_is_said_as_such(tiny, tmp_path):
    with pytest.raises(MethodError, match=r"method `failing`: `apply` failed \(KeyError: 'a fault of theirs'\)"):
        prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", "failing"), {}))


@pytest.mark.parametrize(
    ("said", "proposed"),
    [
        ("method: ", ["full", "adapter", "lora"]),
        ("method: {lo", ["lora: "]),
        ("method: {lora: {", ["r: ", "alpha: ", "dropout: ", "targets: "]),
        ("method: [bitfit, {fr", ["freeze: "]),
        ("method: {adapter: {placement: ", ["pfeiffer", "houlsby"]),
    ],
)
def test_tab_proposes_methods_and_their_settings(said, proposed):
    text = f"task: ner\n{said}"
    answer = complete_body(text, len(text), {})
    assert [choice.text for choice in answer.choices][: len(proposed)] == proposed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": {"lora": {"r": 0}}}, r"`method` is not what a run writes \(r: "),
        ({"method": {"lora": {"rank": 3}}}, "`method` is not what a run writes"),
        ({"method": {"lora": {}, "head": {}}}, "each say what is trainable"),
        ({"method": {}}, "there is none"),
        ({"method": {"sorcery": {}}}, "there is no method `sorcery`"),
        ({"method": {"lora": {"r": 2}}}, "is not of this model and method"),
        ({"base": {"model": 3, "folder": "x", "sha256": "y"}}, "`base.model` is 3"),
        ({"base": {"model": "./nowhere", "folder": "/nowhere", "sha256": "y"}}, "is gone"),
    ],
)
def test_what_is_kept_beside_a_model_is_not_believed(tiny, tmp_path, change, said):
    trained = prepare(parse_cell(body(tmp_path, tiny("bert"), "ner", "{lora: {r: 4}}"), {})).trained
    kept = tmp_path / "kept"
    kept.mkdir()
    trained.save(kept)
    settings = json.loads((kept / "ft_magics.json").read_text()) | change
    (kept / "ft_magics.json").write_text(json.dumps(settings))
    with pytest.raises((ModelError, MethodError), match=said):
        load_trained(str(kept), device="cpu")


def test_the_page_on_methods_has_each_with_its_rate_and_what_is_kept():
    page = (Path(__file__).parents[1] / "docs" / "methods.md").read_text(encoding="utf-8")
    rows = {
        line.split("`")[1]: [part.strip() for part in line.split("|")[3:6]]
        for line in page.splitlines()
        if line.startswith("| [")
    }
    chosen = {name: find_method(name) for name in method_names() if find_method(name).chooses}
    assert rows.keys() == chosen.keys()
    for name, method in chosen.items():
        rate, kept, merges = rows[name]
        assert float(rate) == method.rate_factor, name
        assert (kept == "the whole model") == method.keeps_all
        assert merges == ("is plain" if method.keeps_all else "no" if method.unmergeable else "yes"), name
    for name in method_names():
        assert f"\n## {name}\n" in page
        assert all(f"`{key}: {default}`" in page for key, default in DEFAULTS.get(name, {}).items()), name


DEFAULTS = {
    name: {key: getattr(find_method(name).Settings(), key) for key in keys}
    for name, keys in {
        "lora": ("r", "alpha"),
        "adalora": ("first_r", "r"),
        "adapter": ("reduction",),
        "prefix": ("length",),
        "prompt": ("length",),
        "p_tuning": ("length", "hidden"),
        "gradual": ("share",),
    }.items()
}


@pytest.mark.parametrize("architecture", DECODERS)
def test_embeddings_are_the_lowest_part_of_a_causal_model(tiny, tmp_path, architecture):
    def trainable(method):
        prepared = prepare(parse_cell(body(tmp_path, tiny(architecture), "generate", method), {}))
        prepared.trained.tuning.begin_step(prepared.trained.model, step=0, total_steps=10)
        return [name for name, item in prepared.trained.model.named_parameters() if item.requires_grad]

    embeddings = ("transformer.wte.", "transformer.wpe.", "model.embed_tokens.")
    for method in ("{freeze: {layers: 0}}", "{freeze: {except_top: 1}}", "gradual", "[full, freeze]"):
        assert not any(name.startswith(embeddings) for name in trainable(method)), method
    assert any(name.startswith(embeddings) for name in trainable("full"))


@pytest.mark.parametrize("method", ["lora", "adapter", "ia3", "{prompt: {length: 3}}"])
def test_a_head_that_was_pretrained_with_a_causal_model_is_left_alone(tiny, tmp_path, method):
    outline = prepare(parse_cell(body(tmp_path, tiny("llama"), "generate", method), {})).trained.tuning.outline
    assert outline.pretrained_head == ("lm_head",)
    assert not any("lm_head" in name for name in outline.trainable)
    head = prepare(parse_cell(body(tmp_path, tiny("llama"), "generate", "head"), {})).trained.tuning.outline
    assert head.trainable == ("lm_head.weight",)


def test_a_head_that_a_causal_model_lacks_is_trained_with_it(tiny, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    AutoModel.from_pretrained(tiny("llama")).save_pretrained(tmp_path / "bare")
    AutoTokenizer.from_pretrained(tiny("llama")).save_pretrained(tmp_path / "bare")
    outline = prepare(parse_cell(body(tmp_path, tmp_path / "bare", "generate", "lora"), {})).trained.tuning.outline
    assert outline.head == ("lm_head",)
    assert "lm_head.weight" in outline.trainable
    with pytest.raises(CellError, match="`prompt` would leave a new one as it begins; `lora` trains it"):
        prepare(parse_cell(body(tmp_path, tmp_path / "bare", "generate", "{prompt: {length: 3}}"), {}))
