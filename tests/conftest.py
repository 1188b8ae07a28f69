"""Fixtures: a real shell, a tiny model, the data sets beside the repository."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

# Tiny models gain nothing from threads that wait for each other, and lose much on a busy machine. Before torch is there.
# With one there is nothing to choose for `threads: auto` either, so a run's digits do not depend on the load.
os.environ["OMP_NUM_THREADS"] = "1"

# A busy machine is slow at making examples too, which says nothing about them.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("FT_MAGICS_DATA", REPOSITORY.parent / "shared" / "data"))
HOST_VARIABLES = ("FT_MAGICS_DISPLAY", "JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG")

CONLL = (
    "Ada B-PER\nLovelace I-PER\nlives O\nin O\nLondon B-LOC\n. O\n\nBob B-PER\nruns O\n\nParis B-LOC\nis O\nbig O\n\n"
)


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Long files first, those with a browser before all, so that no worker has a long one left in the end."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, -tests[item.path], item.path))


def skip_or_fail(reason: str, demand: str) -> NoReturn:
    """Skip a test that this machine cannot run; fail where the variable `demand` is set, as in `.ci/run`."""
    if os.environ.get(demand):
        pytest.fail(f"{reason}; {demand} is set")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared():
    """The folder of real data sets."""
    if not SHARED.is_dir():
        skip_or_fail(f"no data sets at {SHARED}; FT_MAGICS_DATA says where they are", "FT_MAGICS_NEED_DATA")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _precision_is_known(tmp_path_factory):
    """The processor is measured before any test looks at what a cell writes."""
    from ft_magics.models.half_precision import gains_from_bf16

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FT_MAGICS_CACHE", str(tmp_path_factory.mktemp("cache")))
        gains_from_bf16()


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in HOST_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FT_MAGICS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _nothing_is_encoded_yet():
    """As in a new kernel: a test that counts what is encoded does not depend on those before it."""
    if encoded := sys.modules.get("ft_magics.training.encoded"):
        encoded._kept.clear()


@pytest.fixture(autouse=True)
def _gradients_stay_on():
    """A test that leaves torch computing without gradients would make others fail."""
    yield
    torch = sys.modules.get("torch")
    assert torch is None or torch.is_grad_enabled()


_since_frozen: Counter[str] = Counter()


def pytest_runtest_logfinish():
    """Every run collects garbage a few times, each of which looks at all that was ever imported: half of its time here.

    What is there is frozen, once it has been collected: it is looked at no more.
    """
    _since_frozen["tests"] += 1
    if _since_frozen["tests"] >= 40 or ("transformers" in sys.modules and not gc.get_freeze_count()):
        _since_frozen.clear()
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def _no_run_outlives_its_test():
    """The next test would wait for a training that this one left, and share the processor with it."""
    yield
    turns = sys.modules.get("ft_magics.training.turns")
    run = turns and turns.training_here()
    if not run:
        return
    run.stop("its test is over")
    if not run.wait(60):
        turns._under_way.clear()  # those after it need not fail for it
        pytest.fail(f"{run.name} trains and does not stop")


@pytest.fixture
def bare_shell():
    """An IPython shell of its own, without history."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    yield shell
    atexit.unregister(shell.atexit_operations)  # each would collect garbage for half a second when the suite ends
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell):
    """The same with the extension loaded."""
    bare_shell.run_line_magic("load_ext", "ft_magics")
    return bare_shell


@pytest.fixture
def run_cell(shell, capsys):
    """Runs a cell as a user would; gives what was printed, and keeps the result in `.result`."""

    def run(cell: str) -> str:
        run.result = shell.run_cell(cell, store_history=True)
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A BERT of two narrow layers with a vocabulary of single letters: trains in seconds, learns little."""
    return make_tiny_bert(tmp_path_factory.mktemp("tiny_bert"))


def make_tiny_bert(folder: Path, *, positions: int = 64) -> Path:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?-#@'\"你好北京上海王小明在去了"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {word: at for at, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=positions,
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
    )
    BertModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_electra(tmp_path_factory, tiny_model):
    """An ELECTRA discriminator of two narrow layers, with the same vocabulary."""
    import torch
    from transformers import AutoTokenizer, ElectraConfig, ElectraForPreTraining

    folder = tmp_path_factory.mktemp("tiny_electra")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    torch.manual_seed(0)
    config = ElectraConfig(
        vocab_size=len(tokenizer),
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    ElectraForPreTraining(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def conll(tmp_path) -> Path:
    """A column file with three sentences and three types of trouble: none."""
    path = tmp_path / "small.conll"
    path.write_text(CONLL * 8, encoding="utf-8")
    return path


@pytest.fixture
def cell(tiny_model, conll):
    """Makes the text of a cell on the tiny model and the small file."""

    def make(
        train: str = "max_steps: 3, batch_size: 4", *, data: str = "", extra: str = "", name: str = "small"
    ) -> str:
        data = data or f"{{train: {conll}, dev: {conll}, test: {conll}}}"
        return f"%%finetune {name}\ntask: ner\nmodel: {tiny_model}\ndata: {data}\ntrain: {{{train}}}\n{extra}"

    return make


@pytest.fixture
def prepared(cell):
    """Makes a run that is ready for its first step, of what `cell` takes."""
    from ft_magics.runs.cells import parse_cell
    from ft_magics.training.prepare import prepare

    def make(*arguments, **named):
        return prepare(parse_cell(cell(*arguments, **named).partition("\n")[2], {}))

    return make


@pytest.fixture
def patch():
    """A patch that can be undone before the test ends, and leaves the working folder alone."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
