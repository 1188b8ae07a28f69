"""Tab and Shift+Tab, as IPython's completer, a real kernel and the terminal's completer answer them: `‸` is the cursor."""

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from ft_magics.tasks.registry import task_names
from IPython.core.completer import provisionalcompleter

HEAD = "%%finetune ner\n"


@pytest.fixture
def notebook(shell):
    """A shell with the extension, files in its folder and objects in its namespace."""
    Path("train.csv").write_text("body,topic\n" + "my bin was not emptied,waste\n" * 3, encoding="utf-8")
    Path("data").mkdir()
    Path("data/test.tsv").write_text("句子\t标签\n你好吗\tgreeting\n", encoding="utf-8")
    Path("data/words.conll").write_text("EU NNP B-ORG\nrejects VBZ O\n\n", encoding="utf-8")
    Path("data/rows.jsonl").write_text('{"premise": "a", "hypothesis": "b", "gold": 1}\n', encoding="utf-8")
    Path("my file.csv").write_text("text,label\na,b\n", encoding="utf-8")
    Path(".hidden.csv").write_text("text,label\na,b\n", encoding="utf-8")
    model = Path("saved/mine")
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}", encoding="utf-8")
    for name in ("older", "newer"):
        Path("ft_runs", name).mkdir(parents=True)
        Path("ft_runs", name, "config.yaml").write_text("task: ner\n", encoding="utf-8")
    shell.user_ns |= {
        "frame": pd.DataFrame({"message": ["a"], "intent": ["b"], "nach oben": [1]}),
        "rows": [{"utterance": "a", "label": "b"}],
        "rate": 2e-4,
        "splits": {"train": pd.DataFrame({"title": ["a"], "kind": ["b"]}), "test": pd.DataFrame({"title": ["a"]})},
        "number": 3,
        "words": ["a", "b"],
    }
    return shell


def complete(shell, text):
    """What is proposed: pairs of what a word would become and what stands beside it."""
    code, offset = text.replace("‸", "", 1), text.index("‸")
    with provisionalcompleter():
        found = list(shell.Completer.completions(code, offset))
    return [(code[line_start(code, offset) : one.start] + one.text, one.text, one.type) for one in found]


def line_start(code, offset):
    return code.rfind("\n", 0, offset) + 1


def texts(shell, text):
    return [proposed for _, proposed, _ in complete(shell, text)]


