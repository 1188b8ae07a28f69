"""What tasks have in common whose model writes on: head, batches, loss, what is kept of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ft_magics.config.scratch import Shape, TokenizerSettings
from ft_magics.data.checks import DataCheck
from ft_magics.data.documents.listed import as_documents
from ft_magics.data.examples import Corpus
from ft_magics.errors import ModelError
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.written import writing_metrics
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.tasks.causal.loss import next_token_loss
from ft_magics.tasks.generating import Generation
from ft_magics.tasks.language.more_words import extend_for
from ft_magics.tasks.language.new_model import make_model
from ft_magics.tasks.task import Spec, Task
from ft_magics.tasks.tokens import unknown_tokens
from ft_magics.tasks.writing.continuing import most_written, write_after
from ft_magics.tasks.writing.head import causal_head
from ft_magics.tasks.writing.inferring import KeptRow, kept_rows
from ft_magics.tasks.writing.pieces import Pack, Piece, Prompt, collate_packs, pack, takes_packs, with_prompts
from ft_magics.tasks.writing.reporting import rows_note, written_samples

if TYPE_CHECKING:
    import torch

__all__ = ["WritingTask"]

E = TypeVar("E")


class WritingTask(Task[E, Pack, Counted]):
    """A task of a causal model: what is left to it is its data, and which tokens are asked for.

    Attributes:
        use: What its model is for.
        too_long: What is done with examples that are longer than a row.
        usual_shape: Of a model from nothing, where the cell names none.
        settings: As the cell said, with `packing` and `generation`.
    """

    use: ClassVar[str]
    too_long: ClassVar[str] = "cut into several"
    usual_shape: ClassVar[Shape] = "llama"
    settings: Any

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Perplexity is the headline."""
        return writing_metrics()

    def head(self) -> Head:
        """The next token of the vocabulary."""
        return causal_head(self.use)

    @classmethod
    def saved_head(cls) -> Head:
        """The next token of the vocabulary."""
        return causal_head(cls.use)

    def make_model(self, corpus: Corpus[E], model: Any, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """A model from nothing, for the text of train: of Llama's shape, where the cell names none."""
        texts = as_documents(corpus, self._texts)
        words = tokenizer or TokenizerSettings()
        return make_model(texts, model, words, head=self.head().kind, usual=self.usual_shape, seed=seed)

    def extend_model(self, corpus: Corpus[E], source: str, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """A model with words of the texts in its vocabulary."""
        return extend_for(corpus, self._texts, source, tokenizer, head=self.head(), seed=seed)

    def _texts(self, examples: Sequence[E]) -> list[str]:
        return [self.text_of(example) for example in examples]

    @staticmethod
    def text_of(example: Any) -> str:
        """All of an example, by which a tokenizer is trained."""
        return str(example.text)

    def complete_tokenizer(self, tokenizer: Any) -> list[str]:
        """See that there is a token that ends a text.

        Raises:
            ModelError: There is none, and no special token that could.
        """
        if tokenizer.eos_token_id is None:
            raise ModelError(
                "model: its tokenizer has no special token at all, so nothing can end what the model writes; set "
                "`tokenizer.eos_token` and save it again"
            )
        return []

    def rows(self, pieces: Sequence[Piece], prompts: Sequence[Prompt], spec: Spec) -> list[Pack]:
        """Rows of all pieces, one a row or packed, with the prompts that are written on after."""
        longest = spec.max_length_tokens
        packs = pack(pieces, longest=longest) if self._packs(spec) else [Pack((piece,)) for piece in pieces]
        return with_prompts(packs, prompts)

    def _packs(self, spec: Spec) -> bool:
        """Whether several pieces share a row: virtual tokens stand before a row, not before each of its pieces."""
        takes = takes_packs(spec.config, longest=spec.max_length_tokens)
        return bool(self.settings.packing) and takes and not spec.virtual_tokens

    def check_encoded(
        self, corpus: Corpus[E], features: Mapping[str, Sequence[Pack]], spec: Spec, check: DataCheck
    ) -> None:
        """Say how many tokens and rows there are, and whether texts were cut."""
        for split in corpus.splits:
            check.notes.append(rows_note(split.name, features[split.name], len(split.examples), spec, self.too_long))
        if self.settings.packing and spec.virtual_tokens:
            check.notes.append("each text has a row of its own: virtual tokens stand before a row, not before a text")
        elif self.settings.packing and not self._packs(spec):
            check.warnings.append(
                "`packing` needs a model that takes positions and a mask for each pair of tokens, and "
                f"{spec.config.model_type} is not known to with rows of {spec.max_length_tokens}; each text has a row "
                "of its own"
            )
        asked = self.settings.generation.max_new_tokens
        most = most_written(spec.config, asked, spec.virtual_tokens)
        if most < asked:
            check.warnings.append(
                f"`max_new_tokens: {asked}` is more than half of the {spec.config.max_position_embeddings} positions "
                f"of this model; at most {most} tokens are written"
            )
        train = [piece.ids.tolist() for item in features["train"] for piece in item.pieces]
        check.warnings += unknown_tokens(train, spec.tokenizer, extends=False)

    def fingerprint(self, feature: Pack) -> bytes:
        """What the model sees of a row."""
        return feature.fingerprint()

    def collate(self, features: Sequence[Pack], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each; several pieces in a row do not see each other."""
        return collate_packs(features, spec)

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of each next token: its sum, divided by their number."""
        return next_token_loss(outputs, labels, num_items_in_batch)

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Pack]
    ) -> list[KeptRow]:
        """Per row the sums of its pieces, and what was written after its prompts."""

        def write(prompts: Sequence[Prompt]) -> list[list[int]]:
            before = getattr(model, "virtual_tokens", 0)
            most = most_written(model.config, self.settings.generation.max_new_tokens, before)
            settings = self.settings.generation.model_copy(update={"max_new_tokens": most})
            how = Generation(settings=settings, longest=most, stop=prompts[0].end)
            return write_after(model, prompts, how)

        return kept_rows(inputs, outputs, features, write)

    @classmethod
    def samples(cls, examples: Sequence[E], predictions: Sequence[Counted]) -> list[dict[str, Any]]:
        """What was written, the same prompts every time."""
        return written_samples(predictions)
