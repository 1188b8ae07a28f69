"""`task: dialogue`: what is read and repaired, which tokens are learned under several templates, a cell with answers."""

from __future__ import annotations

import json

import ft_magics
import numpy as np
import pandas as pd
import pytest
import torch
from ft_magics.config.references import Reference
from ft_magics.errors import DataError, FaultsError, ModelError
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.encoding import dialogue_pieces, fitting_prompt
from ft_magics.tasks.dialogue.inputs import read_asked
from ft_magics.tasks.dialogue.reader import read_dialogues
from ft_magics.tasks.dialogue.task import DialogueTask
from ft_magics.tasks.dialogue.templates import PLAIN, ChatText, complete_template
from ft_magics.tasks.dialogue.turns import Dialogue, Turn
from ft_magics.tasks.writing.inferring import KeptRow, sums_of
from ft_magics.tasks.writing.pieces import Pack
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from runs import assert_same_end, finish
from scratch_texts import small_tokenizer

NEW = "{layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 64}"
TEMPLATES = {
    "chatml": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "llama 2": "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}[INST] {{ m.content.strip() }} [/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content.strip() }} {{ eos_token }}{% else %}"
    "{{ raise_exception('no system') }}{% endif %}{% endfor %}",
    "llama 3": "{{ bos_token }}{% for m in messages %}<|start|>{{ m.role }}<|end|>\n\n{{ m.content | trim }}<|eot|>"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant<|end|>\n\n{% endif %}",
    "thinking": "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}<think>\n\n"
    "</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "model's turn": "{{ bos_token }}{% for m in messages %}<|start|>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<|eot|>\n{% endfor %}{% if add_generation_prompt %}<|start|>model\n{% endif %}",
    "plain": PLAIN,
}
ENDS = {"chatml": "<|im_end|>", "thinking": "<|im_end|>", "llama 3": "<|eot|>", "model's turn": "<|eot|>"}
TURNS = (
    Turn("user", "where is the assistant?"),
    Turn("assistant", "user: in the shop\nof course"),
    Turn("user", "在北京吗？"),
    Turn("assistant", "在，我在北京。"),
)


@pytest.fixture
def tokenizer():
    """Of bytes, with the marks of several templates; a copy, since a template is put into it."""
    import copy

    made = copy.deepcopy(small_tokenizer("bpe", "gpt2", size=600))
    marks = ["<|im_start|>", "<|im_end|>", "<|start|>", "<|end|>", "<|eot|>"]
    made.add_special_tokens({"additional_special_tokens": marks})
    return made


def _read(value, **options):
    return read_dialogues("train", Reference("d", value), DialogueOptions(**options))


SHAPES = {
    "OpenAI": [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}],
    "parts": [{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, ("assistant", "b")]}],
    "ShareGPT": [{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}],
    "SGD": [{"turns": [{"speaker": "USER", "utterance": "a"}, {"speaker": "SYSTEM", "utterance": "b"}]}],
    "texts by turns": [["a", "b"]],
    "lists of messages": [[{"role": "用户", "content": "a"}, {"role": "客服", "content": "b"}]],
    "a frame of lists": pd.DataFrame(
        {"messages": [[{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}]]}
    ),
    "a turn a row": pd.DataFrame({"dialogue_id": [1, 1], "speaker": ["USER", "SYSTEM"], "utterance": ["a", "b"]}),
    "CrossWOZ": {"391": {"goal": [], "messages": [{"role": "usr", "content": "a"}, {"role": "sys", "content": "b"}]}},
    "Alpaca": [{"instruction": "a", "input": "", "output": "b"}],
    "one alone": {"dialog": ["a", "b"]},
    "turns in JSON": [{"messages": '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'}],
    "named": [{"log": [{"who": "caller", "says": "a"}, {"who": "operator", "says": "b"}]}],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_turns(shape):
    options = {}
    if shape == "named":
        sides = {"caller": "user", "operator": "assistant"}
        options = {"turns_column": "log", "role_column": "who", "text_column": "says", "roles": sides}
    (dialogue,) = _read(SHAPES[shape], **options).examples
    assert dialogue.turns == (Turn("user", "a"), Turn("assistant", "b"))


