"""Causal language modelling: each token is predicted from those before it.

Shapes: B batch, T tokens, N tokens asked for, V vocabulary, S documents.
Source: Radford et al. 2018, section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.data.documents.document import Document, Documents
from ft_magics.data.examples import Corpus
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.language.counting import next_metrics
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.causal.config import CausalSettings
from ft_magics.tasks.causal.loss import asked_logits, next_token_loss
from ft_magics.tasks.language.inputs import read_prompts
from ft_magics.tasks.language.records import counted_of
from ft_magics.tasks.language.rows import Row, Rows, tokens_around
from ft_magics.tasks.language.text_task import TextTask
from ft_magics.tasks.language.token_map import map_tokens, tokens_of
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["CausalTask"]

_GUESSES = 5
_SHOWN_AT = 0.75  # of a row: the place whose guesses are shown
_AROUND = 24  # tokens before it that are shown
_MOST_BLANKS = 2  # of a document that are kept
_WRITTEN = 40  # tokens that a prompt is continued by
_NOTE = (
    "perplexity is of every token but the first of a row, each predicted from those before it in its row. It depends "
    "on the tokenizer; bits per byte less so"
)

Guess = tuple[int, list[int], list[float]]  # place in the row, ids of the most probable tokens, their probabilities
Kept = tuple[int, float, int, list[Guess], list[int]]  # asked, loss, right, a guess, what a prompt is continued by


class CausalTask(TextTask[Row]):
    """The beginning of a text in, what follows out.

    Args:
        settings: As the cell said.
    """

    name: ClassVar = "clm"
    Settings: ClassVar = CausalSettings
    accuracy: ClassVar = "next_accuracy"
    usual_shape: ClassVar = "llama"
    note: ClassVar = _NOTE

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Perplexity is the headline."""
        return next_metrics()

    @classmethod
    def saved_head(cls) -> Head:
        """The next token of the vocabulary."""
        return Head(kind="AutoModelForCausalLM", labels=(), use="causal language modelling")

    def describe(self, corpus: Corpus[Document]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "text-generation", f"causal language modelling on {corpus.train.source}", ["text-generation"]

    # Tensors

    def encode(self, examples: Sequence[Document], spec: Spec) -> Sequence[Row]:
        """Rows of all documents, each of which ends with the end token; of a prompt its last row."""
        tokenizer = spec.tokenizer
        prefix, suffix = tokens_around(tokenizer)
        if isinstance(examples, Documents):
            tokens = map_tokens(examples, tokenizer, end=tokenizer.eos_token_id)
            return Rows.of(tokens, longest=spec.max_length_tokens, prefix=prefix, suffix=suffix)
        asked = any(example.asked for example in examples)
        texts = [example.text for example in examples]
        tokens = tokens_of(texts, tokenizer, end=None if asked else tokenizer.eos_token_id)
        room = spec.max_length_tokens - _WRITTEN * asked
        rows = Rows.of(tokens, longest=max(room, 2), prefix=prefix, suffix=() if asked else suffix)
        last = {row.example: replace(row, asked=asked) for row in rows}
        return list(last.values()) if asked else rows

    def fingerprint(self, feature: Row) -> bytes:
        """What the model sees of a row."""
        return feature.ids.tobytes()

    def collate(self, features: Sequence[Row], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each; the labels are the tokens themselves, but for the first of each row."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

        shape = (len(features), spec.width(max(feature.tokens for feature in features)))
        ids = np.full(shape, spec.tokenizer.pad_token_id, dtype=np.int64)
        attended = np.zeros(shape, dtype=np.int64)
        labels = np.full(shape, IGNORE_INDEX, dtype=np.int64)
        for at, feature in enumerate(features):
            ids[at, : feature.tokens] = feature.ids
            attended[at, : feature.tokens] = 1
            labels[at, 1 : feature.tokens] = feature.ids[1:]
        asked = np.zeros(shape, dtype=np.bool_)
        asked[:, :-1] = labels[:, 1:] != IGNORE_INDEX
        found = {"input_ids": ids, "attention_mask": attended, ASKED: asked, "labels": labels}
        return {name: torch.from_numpy(item) for name, item in found.items()}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of each next token: its sum, divided by their number."""
        return next_token_loss(outputs, labels, num_items_in_batch)

    # Predictions

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Row]
    ) -> list[Kept]:
        """Per row how many tokens were asked for, their loss, how many are right, a guess, what follows a prompt."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

        shares = asked_logits(outputs, inputs[ASKED][:, :-1]).log_softmax(dim=-1)
        target = torch.from_numpy(np.concatenate([feature.ids[1:] for feature in features])).to(shares.device)
        loss = -shares.gather(1, target[:, None])[:, 0].double().cpu().numpy()
        right = (shares.argmax(dim=-1) == target).cpu().numpy()
        counts = [feature.tokens - 1 for feature in features]
        ends = np.cumsum(counts).tolist()
        begins = [end - count for end, count in zip(ends, counts, strict=True)]
        places = [int(_SHOWN_AT * (count - 1)) for count in counts]
        found: list[Kept] = []
        for feature, begin, end, place in zip(features, begins, ends, places, strict=True):
            guesses: list[Guess] = []
            if end > begin:
                best = shares[begin + place].exp().topk(min(_GUESSES, shares.shape[1]))
                guesses.append((place + 1, best.indices.tolist(), best.values.tolist()))
            written = _written(model, feature) if feature.asked else []
            span = slice(begin, end)
            found.append((end - begin, float(loss[span].sum()), int(right[span].sum()), guesses, written))
        return found

    def decode(
        self, examples: Sequence[Document], features: Sequence[Row], raw: Sequence[Kept], spec: Spec
    ) -> list[Counted]:
        """One prediction per document: sums over its rows, and a few guesses of a next token."""
        tokenizer = spec.tokenizer
        sums = np.zeros((len(examples), 4))
        blanks: list[list[Blank]] = [[] for _ in examples]
        for feature, (asked, loss, right, guesses, written) in zip(features, raw, strict=True):
            sums[feature.example] += (asked, loss, right, feature.tokens)
            kept = blanks[feature.example]
            if feature.asked:
                text = tokenizer.decode(written, skip_special_tokens=True)
                kept.append(Blank(text=examples[feature.example].text, gold="", guesses=((text, 1.0),)))
            elif len(kept) < _MOST_BLANKS:
                kept += [_blank(feature, guess, tokenizer) for guess in guesses]
        return counted_of(examples, sums, blanks)

    def parse(self, inputs: Any) -> list[Document]:
        """The beginnings of texts."""
        return read_prompts(inputs)

    def answer(self, example: Document, prediction: Counted) -> str:
        """What the model writes after a prompt, the most probable token each time."""
        return prediction.blanks[0].guesses[0][0] if prediction.blanks else ""

    def drawn(self, example: Document, prediction: Counted) -> Card:
        """A prompt and what follows."""
        texts = [("prompt", example.text), ("continued", self.answer(example, prediction))]
        return Card(kind="texts", row=example.id, data={"texts": texts})


def _written(model: Any, feature: Row) -> list[int]:
    """What the model continues a prompt by."""
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    ids = torch.from_numpy(feature.ids)[None].to(model.device)
    found = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=_WRITTEN,
        do_sample=False,
        pad_token_id=model.config.eos_token_id,
    )
    written: list[int] = found[0, ids.shape[1] :].tolist()
    return written


def _blank(feature: Row, guess: Guess, tokenizer: Any) -> Blank:
    place, ids, shares = guess
    before = tokenizer.decode(feature.ids[max(0, place - _AROUND) : place].tolist(), skip_special_tokens=True)
    return Blank(
        text=f"{'… ' if place > _AROUND else ''}{before.strip()} ____",
        gold=_text(int(feature.ids[place]), tokenizer),
        guesses=tuple((_text(token, tokenizer), share) for token, share in zip(ids, shares, strict=True)),
    )


def _text(token: int, tokenizer: Any) -> str:
    return str(tokenizer.decode([token])).strip() or str(tokenizer.convert_ids_to_tokens(token))