PLACES = {  # what must be proposed, in this order, and what must not
    "an empty body": ("‸", ["task: ", "model: ", "data: ", "method: ", "train: ", "save: "], []),
    "keys that are missing": ("task: ner\nmodel: x\n‸", ["data: ", "train: "], ["task: ", "model: "]),
    "keys above others": ("‸\ntask: ner", ["model: "], ["task: "]),
    "a key begun": ("mo‸", ["model: "], ["data: "]),
    "a key before its colon": ("mo‸: minilm", ["model"], ["model: "]),
    "a key in flow style": ("train: {epochs: 3, ‸}", ["max_steps: ", "learning_rate: "], ["epochs: "]),
    "a key in block style": ("train:\n  epochs: 3\n  le‸", ["learning_rate: "], ["epochs: "]),
    "the middle of a name": ("train: {rate‸", ["learning_rate: "], []),
    "Hugging Face's name": ("train: {num_train‸", ["epochs: "], []),
    "a name misspelt": ("train: {epohcs‸", ["epochs: "], []),
    "a section in a section": ("train: {early_stopping: {‸", ["patience: ", "min_delta: "], []),
    "a task's settings": ("task: {classify: {multi_label: true, ‸}}", ["regression: "], ["multi_label: "]),
    "a task with settings": ("task: {‸", [f"{task}: " for task in task_names()], []),
    "tasks": ("task: ‸", list(task_names()), []),
    "tasks, no space yet": ("task:‸", [f" {task}" for task in task_names()], []),
    "methods": ("method: ‸", ["full"], []),
    "words": ("train: {scheduler: ‸}", ["linear", "cosine", "constant", "polynomial", "one_cycle"], []),
    "a word begun": ("train: {device: cu‸", ["cuda"], ["cpu"]),
    "true and false": ("task: {classify: {regression: ‸}}", ["false", "true"], []),
    "a number": ("train: {eval_batch_size: ‸", ["64"], []),
    "a number of the notebook": ("train: {learning_rate: $‸", ["$rate"], ["$frame"]),
    "an example": ("train: {max_steps: ‸", ["1000"], []),
    "data of a classifier": ("task: classify\ndata: {‸", ["train: ", "dev: ", "test: ", "text_column: "], ["tag_column: "]),
    "data of a tagger": ("task: ner\ndata: {‸", ["train: ", "dev: ", "test: ", "token_column: "], ["text_column: "]),
    "data of any task": ("data: {‸", ["train: ", "text_column: "], []),
    "objects and files": ("task: classify\ndata: {train: ‸", ["$rows", "$frame", "my file.csv", "train.csv", "data/"], ["$words", "$number", ".hidden.csv"]),
    "objects": ("data: {train: $‸", ["$rows", "$frame"], ["$words", "train.csv"]),
    "files in a folder": ("data: {train: data/‸", ["data/rows.jsonl", "data/test.tsv", "data/words.conll"], ["train.csv"]),
    "files, quotation mark open": ("data: {train: \"my‸", ['"my file.csv"'], []),
    "hidden files": ("data: {train: .h‸", [".hidden.csv"], []),
    "demo files of a tagger": ("task: ner\ndata: {train: demo:‸", ["demo:en/train.conll", "demo:zh/train.conll"], ["demo:en/intents_train.csv"]),
    "demo files of a classifier": ("task: classify\ndata: {test: demo:en‸", ["demo:en/intents_test.csv"], ["demo:en/train.conll"]),
    "a share of train": ("task: ner\ndata: {train: a, dev: {f‸", ["fraction: ", "format: "], []),
    "a share has no options": ("task: ner\ndata: {train: a, dev: {fraction: 0.1, ‸", ["seed: "], ["path: ", "tag_column: "]),
    "a file has no share": ("task: ner\ndata: {train: a, dev: {path: b, ‸", ["tag_column: "], ["fraction: ", "seed: "]),
    "columns of a file": ("task: classify\ndata: {train: train.csv, label_column: ‸}", ["body", "topic"], []),
    "columns of a file with other letters": ("task: classify\ndata: {train: data/test.tsv, text_column: ‸}", ["句子", "标签"], []),
    "columns of records": ("task: classify\ndata: {train: data/rows.jsonl, text_column: ‸}", ["premise", "hypothesis", "gold"], []),
    "columns by number": ("task: ner\ndata: {train: data/words.conll, tag_column: ‸}", ["1", "2", "3"], []),
    "columns of a DataFrame": ("task: classify\ndata:\n  train: $frame\n  text_column: ‸", ["message", "intent", "nach oben"], []),
    "columns of a part": ("task: classify\ndata: {train: $splits.train, label_column: ‸}", ["title", "kind"], []),
    "columns of another part": ("task: classify\ndata: {train: $splits['test'], label_column: ‸}", ["title"], ["kind"]),
    "parts of an object": ("task: classify\ndata: {train: $sp‸", ["$splits", "$splits.train", "$splits.test"], ["$frame"]),
    "all splits at once": ("task: classify\ndata: $‸", ["$splits"], ["$frame", "$rows"]),
    "columns of a list": ("task: classify\ndata: {text_column: ‸, train: $rows}", ["utterance", "label"], []),
    "columns of a split's own file": ("task: classify\ndata: {train: $frame, test: {path: train.csv, text_column: ‸}}", ["body", "topic"], ["message"]),
    "columns in a list": ("task: classify\ndata: {train: $frame, label_column: [message, ‸]}", ["intent"], []),
    "columns of a file that is not there": ("task: classify\ndata: {train: nowhere.csv, label_column: x‸}", ["x"], []),
    "models": ("model: ‸", ["minilm", "ft-tiny"], ["train.csv"]),
    "a model in a folder": ("model: saved/‸", ["saved/mine"], []),
    "a folder": ("save: {dir: ‸", ["data/", "ft_runs/", "ft_runs"], ["train.csv"]),
    "how often to save": ("save: {every: ‸", ["{epochs: 1}"], []),
    "a comment": ("# imp‸", ["imp"], ["import"]),
    "an unclosed bracket above": ("data: {train: a\ntrain:\n  ep‸", ["epochs: "], []),
    "lines of Windows": ("train:\r\n  ep‸\r\n", ["epochs: "], []),
    "an unknown task": ("task: qa\ntrain: {ep‸", ["epochs: "], []),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_in_a_body(notebook, place):
    text, wanted, unwanted = PLACES[place]
    found = texts(notebook, HEAD + text)
    assert [one for one in found if one in wanted] == wanted, found
    assert not set(unwanted) & set(found)


LINES = {
    "flags": ("%%finetune ner ‸", ["--dry-run", "--set", "--resume", "--bg"], []),
    "flags that are missing": ("%%finetune ner --bg --‸", ["--dry-run", "--set"], ["--bg"]),
    "a flag that may be given again": ("%%finetune ner --set train.epochs=1 --s‸", ["--set"], []),
    "keys of --set": ("%%finetune ner --set ‸", ["train.epochs=", "train.learning_rate=", "save.keep="], ["train="]),
    "a key of --set begun": ("%%finetune ner --set train.ea‸", ["train.early_stopping.patience="], ["train.epochs="]),
    "--set knows the task of the body": ("%%finetune ner --set data.te‸\ntask: classify", ["data.text_column="], []),
    "values of --set": ("%%finetune ner --set train.scheduler=‸", ["linear", "cosine", "constant", "polynomial", "one_cycle"], []),
    "the run to resume": ("%%finetune --resume ‸", ["newer", "older"], []),
    "a new run's name is the user's": ("%%finetune ‸", ["--dry-run"], ["newer", "older"]),
    "runs": ("%evaluate ‸", ["newer", "older", "--split"], []),
    "a second run": ("%evaluate newer ‸", ["older"], ["newer"]),
    "a run begun": ("%ner_eval ne‸", ["newer"], ["older"]),
    "a run to predict with": ("%%predict ‸\na text", ["newer", "older"], []),
    "splits": ("%ner_eval newer --split ‸", ["dev", "test"], []),
    "a split behind an equals sign": ("%ner_eval newer --split=t‸", ["test"], []),
    "behind an assignment": ("report = %evaluate newer --split d‸", ["dev"], []),
    "in a line of Python": ("print(1)\n%ner_eval newer --mo‸\nprint(2)", ["--mode"], []),
    "data": ("%evaluate newer --data ‸", ["$rows", "$frame", '"my file.csv"', "train.csv"], ["newer"]),
    "tasks": ("%evaluate m --data train.csv --task ‸", list(task_names()), []),
    "reading options": ("%evaluate m --data train.csv --task classify --set te‸", ["text_column="], []),
    "columns of the file": ("%evaluate m --data train.csv --task classify --set text_column=‸", ["body", "topic"], []),
    "columns of the tags": ("%ner_eval m --data data/words.conll --tag-column ‸", ["1", "2", "3"], []),
    "schemes": ("%ner_eval m --scheme BI‸", ["BIOES", "BILOU"], []),
    "words of %ft": ("%ft ‸", ["runs", "report", "settings"], []),
    "a word of %ft begun": ("%ft re‸", ["report", "resume"], ["runs"]),
    "a run's name behind it": ("%ft report ‸", ["newer", "older"], []),
    "runs to compare": ("%ft compare newer ‸", ["older"], ["newer"]),
    "no more than a word takes": ("%ft report newer x‸", [], ["newer", "older"]),
    "a task for a new cell": ("%ft new ‸", ["classify", "ner", "qa", "relation", "$splits", "$rows", "$frame", "train.csv"], ["newer"]),
    "data for a new cell": ("%ft new ner tr‸", ["train.csv"], ["train"]),
    "example notebooks": ("%ft examples 0‸", ["01_quickstart"], []),
    "a task or a key": ("%ft settings tr‸", ["train", "train.epochs"], []),
}  # fmt: skip


@pytest.mark.parametrize("place", LINES)
def test_on_a_line(notebook, place):
    text, wanted, unwanted = LINES[place]
    found = texts(notebook, text)
    assert [one for one in found if one in wanted] == wanted, found
    assert not set(unwanted) & set(found)


def test_runs_of_the_notebook_and_models_from_them(notebook, run_cell, cell):
    run_cell(cell())
    assert ("small", "run, done") in [(text, note) for _, text, note in complete(notebook, "%evaluate ‸")]
    assert ("$small", "run, done") in [(text, note) for _, text, note in complete(notebook, f"{HEAD}model: $‸")]
    del notebook.user_ns["small"]
    assert "ft_runs/small/model" in texts(notebook, f"{HEAD}model: ft‸")


def test_type_default_and_meaning_stand_beside(notebook):
    beside = {text: note for _, text, note in complete(notebook, f"{HEAD}train: {{‸")}
    assert beside["eval_batch_size: "].startswith("number = 64 · The same")
    assert beside["max_steps: "].endswith("Default: as many as the epochs have.")
    assert {text: note for _, text, note in complete(notebook, "%ft ‸")}["runs"].startswith("the runs of")
    assert "share" in {text: note for _, text, note in complete(notebook, f"{HEAD}data: {{dev: {{‸")}["fraction: "]


@pytest.mark.parametrize(
    "text", ["import o‸", "%%finetun‸", "%%timeit\nimport o‸", "%matplotlib in‸", "x = 'train: {'; pri‸"]
)
def test_elsewhere_nothing_is_changed(bare_shell, text):
    before = texts(bare_shell, text)
    bare_shell.run_line_magic("load_ext", "ft_magics")
    after = texts(bare_shell, text)
    assert set(before) <= set(after)
    assert not any("ft_magics" in one or ": " in one for one in set(after) - set(before))


def test_a_third_partys_keys_are_completed_too(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "third_party"))
    from ft_magics.config.keys import keys_of
    from ft_magics.config.schema import RunConfig
    from ft_rating.reader import RatingData, RatingSettings

    keys = keys_of(RunConfig, {"settings": RatingSettings, "data": RatingData}, "rating")
    (clip,) = keys[("task", "rating", "clip")]
    assert (clip.default, clip.choices, clip.meaning[:7]) == ("true", ("true", "false"), "whether")
    assert keys[("data", "train")][0].required


