"""What objectives on raw text have in common: reading, checking, samples, records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

from ft_magics.config.scratch import Shape, TokenizerSettings
from ft_magics.data.checks import DataCheck
from ft_magics.data.documents.document import Document
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, ModelError
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.report import Report
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.language.config import TextData
from ft_magics.tasks.language.more_words import extend_model
from ft_magics.tasks.language.new_model import make_model
from ft_magics.tasks.language.reader import check_documents, read_more_text, read_text
from ft_magics.tasks.language.records import counted_from, counted_record, text_report
from ft_magics.tasks.language.token_map import TokenMap
from ft_magics.tasks.task import Feature, Spec, Task

__all__ = ["TextTask"]

F = TypeVar("F", bound=Feature)

_SAMPLES = 4  # of an evaluation
_MOST_UNKNOWN = 0.05
_LONGEST_SHOWN = 500  # characters of a document


class TextTask(Task[Document, F, Counted]):
    """An objective on raw text: what is left to it is what is predicted, and how.

    Args:
        settings: As the cell said.

    Attributes:
        within: What is of one document.
        accuracy: Name of the metric of right predictions.
        note: What a reader of its numbers should know.
        usual_shape: Of a model from nothing, where the cell names none.
    """

    Data: ClassVar = TextData
    within: ClassVar[str] = "row"
    accuracy: ClassVar[str]
    note: ClassVar[str]
    usual_shape: ClassVar[Shape] = "bert"

    to_record = staticmethod(counted_record)
    from_record = staticmethod(counted_from)

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @classmethod
    def for_corpus(cls, settings: Any, corpus: Corpus[Document]) -> Self:
        """Of a new run."""
        return cls(settings)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> Self:
        """Of a saved model: how it was trained makes no difference to what it predicts."""
        return cls(cls.Settings())

    def head(self) -> Head:
        """The same for a new model as for a saved one."""
        return self.saved_head()

    @classmethod
    def read(cls, settings: Any, data: TextData) -> Corpus[Document]:
        """Read every split."""
        return read_text(data)

    @classmethod
    def check(cls, settings: Any, corpus: Corpus[Document]) -> DataCheck:
        """Count documents and letters, and look for the usual oddities."""
        return check_documents(corpus)

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[Document]:
        """Read more text."""
        return read_more_text(source, options)

    def make_model(self, corpus: Corpus[Document], model: Any, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """A model from nothing, for the text of train, of the usual shape where the cell names none."""
        return make_model(
            corpus, model, tokenizer or TokenizerSettings(), head=self.head().kind, usual=self.usual_shape, seed=seed
        )

    def extend_model(
        self, corpus: Corpus[Document], source: str, tokenizer: Any, *, seed: int
    ) -> tuple[str, list[str]]:
        """A model that has more words in its vocabulary: those that the cell names, or those that train needs most.

        Raises:
            ModelError: It predicts no tokens, or as `extend_model`.
        """
        if not self.head().predicts_tokens:
            raise ModelError(
                f"tokenizer.new_words: the model of `objective: {self.name}` predicts no tokens, so nothing trains "
                "new ones; leave `tokenizer` out, or take `objective: mlm`"
            )
        return extend_model(corpus, source, tokenizer, head=self.head(), seed=seed)

    def check_encoded(
        self, corpus: Corpus[Document], features: Mapping[str, Sequence[F]], spec: Spec, check: DataCheck
    ) -> None:
        """Say how many tokens there are and where they are kept; warn of a vocabulary of another language.

        Raises:
            DataError: The text has no token to train on.
        """
        for split in corpus.splits:
            of_split: Any = features[split.name]
            rows = getattr(of_split, "rows", of_split)
            tokens = getattr(rows, "tokens", None)
            if not isinstance(tokens, TokenMap):
                continue
            count = len(tokens.tokens)
            if not count:
                raise DataError(f"{split.name}: the tokenizer makes no token of this text")
            check.notes.append(
                f"{split.name}: {count:,} tokens in {len(rows):,} rows of at most {spec.max_length_tokens}; no "
                f"{self.within} reaches over the end of a document"
            )
            if split.name == "train" and tokens.folder is not None:
                check.notes.append(
                    f"The tokens are kept in {tokens.folder.parent} ({tokens.size_bytes / 1e6:.1f} MB of train), for "
                    "other runs on the same text; what is unused for 30 days is deleted"
                )
            if tokens.unknown > _MOST_UNKNOWN * count:
                check.warnings.append(
                    f"{split.name}: the model's vocabulary lacks {100 * tokens.unknown / count:.0f} % of the tokens, "
                    "which all look the same to it; choose a model made for this language"
                )

    def gold_card(self, example: Document) -> Card:
        """The beginning of a document."""
        long = len(example.text) > _LONGEST_SHOWN
        text = f"{example.text[:_LONGEST_SHOWN]} …" if long else example.text
        return Card(kind="texts", row=example.id, data={"texts": [("document", text)]})

    @classmethod
    def samples(cls, examples: Sequence[Document], predictions: Sequence[Counted]) -> list[dict[str, Any]]:
        """Blanks of documents from all over the split."""
        there = [item for item in predictions if item.blanks]
        chosen = [there[at * len(there) // _SAMPLES] for at in range(_SAMPLES)] if len(there) > _SAMPLES else there
        return [
            {
                "text": blank.text,
                "gold": blank.gold,
                "predicted": blank.guesses[0][0] if blank.guesses else "",
                "right": blank.right,
            }
            for item in chosen
            for blank in item.blanks[:1]
        ]

    @classmethod
    def report(
        cls,
        examples: Sequence[Document],
        predictions: Sequence[Counted],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> Report:
        """The evaluation."""
        return text_report(
            examples,
            predictions,
            accuracy=cls.accuracy,
            note=cls.note,
            title=title,
            history=history,
            resamples=resamples,
            **cls.report_options(predictions),
        )

    @classmethod
    def report_options(cls, predictions: Sequence[Counted]) -> dict[str, Any]:
        """What else its report has, as `text_report` takes it."""
        return {}