@pytest.mark.parametrize("text", ['{"train": [["a", "b"], ["c", "d", "e"]]}', '["a", "b"]\n["c", "d", "e"]\n'])
def test_files_of_lists_are_dialogues_however_long_each_is(text, tmp_path):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    split = read_dialogues("train", str(tmp_path / "x.json"), DialogueOptions())
    assert [dialogue.text for dialogue in split.examples] == ["a\nb", "c\nd"]


def test_instructions_have_their_input_history_and_system_and_are_no_proposal():
    row = {"instruction": "a", "input": "x", "output": "b", "system": "s", "history": [["q", "r"]], "score": 1}
    split = _read([row])
    assert [turn.text for turn in split.examples[0].turns] == ["s", "q", "r", "a\nx", "b"]
    assert "instruction and input as what the user says, output as the answer; not read: score" in split.notes[0]
    assert DialogueTask.propose(Reference("d", [row])).fit == 0.0


def test_a_system_turn_stays_first_wherever_it_is_written():
    pair = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    for row in (
        {"system": "be brief", "conversations": pair},
        {"conversations": [{"from": "system", "value": "be brief"}, *pair]},
    ):
        assert _read([row]).examples[0].turns[0] == Turn("system", "be brief")


def test_what_can_be_repaired_is_repaired_counted_and_said():
    split = _read(
        [
            ["hello", "a", "b"],
            *[[("assistant", "hi"), ("user", "a"), ("user", "b"), ("assistant", " "), ("assistant", "c")]] * 2,
            ["alone"],
        ]
    )
    assert [len(dialogue.turns) for dialogue in split.examples] == [2, 2, 2]
    assert split.examples[1].turns == (Turn("user", "a\nb"), Turn("assistant", "c"))
    said = "\n".join(split.notes)
    assert (
        "2 of 4 dialogues began with the assistant, whose first turn was left out: it answers nobody, the first at $d[1]"
        in said
    )
    assert "2 of 4 dialogues had empty turns, which were left out" in said
    assert "2 of 4 dialogues had turns of the same side one after the other, which were joined" in said
    assert "2 of 4 dialogues ended with the user" in said
    assert (
        "1 of 4 dialogues were left out: no turn of the assistant's answers one of the user's, the first at $d[3]"
        in said
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            [[("usr", "a"), ("boss", "b")]],
            r"\$d\[0\], turn 2: found 'boss' as `role`, expected `user`.*roles: \{caller",
        ),
        ([[("user", "a"), ("assistant", 3)]], r"turn 2: found 3 as what is said, expected a text"),
        ([[("user", "a"), ("system", "b")]], "a system turn stands before all others"),
        ([{"messages": "hello"}, {"messages": [("user", "a")]}], "found 'hello' as the turns, expected a list"),
        (
            [{"text": "a", "label": "b"}],
            r"no column holds lists of turns.*`role_column` and `id_column` cannot be seen",
        ),
        ([[("assistant", "a")]], "no dialogue in it has a turn of the user's that the assistant answers"),
        ([[{"content": "a"}, {"role": "user", "content": "b"}]], "it has no side"),
        ([[{"role": "user", "txt": "a"}]], "turn 1: no key is known as what is said, among role, txt"),
        ([[("user", "a"), ("tool", "{}")]], "turn 2: found 'tool' as `role`: calls of tools .* are not learned here"),
        ([[("user", "a\ud800"), ("gpt", "b")]], "turn 1: .* holds half a surrogate pair"),
        ([["a", None]], r"\$d\[0\], turn 2: found None, expected a turn such as"),
        ([{"question": "a", "answer": 3}], r"\$d\[0\]: found 3, expected a text"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(value, said):
    with pytest.raises(DataError, match=said):
        _read(value)


def test_faults_of_several_kinds_are_said_at_once():
    with pytest.raises(FaultsError) as error:
        _read([[("boss", "a"), ("assistant", 3)], [("boss", "b")]])
    assert "boss" in str(error.value)
    assert "expected a text" in str(error.value)
    assert "1 more like it" in str(error.value)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_assistants_tokens_alone_are_learned(tokenizer, name):
    tokenizer.chat_template = TEMPLATES[name]
    chat = ChatText(tokenizer)
    piece = chat.piece(0, TURNS, place="here")
    end = ENDS.get(name, tokenizer.eos_token)
    assert chat.ends == tuple(dict.fromkeys([tokenizer.convert_tokens_to_ids(end), tokenizer.eos_token_id]))
    runs = np.flatnonzero(np.diff(np.concatenate([[0], piece.asked, [0]])))
    learned = [tokenizer.decode(piece.ids[begin:stop]) for begin, stop in runs.reshape(-1, 2)]
    thought = "<think>\n\n</think>\n\n" * (name == "thinking")
    space = " " * (name == "llama 2")
    assert [text.strip() for text in learned] == [
        f"{TURNS[1].text}{space}{end}",
        f"{thought}{TURNS[3].text}{space}{end}",
    ]
    assert tokenizer.decode(piece.ids) == chat.render(TURNS, place="here")
    asked = chat.prompt(TURNS[:3], place="here")
    first = int(runs.reshape(-1, 2)[1][0])
    assert piece.ids[:first].tolist() == asked  # an answer is written after the very tokens that it was learned after


def test_a_template_that_refuses_or_hides_an_answer_is_said(tokenizer):
    tokenizer.chat_template = TEMPLATES["llama 2"]
    with pytest.raises(
        DataError, match=r"line 3: the chat template does not take these turns .*no system.*`template: plain`"
    ):
        ChatText(tokenizer).piece(0, (Turn("system", "x"), *TURNS), place="line 3")
    with pytest.raises(ModelError, match="does not show an answer of the assistant's as it is"):
        complete_template(tokenizer, "{{ messages | length }}", None)
    with pytest.raises(ModelError, match="task.dialogue.template: the chat template does not show an answer"):
        complete_template(tokenizer, "{% for message in messages %}{{ message.role }}{% endfor %}", None)
    with pytest.raises(ModelError, match="does not take these turns"):
        complete_template(tokenizer, "{{ 1 / 0 }}", None)
    assert "a plain one is saved with the tokenizer" in complete_template(tokenizer, "model", None)[0]
    assert tokenizer.chat_template == PLAIN


def test_long_dialogues_are_cut_where_the_user_speaks_and_every_answer_is_learned_once(tokenizer):
    tokenizer.chat_template = TEMPLATES["chatml"]
    chat = ChatText(tokenizer)
    turns = [
        Turn("system", "s"),
        *(turn for at in range(6) for turn in (Turn("user", f"q{at}"), Turn("assistant", f"a{at}"))),
    ]
    whole = chat.piece(0, turns, place="here")
    longest = len(whole.ids) // 2
    pieces = dialogue_pieces(chat, 0, Dialogue(tuple(turns)), longest=longest)
    assert len(pieces) == 3
    assert not any(piece.cut for piece in pieces)
    texts = [tokenizer.decode(piece.ids) for piece in pieces]
    assert all(text.startswith("<|im_start|>system\ns<|im_end|>\n<|im_start|>user") for text in texts)
    assert "a5" in texts[0]
    learned = "".join(tokenizer.decode(piece.ids[piece.asked]) for piece in reversed(pieces))
    assert [learned.count(f"a{at}") for at in range(6)] == [1] * 6
    ids, left_out = fitting_prompt(chat, turns[:-1], room=longest, place="here")
    assert left_out
    assert len(ids) <= longest
    assert tokenizer.decode(ids).endswith("q5<|im_end|>\n<|im_start|>assistant\n")
    (piece,) = dialogue_pieces(
        chat, 0, Dialogue((Turn("user", "where " * 40), Turn("assistant", "there " * 40))), longest=30
    )
    assert piece.cut
    assert len(piece.ids) == 30
    assert piece.asked.sum() >= 15
    (sums,) = sums_of(1, [Pack((piece,))], [KeptRow([(int(piece.asked.sum()), 1.0, 0)], [])])
    assert sums.cut == piece.ids[piece.asked].tolist()  # so that losses are not shared out among bytes that were cut


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}], "begins with the assistant"),
        ([{"role": "user", "content": "b"}, {"role": "assistant", "content": "a"}], "ends with the assistant"),
        (
            [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
            "turn 2: the user speaks twice in a row",
        ),
        ([{"role": "user", "content": " "}], "turn 1 is empty"),
        ([{"role": "boss", "content": "a"}], "found 'boss'"),
        ([3], r"inputs\[0\] is an int|inputs\[0\] is int"),
        (3, "inputs is"),
    ],
)
def test_what_cannot_be_answered_is_said(inputs, said):
    with pytest.raises(DataError, match=said):
        read_asked(inputs)