def test_no_object_is_too_odd(notebook):
    class Hostile:
        columns = features = column_names = property(lambda _: 1 / 0)
        iloc = None

        def __len__(self):
            raise RuntimeError

    notebook.user_ns |= {"hostile": Hostile(), "empty": pd.DataFrame(), "deep": {"a": {"b": [Hostile()]}}}
    assert "$frame" in texts(notebook, f"{HEAD}data: {{train: $‸")
    for name in ("hostile", "empty", "deep"):
        complete(notebook, f"{HEAD}task: classify\ndata: {{train: ${name}, label_column: ‸}}")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b'"never closed,a\n', b"PAR1\x00\x00", b"{\n", b"[1, 2", b"\x00" * 99]
)
def test_no_file_is_too_odd(notebook, content):
    for name in ("odd.csv", "odd.jsonl", "odd.conll", "odd"):
        Path(name).write_bytes(content)
        complete(notebook, f"{HEAD}task: classify\ndata: {{train: {name}, label_column: ‸}}")


def test_of_a_long_file_the_beginning_is_read(notebook):
    line = "a text that goes on and on,label\n"
    Path("long.csv").write_text("content,class\n" + line * 100_000, encoding="utf-8")
    text = f"{HEAD}task: classify\ndata: {{train: long.csv, label_column: ‸}}"
    assert texts(notebook, text)[:2] == ["content", "class"]
    Path("long.csv").write_text("other,class\n" + line * 100_000, encoding="utf-8")
    assert texts(notebook, text)[:2] == ["other", "class"], "what was seen is forgotten when the file changes"


