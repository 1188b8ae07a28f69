"""Translation by an encoder-decoder, scored by chrF and BLEU.

chrF is the headline, which chooses the best model: it needs no tokenizer, and agrees with people better than BLEU
(Kocmi et al. 2021); of a model that has just begun, BLEU is 0 for long.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from ft_magics.config.section import described
from ft_magics.config.splits import Text
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.errors import ModelError
from ft_magics.evaluation.texts.bleu import BLEU
from ft_magics.evaluation.texts.chrf import CHRF
from ft_magics.evaluation.texts.inputs import is_chinese
from ft_magics.tasks.seq2seq.config import Seq2SeqSettings
from ft_magics.tasks.seq2seq.examples import TextPair
from ft_magics.tasks.seq2seq.task import Seq2SeqTask
from ft_magics.tasks.task import Spec

__all__ = ["TranslateSettings", "TranslateTask"]


class TranslateSettings(Seq2SeqSettings):
    """How a model is trained to translate, and how it writes."""

    source_language: Text | None = described(
        description="The source's language, as the tokenizer of a model of many languages names it.",
        otherwise="the model knows one direction",
        examples=["en_XX", "eng_Latn"],
        default=None,
    )
    target_language: Text | None = described(
        description="The target's language, named in the same way.",
        otherwise="the model knows one direction",
        examples=["zh_CN", "zho_Hans"],
        default=None,
    )
    bleu_tokenizer: Literal["13a", "zh", "char", "intl", "none"] | None = described(
        description="What BLEU counts as words, by sacrebleu's names; it stands in the score's signature.",
        otherwise="`zh` for Chinese targets, else `13a`",
        default=None,
        origin="Post 2018",
    )


class TranslateTask(Seq2SeqTask):
    """A sentence in, its translation out."""

    name: ClassVar = "translate"
    Settings: ClassVar = TranslateSettings

    measures: ClassVar = ("chrf", "bleu")
    all_metrics: ClassVar = (CHRF, BLEU)
    nouns: ClassVar = ("pairs", "source", "translation")
    use: ClassVar = "translating"
    pipeline_tag: ClassVar = "translation"

    settings: TranslateSettings

    @classmethod
    def tokenizer_of(cls, settings: TranslateSettings, corpus: Corpus[TextPair]) -> str:
        """As the cell says, or by the characters of the targets."""
        chinese = is_chinese([example.references for example in corpus.train.examples])
        return settings.bleu_tokenizer or ("zh" if chinese else "13a")

    @classmethod
    def check(cls, settings: TranslateSettings, corpus: Corpus[TextPair]) -> DataCheck:
        """Count everything, and say how BLEU counts Chinese."""
        check = super().check(settings, corpus)
        if settings.bleu_tokenizer is None and cls.tokenizer_of(settings, corpus) == "zh":
            check.notes.append(
                "the targets are Chinese: BLEU counts their characters (sacrebleu's tokenizer zh); `bleu_tokenizer` "
                "names another"
            )
        return check

    def prepare_tokenizer(self, spec: Spec) -> None:
        """Tell a tokenizer of many languages which are meant.

        Raises:
            ModelError: They are not named, or the tokenizer has no such language.
        """
        tokenizer = spec.tokenizer
        sides = {"src_lang": self.settings.source_language, "tgt_lang": self.settings.target_language}
        many = hasattr(tokenizer, "src_lang") and spec.config.model_type in ("mbart", "m2m_100")
        for attribute, language in sides.items():
            key = "source_language" if attribute == "src_lang" else "target_language"
            where = f"task.translate.{key}"
            if language is None and many:
                raise ModelError(
                    f"{where}: this {spec.config.model_type} model translates between many languages; name them, such "
                    "as `{source_language: en_XX, target_language: zh_CN}`, by the names of its tokenizer"
                )
            if language is None:
                continue
            if not many:
                raise ModelError(f"{where}: this {spec.config.model_type} model has no names of languages; take it out")
            if language not in tokenizer.get_vocab():
                known = [token for token in tokenizer.all_special_tokens if token[:2].islower()]
                raise ModelError(f"{where}: the tokenizer has no `{language}`; there are {', '.join(known[:60])}")
            setattr(tokenizer, attribute, language)
        if many:
            self.first_tokens = _first_tokens(tokenizer, tokenizer.convert_tokens_to_ids(self.settings.target_language))


def _first_tokens(tokenizer: Any, language: int) -> dict[str, int]:
    """How the target's language is said to a decoder: by its first input, where a target ends with it, or output."""
    ids = tokenizer(text_target="a")["input_ids"]
    return {"start": language} if ids[-1] == language else {"forced": language}
