"""Extractive question answering.

Shapes: B batch, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import ModelError
from ft_magics.evaluation.answers.report import AnswerReport
from ft_magics.evaluation.beside import is_number
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.language.more_words import extend_for
from ft_magics.tasks.qa.answer import Answer, answer_of, card_of, gold_card_of, read_questions
from ft_magics.tasks.qa.checks import check_corpus, negative_notes, window_notes
from ft_magics.tasks.qa.columns import input_columns
from ft_magics.tasks.qa.config import QaData, QaSettings
from ft_magics.tasks.qa.decode import Best, Prediction, best_spans, choose
from ft_magics.tasks.qa.examples import Question
from ft_magics.tasks.qa.negatives import trained_windows
from ft_magics.tasks.qa.propose import propose
from ft_magics.tasks.qa.reader import read_split
from ft_magics.tasks.qa.records import METRICS, facts_of, from_record, report_of, samples_of, to_record
from ft_magics.tasks.qa.score import read_answers, read_options, score
from ft_magics.tasks.qa.thresholds import choose_threshold
from ft_magics.tasks.qa.windows import Cut, PairEncoder, Window
from ft_magics.tasks.task import Spec, Task
from ft_magics.tasks.tokens import padded_inputs, unknown_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["QaTask"]

_HEAD = Head(kind="AutoModelForQuestionAnswering", labels=("start", "end"), use="finding answers")
_EVEN = 0.0  # margin at which no answer is as probable as the best one


class QaTask(Task[Question, Window, Prediction]):
    """A question and a context in, a stretch of the context out.

    Args:
        settings: As the cell said.
        threshold: The margin above which no answer is given; None for a model that always answers, as all of its
            training data had answers.
    """

    name: ClassVar = "qa"
    Settings: ClassVar = QaSettings
    Data: ClassVar = QaData

    facts = staticmethod(facts_of)
    to_record = staticmethod(to_record)
    from_record = staticmethod(from_record)
    samples = staticmethod(samples_of)
    parse = staticmethod(read_questions)
    input_columns = staticmethod(input_columns)
    propose = staticmethod(propose)
    gold_card = staticmethod(gold_card_of)
    read_answers = staticmethod(read_answers)

    @classmethod
    def check_facts(cls, facts: Mapping[str, Any]) -> None:
        """There are none that a report needs."""
        return

    @classmethod
    def report(
        cls,
        examples: Sequence[Question],
        predictions: Sequence[Prediction],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> AnswerReport:
        """The evaluation; see `answer_report`."""
        cls.check_options(options)
        return report_of(examples, predictions, title=title, history=history, resamples=resamples)

    @classmethod
    def score(cls, gold: Any, pred: Any, **options: Any) -> AnswerReport:
        """Score answers of one's own; see `score.py`."""
        return score(gold, pred, **options)

    def __init__(self, settings: QaSettings, threshold: float | None = None) -> None:
        self.settings = settings
        self.threshold = threshold

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """F1 first."""
        return METRICS

    @classmethod
    def read(cls, settings: QaSettings, data: QaData) -> Corpus[Question]:
        """Read every split."""

        def read(name: str, source: Any, options: Any) -> Split[Question]:
            return read_split(name, source, options, settings)

        return read_corpus(data, read)

    @classmethod
    def check(cls, settings: QaSettings, corpus: Corpus[Question]) -> DataCheck:
        """Count everything, and look for the usual oddities."""
        return check_corpus(corpus)

    @classmethod
    def for_corpus(cls, settings: QaSettings, corpus: Corpus[Question]) -> QaTask:
        """One that can give no answer where train has questions without one."""
        without = any(not example.gold for example in corpus.train.examples)
        return cls(settings, _EVEN if without else None)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> QaTask:
        """With the settings and the threshold of the run; of a model of another origin, with the usual ones."""
        threshold = saved.get("threshold")
        try:
            settings = QaSettings.model_validate(saved.get("settings") or {})
            fits = is_number(threshold) and config.num_labels == len(_HEAD.labels)
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ModelError(
                f"model: {config.name_or_path}: ft_magics.json does not hold what a run writes, or the head is not one "
                "for the first and the last token of an answer; remove the file to use the model as it is"
            )
        return cls(settings, None if threshold is None else float(threshold))

    def saved(self) -> dict[str, Any]:
        """The settings and the threshold."""
        return {"settings": self.settings.model_dump(), "threshold": self.threshold}

    def extend_model(
        self, corpus: Corpus[Question], source: str, tokenizer: Any, *, seed: int
    ) -> tuple[str, list[str]]:
        """A model with words of questions and contexts in its vocabulary."""
        return extend_for(corpus, _texts, source, tokenizer, head=self.head(), seed=seed)

    def head(self) -> Head:
        """Two logits a token: that an answer begins there, and that it ends there."""
        return _HEAD

    @classmethod
    def saved_head(cls) -> Head:
        """The same."""
        return _HEAD

    def complete(self, model: Any, folder: str, *, fresh: bool, seed: int) -> list[str]:
        """Let no logit of padding count; see `hide_padding`."""
        from ft_magics.tasks.qa.loss import hide_padding  # noqa: PLC0415  # a cell is read and answered without torch

        model.register_forward_hook(hide_padding, with_kwargs=True)
        return []

    def encode(self, examples: Sequence[Question], spec: Spec) -> list[Window]:
        """Windows of all examples, in order; a context is cut into tokens once."""
        encoder = PairEncoder(spec, doc_stride=self.settings.doc_stride)
        cuts: dict[str, Cut] = {}
        windows: list[Window] = []
        for index, example in enumerate(examples):
            context = example.text
            if context not in cuts:
                cuts[context] = encoder.cut(context)
            windows += encoder.windows(
                index, example.question, cuts[context], example.span, asked=example.is_trained_on
            )
        return windows

    def trained_on(self, features: Sequence[Window]) -> Sequence[Window]:
        """Windows with the answer, and some without."""
        return trained_windows(features, self.settings.negative_windows)

    def check_encoded(
        self, corpus: Corpus[Question], features: Mapping[str, Sequence[Window]], spec: Spec, check: DataCheck
    ) -> None:
        """Note long contexts, questions and answers, and a vocabulary that lacks much of the data."""
        for split in corpus.splits:
            check.notes += window_notes(
                split.name, split.examples, features[split.name], self.settings.max_answer_tokens
            )
        check.notes += negative_notes(features["train"], self.settings.negative_windows)
        check.warnings += unknown_tokens([window.input_ids for window in features["train"]], spec.tokenizer)

    def fingerprint(self, feature: Window) -> bytes:
        """What the model sees of a window."""
        return repr((feature.input_ids.tobytes(), feature.type_ids.tobytes(), feature.labels)).encode()

    def collate(self, features: Sequence[Window], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each, and labels (B, 2)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        batch = padded_inputs(features, spec)
        return {**batch, "labels": torch.tensor([feature.labels for feature in features], dtype=torch.long)}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of an answer's first and last token."""
        from ft_magics.tasks.qa.loss import span_loss  # noqa: PLC0415  # a cell is read and answered without torch

        return span_loss(outputs, labels, num_items_in_batch)

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Window]
    ) -> list[Best]:
        """Per window its best spans."""
        longest = self.settings.max_answer_tokens
        return best_spans(outputs["start_logits"], outputs["end_logits"], features, longest=longest)

    def decode(
        self, examples: Sequence[Question], features: Sequence[Window], raw: Sequence[Best], spec: Spec
    ) -> list[Prediction]:
        """One answer per question: the best over all windows."""
        of: list[list[int]] = [[] for _ in examples]
        for at, window in enumerate(features):
            of[window.example].append(at)
        return [
            choose(
                example.text,
                [features[at] for at in places],
                [raw[at] for at in places],
                n_best=self.settings.n_best,
                threshold=self.threshold,
            )
            for example, places in zip(examples, of, strict=True)
        ]

    def tuned(self, examples: Sequence[Question], predictions: Sequence[Prediction]) -> QaTask:
        """With the threshold for no answer that is best on dev; itself where the model always answers."""
        if self.threshold is None:
            return self
        return QaTask(self.settings, choose_threshold(examples, predictions, self.threshold))

    def answer(self, example: Question, prediction: Prediction) -> Answer:
        """The answer with its place and probability, and others."""
        return answer_of(prediction)

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[Question]:
        """Read questions with answers."""
        return read_split("data", source, read_options(options), self.settings)

    def drawn(self, example: Question, prediction: Prediction) -> Card:
        """The context with the answer marked."""
        return card_of(example, prediction)

    def describe(self, corpus: Corpus[Question]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "question-answering", "extractive question answering", []


def _texts(examples: Sequence[Question]) -> list[str]:
    return [*(example.question for example in examples), *dict.fromkeys(example.text for example in examples)]