def test_a_fault_of_ours_proposes_nothing(notebook, monkeypatch, capsys):
    monkeypatch.setattr("ft_magics.magics.completion.body.task_keys", lambda _: 1 / 0)
    complete(notebook, f"{HEAD}tas‸")
    assert "Traceback" not in "".join(capsys.readouterr())


def test_neither_completion_nor_help_imports_torch():
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
        "shell = Shell.instance(); shell.run_line_magic('load_ext', 'ft_magics')\n"
        "from IPython.core.completer import provisionalcompleter\n"
        "for code in ('%%finetune n\\ntask: ner\\ndata: {', '%%finetune n\\nmodel: ', '%evaluate ', '%%finetune n --set '):\n"
        "    with provisionalcompleter(): assert list(shell.Completer.completions(code, len(code)))\n"
        "shell.object_inspect_mime('%%finetune'); shell.run_line_magic('ft', 'settings train')\n"
        "print(sorted({'torch', 'transformers', 'pandas', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr


@pytest.mark.parametrize("line", ["%%finetune ner", "%%predict ner"])
def test_in_a_terminal_enter_begins_the_body(notebook, line):
    assert notebook.check_complete(line)[0] == "incomplete"
    assert notebook.check_complete(f"{line}\ntask: ner")[0] == "incomplete"
    assert notebook.check_complete(f"{line}\ntask: ner\n\n")[0] == "complete"


