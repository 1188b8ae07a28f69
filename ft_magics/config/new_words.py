"""What a cell says about new words for the tokenizer of a model that is trained already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer

from ft_magics.config.section import Section, described
from ft_magics.config.splits import Text

__all__ = ["AddedWords", "NewWordsSettings"]

_MOST = 100_000
_KEYS = frozenset({"new_words", "chinese_words"})
_Words = Annotated[
    Annotated[list[Text], Field(min_length=1, max_length=_MOST), Tag("words")]
    | Annotated[int, Field(ge=1, le=_MOST), Tag("count")],
    Discriminator(lambda value: "words" if isinstance(value, (list, tuple)) else "count"),
]


class NewWordsSettings(Section):
    """Words that the tokenizer of a model lacks."""

    synonyms: ClassVar[Mapping[str, str]] = {"add_tokens": "new_words", "words": "new_words"}

    new_words: _Words | None = described(
        expected="how many words, such as `500`, or a list of words",
        description="Words of train that become tokens of a model that is trained already: those that save most "
        "tokens, or the ones listed. Each begins as the mean of its pieces' embeddings; one that was unknown "
        "begins as another word that is drawn by lot.",
        otherwise="the vocabulary stays as it is",
        examples=[500],
        default=None,
        origin="Hewitt 2021 (the mean); Yao et al. 2021 (words of a domain)",
    )
    chinese_words: Literal["characters", "jieba"] = described(
        description="Whether of Chinese only single characters become new words, or what the segmenter jieba finds "
        "(`pip install 'ft_magics[chinese]'`).",
        default="characters",
        origin="Cui et al. 2021, section 3.1: words of a segmenter",
    )

    @property
    def of_training(self) -> str | None:
        """A key that says how a tokenizer is trained; None where the cell has none."""
        return next((key for key in type(self).model_fields if key in self.model_fields_set - _KEYS), None)

    @model_serializer(mode="wrap")
    def _said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Of a tokenizer that only gets new words, these alone; of another one, how it is trained."""
        found: dict[str, Any] = {name: value for name, value in plain(self).items() if value is not None}
        return {name: value for name, value in found.items() if (name in _KEYS) == (self.new_words is not None)}


def _with_words(settings: NewWordsSettings) -> NewWordsSettings:
    if settings.new_words is None:
        raise ValueError("expected `new_words`, such as `tokenizer: {new_words: 500}`")
    return settings


AddedWords = Annotated[NewWordsSettings, AfterValidator(_with_words)]