@pytest.fixture
def body(tmp_path):
    from scratch_texts import texts

    both = [*texts("en")[:12], *texts("zh")[:12]]
    rows = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}] * (1 + at % 2)}
        for at, text in enumerate(both)
    ]
    path = tmp_path / "talk.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")

    def make(
        train="max_steps: 3, learning_rate: 1e-3",
        *,
        task="{dialogue: {generation: {max_new_tokens: 6}}}",
        extra="",
        model=NEW,
    ):
        data = f"{{train: {path}, dev: {{fraction: 0.2}}}}"
        return (
            f"task: {task}\nmodel: {model}\ntokenizer: {{vocab_size: 400}}\ndata: {data}\ntrain: {{{train}}}\n{extra}"
        )

    return make


def test_a_cell_learns_to_answer_and_predict_continues_the_dialogue(run_cell, shell, body):
    said = run_cell(f"%%finetune talk\n{body()}")
    assert run_cell.result.success, said
    assert "the model has no chat template; a plain one is saved with the tokenizer" in said
    run = shell.user_ns["talk"]
    assert run.status == "done"
    report = run.report()
    assert {"perplexity", "byte_perplexity", "bleu", "chrf", "rougeL", "distinct_2", "repetition"} <= set(report.scores)
    assert report.headline.metric.name == "perplexity"
    assert "answers were written and held against the ones in the data" in report.notes[1]
    assert "reference" in report.to_html()
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()
    answer = run.predict("你好")
    assert isinstance(answer, str)
    messages = [{"role": "user", "content": "你好"}]
    again = ft_magics.load(run.dir)
    assert again.predict(messages) == answer
    assert again.predict([messages, "hello"])[0] == answer
    assert again.report().scores == report.scores

    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(run.model_dir)
    assert theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True).endswith("assistant:")

    said = run_cell("%%predict talk\n你好")
    assert said.count("user") == 1
    said = run_cell("%%predict talk\nand then?")
    assert said.count("user") == 2
    assert "你好" in said
    said = run_cell("%%predict talk --new\nand then?")
    assert said.count("user") == 1
    assert "--new begins another one" in run_cell("%%predict talk")
    assert len(run.cards(["hello"])) == 1
    said = run_cell(f"report = %evaluate talk --data {run.config.data.train}")
    assert run_cell.result.success, said
    assert shell.user_ns["report"].documents == 24