def test_the_terminal_shows_the_same(notebook):
    from IPython.terminal.ptutils import IPythonPTCompleter
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    text = f"{HEAD}task: ner\ntrain: {{le"
    completer = IPythonPTCompleter(shell=None, ipy_completer=notebook.Completer)
    (found,) = completer.get_completions(Document(text), CompleteEvent(completion_requested=True))
    assert found.text == "learning_rate: "
    assert found.start_position == -2
    assert found.display_meta_text.startswith("number = auto · The peak learning rate")


@contextmanager
def real_kernel():
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--IPKernelApp.log_level=ERROR"])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=120)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def answer(request, text):
    code, offset = text.replace("‸", "", 1), text.index("‸")
    return request(code, offset, reply=True, timeout=120)["content"]


def test_a_kernel_answers_tab_and_shift_tab():
    with real_kernel() as client:
        assert client.execute("%load_ext ft_magics", reply=True, timeout=120)["content"]["status"] == "ok"

        keys = answer(client.complete, f"{HEAD}task: ner\ntrain: {{epochs: 3, warm‸}}")
        assert (keys["matches"], keys["cursor_start"]) == (
            ["warmup: "],
            len(f"{HEAD}task: ner\ntrain: {{epochs: 3, "),
        )
        (typed,) = keys["metadata"]["_jupyter_types_experimental"]
        assert typed["type"] == "number\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}0.1"
        assert answer(client.complete, "%ft sett‸")["matches"] == ["settings"]

        def shown(text):
            return answer(client.inspect, text)["data"].get("text/plain", "")

        help_ = answer(client.inspect, f"{HEAD}task: ner\ntrain: {{learn‸ing_rate: 1e-4}}")["data"]
        assert help_["text/plain"].startswith("train.learning_rate\nThe peak")
        assert all(word in help_["text/plain"] for word in ("auto", "> 0, ≤ 1", "Devlin"))
        assert "<th" in help_["text/html"]
        assert shown(f"{HEAD}task: ner\ntrain: {{learning_rate: 1e‸-4}}").startswith("train.learning_rate")
        assert shown(f"{HEAD}save:\n  every: {{epo‸chs: 2}}").startswith("save.every.epochs")
        assert shown(f"{HEAD}train:‸").startswith("train\n")
        assert shown("%%finetune ner --dry‸-run\ntask: ner").startswith("--dry-run\nCheck")
        assert shown("%ft rep‸ort x").startswith("%ft report NAME\n")
        assert "Prints the values" in shown("pri‸nt")
        assert "no such key" not in shown(f"{HEAD}task: ner\nnonsense‸: 1")
        beyond = client.inspect(f"{HEAD}task: ner", 1000, reply=True, timeout=120)["content"]
        assert beyond["status"] == "ok"

        client.execute("%unload_ext ft_magics", reply=True, timeout=120)
        assert "data" not in shown(f"{HEAD}task: ner\ntrain: {{learn‸ing_rate: 1e-4}}")
        asked = "print('do_inspect' in vars(get_ipython().kernel), get_ipython().Completer.custom_matchers)"
        reply = client.execute("", user_expressions={"left": asked[6:-1]}, reply=True, timeout=120)["content"]
        assert json.loads(json.dumps(reply["user_expressions"]["left"]["data"]["text/plain"])) == "(False, [])"


def test_a_pretrain_cell_has_keys_of_its_own():
    from ft_magics.magics.completion.body import complete_body

    def names(body):
        return [choice.name or choice.text for choice in complete_body(body, len(body), {}, "objective").choices]

    assert names("")[:3] == ["objective", "model", "data"]
    assert "tokenizer" in names("")
    assert "task" not in names("")
    assert names("objective: ") == ["clm", "mlm", "rtd", "[mlm, nsp]", "[mlm, sop]"]
    assert names("objective: [mlm, n") == names("objective:\n- mlm\n- n") == ["nsp"]
    assert names("objective: [") == ["mlm", "nsp", "sop"]
    of_masks = {"mask", "whole_words", "chinese_words", "spans", "ngrams"}
    assert set(names("objective: [{mlm: {")) == of_masks
    assert set(names("objective: {mlm: {")) == of_masks
    assert "documents" in names("objective: mlm\ndata: {")
    assert "preset" in names("objective: mlm\nmodel: {")
    assert "vocab_size" in names("objective: mlm\ntokenizer: {")
