"""Writing on: a causal model is fine-tuned on texts, or on completions of prompts.

Shapes: B batch, T tokens, S examples.
Source: Radford et al. 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.documents.document import Document
from ft_magics.data.examples import Corpus, Split
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.written import Written, written_of
from ft_magics.evaluation.report import Report
from ft_magics.sections import Card
from ft_magics.tasks.generate.config import GenerateData, GenerateSettings, PassageOptions
from ft_magics.tasks.generate.reader import Passage, input_columns, read_passages
from ft_magics.tasks.language.inputs import read_prompts
from ft_magics.tasks.language.records import counted_record, counted_with
from ft_magics.tasks.seq2seq.score import read_texts
from ft_magics.tasks.task import Spec
from ft_magics.tasks.writing.checking import check_texts
from ft_magics.tasks.writing.continuing import room_before
from ft_magics.tasks.writing.encoding import begin_of, pieces_of, tokens_of_texts, unasked
from ft_magics.tasks.writing.inferring import KeptRow, sums_of
from ft_magics.tasks.writing.pieces import Pack, Piece, Prompt
from ft_magics.tasks.writing.reporting import score_texts, writing_report
from ft_magics.tasks.writing.saved import options_of, settings_of
from ft_magics.tasks.writing.writing_task import WritingTask

__all__ = ["GenerateTask"]
_NOTE = (
    "perplexity is of every token of a text, its end included, or of a completion, each predicted from those before "
    "it; it depends on the tokenizer. Perplexity per byte, 2 to the power of bits per byte, does so less"
)
_SHOWN = 500  # characters of a text on a card
_SHARE_SHOWN, _MOST_SHOWN = 4, 32  # a text is written on after a quarter of it, at most so many tokens


class GenerateTask(WritingTask[Passage]):
    """A prompt or nothing in, what follows out.

    Args:
        settings: As the cell said.
    """

    name: ClassVar = "generate"
    Settings: ClassVar = GenerateSettings
    Data: ClassVar = GenerateData
    use: ClassVar = "writing on"

    score = staticmethod(score_texts)
    read_answers = staticmethod(read_texts)
    input_columns = staticmethod(input_columns)

    def __init__(self, settings: GenerateSettings) -> None:
        self.settings = settings

    @classmethod
    def read(cls, settings: GenerateSettings, data: GenerateData) -> Corpus[Passage]:
        """Read every split."""
        return read_corpus(data, read_passages)

    @classmethod
    def check(cls, settings: GenerateSettings, corpus: Corpus[Passage]) -> DataCheck:
        """Count everything, and look for the usual oddities."""
        return check_texts(corpus, many="texts", text_of=cls.text_of, learned_of=lambda example: example.learned)

    @classmethod
    def for_corpus(cls, settings: GenerateSettings, corpus: Corpus[Passage]) -> GenerateTask:
        """Of a new run."""
        return cls(settings)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> GenerateTask:
        """Of a saved model."""
        return cls(settings_of(GenerateSettings, saved, config))

    def saved(self) -> dict[str, Any]:
        """How it writes."""
        return {"generation": self.settings.generation.model_dump(exclude_unset=True)}

    @staticmethod
    def text_of(example: Passage) -> str:
        """Prompt and completion, or the whole text."""
        return example.text if example.completion is None else f"{example.text} {example.completion}".strip()

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[Passage]:
        """Read more of them, which a trained model is evaluated on."""
        return read_passages("data", source, options_of(PassageOptions, options))

    def describe(self, corpus: Corpus[Passage]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "text-generation", f"writing texts such as those of {corpus.train.source}", ["text-generation"]

    # Tensors

    def encode(self, examples: Sequence[Passage], spec: Spec) -> list[Pack]:
        """Rows of all examples: a piece each, a long one in several, with `packing` several pieces to a row."""
        tokenizer, longest = spec.tokenizer, spec.max_length_tokens
        begin, end = begin_of(tokenizer), tokenizer.eos_token_id
        learned = tokens_of_texts([example.learned for example in examples], tokenizer)
        prompts = tokens_of_texts(["" if item.completion is None else item.text for item in examples], tokenizer)
        written = self._written_after(examples)
        pieces: list[Piece] = []
        asked: list[Prompt] = []
        for at, (prompt, ids) in enumerate(zip(prompts, learned, strict=True)):
            ended = [*ids, end]
            if at in written:
                before = self._prompt(examples[at], [*begin, *prompt], ids, longest)
                asked.append(Prompt(at, tuple(before), (end,)))
            if examples[at].asked:
                pieces.append(unasked(at, before))
                continue
            if self.settings.prompt_loss:
                pieces += pieces_of(at, begin, [*prompt, *ended], longest=longest)
            else:
                pieces += pieces_of(at, [*begin, *prompt], ended, longest=longest)
        return self.rows(pieces, asked, spec)

    def _written_after(self, examples: Sequence[Passage]) -> set[int]:
        """Indices of those that the model writes on: all that are asked for, else a few from all over the split."""
        if any(example.asked for example in examples):
            return set(range(len(examples)))
        count = min(self.settings.samples, len(examples))
        return {at * len(examples) // count for at in range(count)}

    def _prompt(self, example: Passage, before: Sequence[int], ids: Sequence[int], longest: int) -> list[int]:
        """The tokens that the model writes after: a prompt, or the first quarter of a text."""
        room = room_before(longest, self.settings.generation.max_new_tokens)
        if example.asked:
            return [*before, *ids][-room:]
        if example.completion is None:
            return [*before, *ids[: min(len(ids) // _SHARE_SHOWN, _MOST_SHOWN)]][:room]
        return list(before[-room:])

    # Predictions

    def decode(
        self, examples: Sequence[Passage], features: Sequence[Pack], raw: Sequence[KeptRow], spec: Spec
    ) -> list[Counted]:
        """One prediction per example: sums over its pieces, and what was written where it was asked for."""
        prompts = {prompt.example: prompt for item in features for prompt in item.prompts}
        found = []
        for at, (example, sums) in enumerate(zip(examples, sums_of(len(examples), features, raw), strict=True)):
            texts = [_text(ids, spec.tokenizer) for ids in sums.written]
            blanks = [_written(example, prompts[at], text, spec.tokenizer) for text in texts]
            found.append(sums.counted(example.learned, blanks))
        return found

    def parse(self, inputs: Any) -> list[Passage]:
        """The beginnings of texts."""
        return [Passage(document.text, id=document.id, asked=True) for document in read_prompts(inputs)]

    def answer(self, example: Passage, prediction: Counted) -> str:
        """What the model writes after a prompt."""
        return next((blank.output for blank in prediction.blanks if isinstance(blank, Written)), "")

    def drawn(self, example: Passage, prediction: Counted) -> Card:
        """A prompt and what follows."""
        texts = [("prompt", example.text), ("output", self.answer(example, prediction))]
        return Card(kind="texts", row=example.id, data={"texts": texts})

    def gold_card(self, example: Passage) -> Card:
        """The beginning of a text, or a prompt with its completion."""
        texts = [("text", example.text)]
        if example.completion is not None:
            texts = [("prompt", example.text), ("completion", example.completion)]
        return Card(
            kind="texts", row=example.id, data={"texts": [(name, _short(text)) for name, text in texts if text]}
        )

    @classmethod
    def to_record(cls, example: Passage, prediction: Counted) -> dict[str, Any]:
        """A line of `predictions.<split>.jsonl`."""
        return counted_record(Document(example.learned, example.id), prediction)

    @classmethod
    def from_record(cls, record: Any) -> tuple[Passage, Counted]:
        """What `to_record` wrote."""
        document, counted = counted_with(record, written_of)
        return Passage(document.text, id=document.id), counted

    @classmethod
    def report(
        cls,
        examples: Sequence[Passage],
        predictions: Sequence[Counted],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> Report:
        """The evaluation."""
        return writing_report(
            predictions,
            texts=[example.learned for example in examples],
            ids=[example.id for example in examples],
            note=_NOTE,
            title=title,
            history=history,
            resamples=resamples,
        )


def _short(text: str) -> str:
    return f"{text[:_SHOWN]} …" if len(text) > _SHOWN else text


def _text(ids: Sequence[int], tokenizer: Any) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True)).strip()


def _written(example: Passage, prompt: Prompt, output: str, tokenizer: Any) -> Written:
    """What was written, beside what stands there."""
    if example.completion is not None or example.asked:
        return Written(text=_short(example.text), gold=_short(example.completion or ""), output=output, guesses=())
    shown = _text(prompt.ids, tokenizer)
    rest = example.text[len(shown) :].strip() if example.text.startswith(shown) else ""
    return Written(text=shown, gold=_short(rest), output=output, guesses=())
