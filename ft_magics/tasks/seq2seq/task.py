"""A text in, another text out, by an encoder-decoder.

Shapes: B batch, T tokens of a source, U tokens of a target, V vocabulary, D width.
Source: Sutskever et al. 2014; Vaswani et al. 2017.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from ft_magics.config.section import Section
from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, ModelError, type_name
from ft_magics.evaluation.report import Report
from ft_magics.evaluation.texts.bleu import TOKENIZERS
from ft_magics.evaluation.texts.evaluate import text_report
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.generating import Generation, generate
from ft_magics.tasks.seq2seq.beginning import HEAD_KINDS, begin_with_encoder
from ft_magics.tasks.seq2seq.checks import check_pairs
from ft_magics.tasks.seq2seq.columns import input_columns
from ft_magics.tasks.seq2seq.config import PairData, PairOptions, Seq2SeqSettings
from ft_magics.tasks.seq2seq.encoding import Feature, collate, encode_pairs, longest_target
from ft_magics.tasks.seq2seq.examples import TextPair
from ft_magics.tasks.seq2seq.reader import read_source, read_split
from ft_magics.tasks.seq2seq.records import check_facts, from_record, samples_of, to_record
from ft_magics.tasks.seq2seq.score import read_options, read_texts, sides_of
from ft_magics.tasks.task import IGNORE_INDEX, Spec, Task
from ft_magics.tasks.tokens import unknown_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["Seq2SeqTask"]

_SHARE, _MORE, _LEAST = 0.99, 1.25, 8  # of the lengths of targets: what is generated at most
_OF_SCORES = ("title", "resamples", "seed", "sources", "source_name", "ids", "notes")  # beside those of a report
_UNKNOWN_LONGEST = 128  # tokens, of a model of another origin


class Seq2SeqTask(Task[TextPair, Feature, str]):
    """What translations and summaries have in common; a subclass says what they are called and how they are scored.

    Args:
        settings: As the cell said.
        tokenize: What BLEU counts as words.
        longest: Most tokens that are generated, where the cell does not say it; None before that is known.
    """

    Data: ClassVar = PairData
    dev_examples: ClassVar = 200

    measures: ClassVar[tuple[str, ...]]
    all_metrics: ClassVar[tuple[Metric, ...]]  # the headline first
    nouns: ClassVar[tuple[str, str, str]]  # of an example, a source, an output
    use: ClassVar[str]
    pipeline_tag: ClassVar[str]

    check_facts = staticmethod(check_facts)
    to_record = staticmethod(to_record)
    from_record = staticmethod(from_record)
    samples = staticmethod(samples_of)
    read_answers = staticmethod(read_texts)
    input_columns = staticmethod(input_columns)

    def __init__(self, settings: Seq2SeqSettings, tokenize: str = "13a", longest: int | None = None) -> None:
        self.settings, self.tokenize, self.longest = settings, tokenize, longest
        self.first_tokens: dict[str, Any] = {}  # `start` and `forced` of what is generated

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The headline first."""
        return self.all_metrics

    # Examples

    @classmethod
    def read(cls, settings: Any, data: PairData) -> Corpus[TextPair]:
        """Read every split."""

        def read(name: str, source: Any, options: PairOptions) -> Split[TextPair]:
            return read_split(name, source, options)

        return read_corpus(data, read)

    @classmethod
    def check(cls, settings: Any, corpus: Corpus[TextPair]) -> DataCheck:
        """Count everything, and look for the usual oddities."""
        return check_pairs(corpus, noun=cls.nouns[0])

    @classmethod
    def tokenizer_of(cls, settings: Any, corpus: Corpus[TextPair]) -> str:
        """What BLEU counts as words."""
        return "13a"

    @classmethod
    def facts(cls, settings: Any, corpus: Corpus[TextPair]) -> dict[str, Any]:
        """How scores are computed."""
        return {"tokenize": cls.tokenizer_of(settings, corpus)}

    def known_facts(self) -> dict[str, Any]:
        """The same, of a model whose training data are not known."""
        return {"tokenize": self.tokenize}

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[TextPair]:
        """Read pairs that a trained model is evaluated on."""
        return read_split("data", source, read_options(options))

    def parse(self, inputs: Any) -> list[TextPair]:
        """New sources."""
        if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
            raise DataError(f"texts is {type_name(inputs)}; expected a list of texts")
        return [TextPair(read_source(text, f"texts[{at}]"), (), f"texts[{at}]") for at, text in enumerate(inputs)]

    # Models

    @classmethod
    def for_corpus(cls, settings: Any, corpus: Corpus[TextPair]) -> Self:
        """Of a new run."""
        return cls(settings, cls.tokenizer_of(settings, corpus))

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> Self:
        """Of a saved model: it writes as it did."""
        settings, longest = saved.get("settings", {}), saved.get("longest")
        tokenize = saved.get("tokenize", "13a")
        known = isinstance(settings, dict) and tokenize in TOKENIZERS
        counted = longest is None or (type(longest) is int and 0 < longest <= 1_000_000)
        read = _settings_of(cls.Settings, settings) if known and counted else None
        if read is None:
            raise ModelError(
                f"model: {config.name_or_path}: ft_magics.json does not hold what a run writes; remove the file to use "
                "the model as it is"
            )
        return cls(read, tokenize, longest)

    def saved(self) -> dict[str, Any]:
        """How texts are generated and scored."""
        settings = self.settings.model_dump(exclude_unset=True)
        return {"settings": settings, "tokenize": self.tokenize, "longest": self.longest}

    def head(self) -> Head:
        """A text for a text."""
        return self.saved_head()

    @classmethod
    def saved_head(cls) -> Head:
        """A text for a text."""
        return Head(kind="AutoModelForSeq2SeqLM", labels=(), use=cls.use, kinds=HEAD_KINDS)

    def begin_with(self, source: str, name: str, *, seed: int) -> tuple[str, list[str]]:
        """An encoder-decoder as it is; of an encoder one is made."""
        return begin_with_encoder(source, name, self.head(), seed=seed)

    def describe(self, corpus: Corpus[TextPair]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return self.pipeline_tag, f"{self.use}, trained on {corpus.train.source}", [self.pipeline_tag]

    # Tensors

    def encode(self, examples: Sequence[TextPair], spec: Spec) -> list[Feature]:
        """A feature for each example, in order."""
        self.prepare_tokenizer(spec)
        return encode_pairs(
            examples,
            spec,
            prefix=self.settings.source_prefix or "",
            most_target_tokens=self.settings.max_target_tokens,
        )

    def prepare_tokenizer(self, spec: Spec) -> None:
        """Tell a tokenizer of many languages which are meant."""

    def check_encoded(
        self, corpus: Corpus[TextPair], features: Mapping[str, Sequence[Feature]], spec: Spec, check: DataCheck
    ) -> None:
        """Note what is cut, what the vocabulary lacks and which tokens end and pad; see how long texts may get."""
        lengths = [len(feature.labels) for feature in features["train"]]
        self.longest = int(np.ceil(_MORE * np.quantile(lengths, _SHARE))) + _LEAST
        most = longest_target(spec.config, self.settings.max_target_tokens)
        self.longest = min(self.longest, most)
        asked = self.settings.generation.max_new_tokens
        if asked is not None and asked > longest_target(spec.config, None):
            raise ModelError(
                f"task.{self.name}.generation.max_new_tokens: {asked} is more than the "
                f"{longest_target(spec.config, None)} tokens that this model writes"
            )
        for split in corpus.splits:
            for side, limit in (("source", spec.max_length_tokens), ("target", most)):
                count = sum(getattr(feature, f"cut_{side}") for feature in features[split.name])
                if count:
                    check.notes.append(
                        f"{split.name}: {count:,} of {len(features[split.name]):,} {side}s "
                        f"({100 * count / len(features[split.name]):.1f} %) are longer than {limit} tokens and are cut "
                        "off there"
                    )
        tokenizer = spec.tokenizer
        if tokenizer.decode(tokenizer("A")["input_ids"], skip_special_tokens=True).strip() == "a":
            check.notes.append("the tokenizer knows no capital letters, so outputs have none; the scores do see them")
        for side in ("input_ids", "labels"):
            said = unknown_tokens([getattr(feature, side) for feature in features["train"]], tokenizer, extends=False)
            name = "sources" if side == "input_ids" else "targets"
            check.warnings += [text.replace("train: ", f"train, {name}: ", 1) for text in said]

    def fingerprint(self, feature: Feature) -> bytes:
        """What the model sees of a feature."""
        return repr((feature.input_ids.tobytes(), feature.labels.tobytes())).encode()

    def collate(self, features: Sequence[Feature], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end, with the decoder's inputs and the labels."""
        return collate(features, spec)

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of each token of the target: its sum, divided by their number."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it
        from torch.nn.functional import cross_entropy  # noqa: PLC0415  # the same

        logits = outputs["logits"]
        asked = labels != IGNORE_INDEX
        count = asked.sum() if num_items_in_batch is None else num_items_in_batch
        total = cross_entropy(
            logits[asked].float(), labels[asked], reduction="sum", label_smoothing=self.settings.label_smoothing
        )
        return total / torch.as_tensor(count, device=total.device).clamp(min=1)

    # Predictions

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Feature]
    ) -> list[list[int]]:
        """Per feature the tokens that the model writes; the encoder is not asked again."""
        longest = self.longest or _UNKNOWN_LONGEST
        how = Generation(settings=self.settings.generation, longest=longest, **self.first_tokens)
        pad = model.generation_config.pad_token_id
        encoded = outputs["encoder_last_hidden_state"]
        return generate(model, inputs, how, pad=0 if pad is None else pad, encoded=encoded)

    def decode(
        self, examples: Sequence[TextPair], features: Sequence[Feature], raw: Sequence[list[int]], spec: Spec
    ) -> list[str]:
        """One text per example."""
        texts = [""] * len(examples)
        # WordPiece writes `good , day`; others know where spaces were
        pieces = "WordPiece" in repr(spec.tokenizer.backend_tokenizer.decoder)
        for feature, ids in zip(features, raw, strict=True):
            text = spec.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=pieces)
            texts[feature.example] = text.strip()
        return texts

    def answer(self, example: TextPair, prediction: str) -> str:
        """The text that was written."""
        return prediction

    def drawn(self, example: TextPair, prediction: str) -> Card:
        """Source and output below each other."""
        _, source, output = self.nouns
        return Card(kind="texts", row=example.id, data={"texts": [(source, example.text), (output, prediction)]})

    def gold_card(self, example: TextPair) -> Card:
        """A pair before anything is trained."""
        texts = [(self.nouns[1], example.text), *(("reference", text) for text in example.references)]
        return Card(kind="texts", row=example.id, data={"texts": texts})

    # Reports

    @classmethod
    def report(
        cls,
        examples: Sequence[TextPair],
        predictions: Sequence[str],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> Report:
        """The evaluation; see `text_report`."""
        return cls._scored(
            [example.references for example in examples],
            list(predictions),
            tokenize=options.get("tokenize", facts["tokenize"]),
            sources=[example.text for example in examples],
            ids=[example.id for example in examples],
            title=title,
            history=history,
            resamples=resamples,
        )

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """BLEU's tokenizer, for tasks that have BLEU."""
        other = next((name for name in options if name != "tokenize" or "bleu" not in cls.measures), None)
        if other is not None:
            raise DataError(f"a report of `task: {cls.name}` has no option `{other}`")
        if options.get("tokenize", "13a") not in TOKENIZERS:
            raise DataError(f"tokenize: found {options['tokenize']!r:.60}; there are {', '.join(TOKENIZERS)}")

    @classmethod
    def score(cls, gold: Any, pred: Any, **options: Any) -> Report:
        """Score texts against references: a text each, or several each; also `{id: text}` on both sides, or files."""
        references, texts = sides_of(gold, pred, options)
        cls.check_options({name: value for name, value in options.items() if name not in _OF_SCORES})
        return cls._scored(references, texts, **options)

    @classmethod
    def _scored(cls, references: Any, hypotheses: Any, **options: Any) -> Report:
        return text_report(
            references,
            hypotheses,
            measures=cls.measures,
            headline=cls.all_metrics[0].name,
            source_name=cls.nouns[1],
            **options,
        )


def _settings_of(kind: type[Section], saved: Mapping[str, Any]) -> Any:
    try:
        return kind.model_validate(saved)
    except ValueError:
        return None
