"""Every key says what it expects and means, in `docs/settings.md`, in `%%finetune?` and with `%ft settings`."""

import importlib.util
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Literal

import pytest
from ft_magics.config.keys import keys_below, keys_of, written
from ft_magics.config.schema import RunConfig, SaveConfig
from ft_magics.config.section import OpenSection, Section, described
from ft_magics.magics.keys import every_key, task_keys
from ft_magics.magics.settings import keys_called, settings_bundle
from ft_magics.tasks.registry import task_names
from IPython.core.error import UsageError
from pydantic import Field

SCRIPT = Path(__file__).parents[1] / "docs" / "make_settings.py"


def test_the_page_is_made_from_the_schema():
    spec = importlib.util.spec_from_file_location("make_settings", SCRIPT)
    make_settings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_settings)
    found = make_settings.TARGET.read_text(encoding="utf-8")
    assert found == make_settings.settings_markdown(), "run `python docs/make_settings.py`"
    named = {key.name for task in task_names() for each in task_keys(task).values() for key in each}
    assert all(f"| `{name}` |" in found for name in named)


@pytest.mark.parametrize("task", task_names())
def test_every_key_of_ours_has_a_meaning_and_says_what_holds_without_it(task):
    for each in task_keys(task).values():
        for key in each:
            assert key.meaning.endswith("."), key.dotted
            assert key.takes not in ("", "a value"), key.dotted
            assert key.unset != "not set" or key.path[1:2] == ("every",), key.dotted


def test_what_a_key_says_is_what_the_schema_says():
    (rate,) = task_keys("ner")[("train", "learning_rate")]
    assert (rate.takes, rate.limits) == ("a number or `auto`", "> 0, ≤ 1")
    (batch,) = task_keys("ner")[("train", "batch_size")]
    assert batch.limits == "≥ 1, ≤ 1,000,000"
    (scheduler,) = task_keys("ner")[("train", "scheduler")]
    assert (scheduler.choices, scheduler.default) == (
        ("linear", "cosine", "constant", "polynomial", "one_cycle"),
        "linear",
    )
    (column,) = task_keys("classify")[("data", "label_column")]
    assert {"column", "list"} <= column.kinds
    assert column.takes == "a column's name or its number or a list of such"
    (path,) = task_keys("ner")[("data", "test", "path")]
    assert path.required


class Odd(Section):
    """A section of somebody else's."""

    plain: int
    bounded: Annotated[float | None, Field(gt=0.5)] = None
    words: list[str] | Literal["all"] = "all"
    inner: SaveConfig = SaveConfig(keep=3)
    itself: "Odd | None" = None
    pairs: dict[str, int] = Field(default_factory=dict, description="a | b `c` <d>")
    small: float = described(default=2e-5, le=1)


def test_the_sections_of_others_are_described_as_far_as_they_say():
    keys = keys_of(RunConfig, {"settings": Odd, "data": OpenSection}, "odd")

    def key(*path):
        return keys[("task", "odd", *path)][0]

    assert key("plain").required
    assert key("bounded").limits == "> 0.5"
    assert key("words").takes == "a list of texts or `all`"
    assert key("inner").default == "{keep: 3}"
    assert key("inner", "every", "steps").takes == "a whole number"
    assert key("small").default == "2e-5"
    assert key("pairs").unset == "{}"
    assert len(key("itself", "itself", "plain").path) == 5
    assert [one.name for one in keys_below(keys, ("task", "odd"), {"plain", "words"})][:2] == ["bounded", "inner"]


@pytest.mark.parametrize(
    ("value", "text"), [(5e-5, "5e-5"), (1.0, "1"), (True, "true"), (None, ""), ([1, "a"], "[1, a]")]
)
def test_values_are_written_as_in_a_cell(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("train.epochs", "train.epochs\nHow often"),
        ("epochs", "train.epochs\nHow often"),
        ("lr", "train.learning_rate\n"),
        ("early_stopping_patience", "train.early_stopping.patience\n"),
        ("patience", "train.early_stopping.patience\n"),
        ("tag_column", "data.tag_column\n"),
        ("train", "train:\n"),
        ("save.every", "save: {every: …}\n"),
        ("ner", "task: ner\n"),
        ("token-classification", "task: ner\n"),
        ("", "A cell\n"),
    ],
)
def test_one_word_is_enough(asked, shown):
    assert settings_bundle(asked)["text/plain"].startswith(shown)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("epohcs", "Did you mean `epochs`?"),
        ("train.epohcs", "Did you mean `train.epochs`?"),
        ("clasify", "Did you mean `classify`?"),
        ("output_dir", "the run's folder is set by `save: {dir: …}`"),
        ("x" * 300, "`%ft settings` lists all"),
    ],
)
def test_a_wrong_word_gets_the_nearest_right_one(asked, said):
    with pytest.raises(UsageError) as caught:
        settings_bundle(asked)
    assert said in str(caught.value)


def test_a_key_that_two_tasks_have_is_shown_once_where_they_say_the_same():
    assert len(keys_called("encoding")) == 1
    assert len(keys_called("format")) == 4


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("asked", ["", "ner", "train", "train.epochs", "class_weights"])
def test_the_page_is_whole_and_says_what_its_text_says(asked):
    bundle = settings_bundle(asked)
    tags = _Tags()
    tags.feed(bundle["text/html"])
    assert not tags.open
    assert tags.seen <= {"div", "strong", "span", "table", "thead", "tbody", "tr", "th", "td", "code"}
    for key in every_key().values():
        if key[0].meaning and key[0].dotted in bundle["text/plain"].split():
            assert key[0].name in bundle["text/html"]


def test_in_a_notebook(run_cell, shell):
    shell.user_ns["learning_rate"] = 3
    assert "train.learning_rate" in run_cell("%ft settings learning_rate")
    assert "Did you mean `learning_rate`?" in run_cell("%ft settings learnig_rate")
    overview = shell.object_inspect_mime("%%finetune")["text/plain"]
    for said in ("--dry-run", "epochs = auto", "scheduler = linear", "tag_column", "%ft settings"):
        assert said in overview