def test_a_run_that_breaks_ends_with_the_same_bits(body, patch):
    def make():
        return prepare(
            parse_cell(body("epochs: 2, batch_size: 4, learning_rate: 1e-3", extra="save: {every: {steps: 5}}"), {})
        )

    whole = finish(start_run("whole", make()))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 12:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make())
    assert broken.wait(120)
    patch.setattr(RunCallback, "on_step_end", counted)
    assert_same_end(finish(resume_run("broken", make())), whole)


def test_the_gradient_is_exact_when_a_step_is_split_and_packed(body):
    prepared = prepare(parse_cell(body(task="{dialogue: {packing: true}}", model=NEW.replace("64}", "160}")), {}))
    trained, task = prepared.trained, prepared.trained.task
    features = prepared.features["train"]
    assert any(len(item.pieces) > 1 for item in features)
    trained.model.eval()
    parameters = list(trained.model.parameters())

    def gradient(part, count=None):
        batch = task.collate(part, trained.spec)
        labels = batch.pop("labels")
        return torch.autograd.grad(task.loss(trained.model(**batch), labels, count), parameters)

    items = sum(sum(item.counts) for item in features)
    alone = [type(features[0])((piece,)) for item in features for piece in item.pieces]
    whole, parts = gradient(features), [gradient([one], items) for one in alone]
    for at, one in enumerate(whole):
        torch.testing.assert_close(one, sum(part[at] for part in parts), rtol=1e-5, atol=1e-6)
