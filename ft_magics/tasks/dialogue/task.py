"""Dialogues: a causal model learns what the assistant says, and answers.

Shapes: B batch, T tokens, S dialogues.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.documents.document import Document
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import FineTuneError
from ft_magics.evaluation.language.answered import answer_metrics
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.written import Written, written_of
from ft_magics.evaluation.report import Report
from ft_magics.metrics import Metric
from ft_magics.sections import Card
from ft_magics.tasks.dialogue.config import DialogueData, DialogueOptions, DialogueSettings
from ft_magics.tasks.dialogue.encoding import dialogue_pieces, fitting_prompt
from ft_magics.tasks.dialogue.inputs import is_one_dialogue, read_asked
from ft_magics.tasks.dialogue.reader import input_columns, read_dialogues
from ft_magics.tasks.dialogue.templates import ChatText, complete_template
from ft_magics.tasks.dialogue.turns import ASSISTANT, SYSTEM, USER, Dialogue, Turn
from ft_magics.tasks.language.records import counted_record, counted_with
from ft_magics.tasks.proposal import Proposal
from ft_magics.tasks.seq2seq.score import read_texts
from ft_magics.tasks.task import Spec
from ft_magics.tasks.writing.checking import check_texts
from ft_magics.tasks.writing.continuing import room_before
from ft_magics.tasks.writing.encoding import unasked
from ft_magics.tasks.writing.inferring import KeptRow, sums_of
from ft_magics.tasks.writing.pieces import Pack, Piece, Prompt
from ft_magics.tasks.writing.reporting import answer_report, score_texts
from ft_magics.tasks.writing.saved import options_of, settings_of
from ft_magics.tasks.writing.writing_task import WritingTask

__all__ = ["DialogueTask"]

_NOTE = (
    "perplexity is of the assistant's tokens alone, what ends a turn included, each predicted from all before it; it "
    "depends on the tokenizer. Perplexity per byte, 2 to the power of bits per byte, does so less"
)
_PROPOSED = 100  # dialogues by which the language is seen
_SILENCE = "…"  # an answer without a word, in what was said before
_SHOWN_TURNS = 6  # before an answer, on a card


class DialogueTask(WritingTask[Dialogue]):
    """The turns before in, the assistant's next one out.

    Args:
        settings: As the cell said.
    """

    name: ClassVar = "dialogue"
    Settings: ClassVar = DialogueSettings
    Data: ClassVar = DialogueData
    use: ClassVar = "answering in dialogues"
    too_long: ClassVar = "cut from the left where a turn of the user's begins; what was cut off is a row of its own"

    dev_examples: int = 200  # of dev that an evaluation answers
    score = staticmethod(score_texts)
    read_answers = staticmethod(read_texts)
    input_columns = staticmethod(input_columns)

    def __init__(self, settings: DialogueSettings) -> None:
        self.settings = settings

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Perplexity is the headline."""
        return answer_metrics()

    @classmethod
    def read(cls, settings: DialogueSettings, data: DialogueData) -> Corpus[Dialogue]:
        """Read every split."""
        return read_corpus(data, read_dialogues)

    @classmethod
    def check(cls, settings: DialogueSettings, corpus: Corpus[Dialogue]) -> DataCheck:
        """Count everything, and look for the usual oddities."""
        return check_texts(corpus, many="dialogues", text_of=cls.text_of, learned_of=_learned)

    @classmethod
    def propose(cls, source: Any) -> Proposal:
        """How a new cell would read dialogues: nobody else has lists of turns. Anything else has a fit of 0."""
        sure = True
        try:
            split = read_dialogues("train", source, DialogueOptions(), sure=True)
        except FineTuneError:
            sure, split = False, read_dialogues("train", source, DialogueOptions())
        turns = sum(len(dialogue.turns) for dialogue in split.examples)
        return Proposal(
            examples=len(split.examples),
            found=[f"{len(split.examples):,} dialogues with {turns:,} turns", *split.notes],
            texts=[dialogue.text for dialogue in split.examples[:_PROPOSED]],
            fit=0.9 if sure else 0.0,
        )

    @classmethod
    def for_corpus(cls, settings: DialogueSettings, corpus: Corpus[Dialogue]) -> DialogueTask:
        """Of a new run."""
        return cls(settings)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> DialogueTask:
        """Of a saved model."""
        return cls(settings_of(DialogueSettings, saved, config))

    def saved(self) -> dict[str, Any]:
        """The template, what the system says, how it writes."""
        kept: dict[str, Any] = self.settings.model_dump(exclude={"packing"}, exclude_unset=True)
        return kept

    def complete_tokenizer(self, tokenizer: Any) -> list[str]:
        """Give it a chat template; see `complete_template`."""
        super().complete_tokenizer(tokenizer)
        from ft_magics.models.chat_templates import read_chat_template  # noqa: PLC0415  # a cell is read without torch

        return complete_template(tokenizer, self.settings.template, read_chat_template(tokenizer.name_or_path))

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[Dialogue]:
        """Read more of them, which a trained model is evaluated on."""
        return read_dialogues("data", source, options_of(DialogueOptions, options))

    def describe(self, corpus: Corpus[Dialogue]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "text-generation", f"dialogues such as those of {corpus.train.source}", ["conversational"]

    # Tensors

    def _turns(self, dialogue: Dialogue) -> tuple[Turn, ...]:
        """With what the system says, where the dialogue has nothing of its own."""
        system = self.settings.system
        own = bool(dialogue.turns) and dialogue.turns[0].role == SYSTEM
        return dialogue.turns if own or system is None else (Turn(SYSTEM, system), *dialogue.turns)

    def encode(self, examples: Sequence[Dialogue], spec: Spec) -> list[Pack]:
        """Rows of all dialogues, with the prompts of the answers that are written in an evaluation."""
        chat, longest = ChatText(spec.tokenizer), spec.max_length_tokens
        room = room_before(longest, self.settings.generation.max_new_tokens)
        pieces: list[Piece] = []
        prompts: list[Prompt] = []
        for at, dialogue in enumerate(examples):
            turns = self._turns(dialogue)
            whole = Dialogue(turns, dialogue.id)
            for answer in self._written_in(dialogue):
                before = turns[: len(turns) - len(dialogue.turns) + answer]
                ids, _ = fitting_prompt(chat, before, room=room, place=dialogue.id)
                prompts.append(Prompt(at, tuple(ids), chat.ends))
            if dialogue.asked:
                pieces.append(unasked(at, prompts[-1].ids))
            else:
                pieces += dialogue_pieces(chat, at, whole, longest=longest)
        return self.rows(pieces, prompts, spec)

    def _written_in(self, dialogue: Dialogue) -> list[int]:
        """Which turns are written, by their indices: of one that is asked what comes next."""
        if dialogue.asked:
            return [len(dialogue.turns)]
        answers = dialogue.answers
        drawn = zlib.crc32(dialogue.text.encode(errors="surrogatepass"))
        return answers if self.settings.answers == "all" else [answers[drawn % len(answers)]]

    # Predictions

    def decode(
        self, examples: Sequence[Dialogue], features: Sequence[Pack], raw: Sequence[KeptRow], spec: Spec
    ) -> list[Counted]:
        """One prediction per dialogue: sums over its answers, and those that were written."""
        found = []
        for dialogue, sums in zip(examples, sums_of(len(examples), features, raw), strict=True):
            texts = [_text(ids, spec.tokenizer).strip() for ids in sums.written]
            learned = _text(sums.cut, spec.tokenizer) if sums.cut else _learned(dialogue)
            blanks = [
                _written(dialogue, answer, text) for answer, text in zip(self._written_in(dialogue), texts, strict=True)
            ]
            found.append(sums.counted(learned, blanks))
        return found

    def parse(self, inputs: Any) -> list[Dialogue]:
        """Dialogues that end with the user."""
        return read_asked(inputs)

    def is_one(self, inputs: Any) -> bool:
        """Whether this is one dialogue, and no list of them."""
        return is_one_dialogue(inputs)

    def with_turn(self, former: Any, text: str) -> list[dict[str, str]]:
        """A list of messages, the user's last."""
        return [*(former or ()), Turn(USER, text).to_message()]

    def with_answer(self, asked: Any, answer: str) -> list[dict[str, str]]:
        """A list of messages, the assistant's last."""
        return [*asked, Turn(ASSISTANT, answer or _SILENCE).to_message()]

    def answer(self, example: Dialogue, prediction: Counted) -> str:
        """What the assistant says next."""
        return next((blank.output for blank in prediction.blanks if isinstance(blank, Written)), "")

    def drawn(self, example: Dialogue, prediction: Counted) -> Card:
        """All turns, and what the assistant says next."""
        texts = [*((turn.role, turn.text) for turn in example.turns), (ASSISTANT, self.answer(example, prediction))]
        return Card(kind="texts", row=example.id, data={"texts": texts})

    def gold_card(self, example: Dialogue) -> Card:
        """The turns."""
        return Card(kind="texts", row=example.id, data={"texts": [(turn.role, turn.text) for turn in example.turns]})

    @classmethod
    def to_record(cls, example: Dialogue, prediction: Counted) -> dict[str, Any]:
        """A line of `predictions.<split>.jsonl`."""
        return counted_record(Document(_learned(example), example.id), prediction)

    @classmethod
    def from_record(cls, record: Any) -> tuple[Dialogue, Counted]:
        """What `to_record` wrote: of the dialogue what the assistant says, or the beginning of it."""
        document, counted = counted_with(record, written_of)
        return Dialogue((Turn(ASSISTANT, document.text),), document.id), counted

    @classmethod
    def report(
        cls,
        examples: Sequence[Dialogue],
        predictions: Sequence[Counted],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> Report:
        """The evaluation."""
        return answer_report(
            predictions,
            texts=[_learned(example) for example in examples],
            ids=[example.id for example in examples],
            note=_NOTE,
            title=title,
            history=history,
            resamples=resamples,
        )


def _learned(dialogue: Dialogue) -> str:
    """What the assistant says, a turn a line."""
    return "\n".join(turn.text for turn in dialogue.turns if turn.role == ASSISTANT)


def _text(ids: Sequence[int], tokenizer: Any) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))


def _written(dialogue: Dialogue, answer: int, output: str) -> Written:
    """An answer of the model's, beside the one that stands there."""
    before = dialogue.turns[max(0, answer - _SHOWN_TURNS) : answer]
    text = "\n".join(f"{turn.role}: {turn.text}" for turn in before)
    gold = dialogue.turns[answer].text if answer < len(dialogue.turns) else ""
    return Written(text=f"…\n{text}" if answer > _SHOWN_TURNS else text, gold=gold, output=output, guesses=())
