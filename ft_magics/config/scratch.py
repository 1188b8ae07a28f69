"""What a cell says about a tokenizer and a model that are made from nothing: their kind and their size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, create_model, model_validator

from ft_magics.config.new_words import NewWordsSettings
from ft_magics.config.references import Reference
from ft_magics.config.section import Kind, Section, described
from ft_magics.config.splits import Text

__all__ = ["PRESETS", "WRITING_SHAPES", "InitSettings", "NewModelSettings", "Shape", "Sizes", "TokenizerSettings"]

Shape = Literal["bert", "modernbert", "electra", "gpt2", "llama"]
WRITING_SHAPES: frozenset[str] = frozenset({"gpt2", "llama"})  # they read from left to right, and can write on
_HEAD_WIDTH = 64  # of every published BERT, ModernBERT, ELECTRA and GPT-2
_ROTARY = frozenset({"modernbert", "llama"})
_USUAL: Shape = "bert"


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers that a model's parameters follow from.

    Args:
        layers: How many.
        hidden_size: Width of each, D.
        heads: Of the attention; they share out D.
        intermediate_size: Width within the feed-forward block.
    """

    layers: int
    hidden_size: int
    heads: int
    intermediate_size: int

    def fault(self, shape: str) -> str | None:
        """Why no model has these sizes, and which come nearest; None where one has."""
        width, rest = divmod(self.hidden_size, self.heads)
        if rest or not width:
            below = max(width, 1) * self.heads
            return (
                f"`hidden_size: {self.hidden_size}` cannot be shared out to `heads: {self.heads}`; take "
                f"`hidden_size: {below}` or {below + self.heads}, or another number of heads"
            )
        if shape in _ROTARY and width % 2:
            return (
                f"each of the {self.heads} heads is {width} wide, and rotary positions turn pairs of numbers; take "
                f"`hidden_size: {(width + 1) * self.heads}`"
            )
        return None


def _sizes(layers: int, hidden_size: int, factor: float = 4) -> Sizes:
    return Sizes(layers, hidden_size, hidden_size // _HEAD_WIDTH, int(factor * hidden_size))


# A gated feed-forward block has two maps in: ModernBERT's is 1.5 times as wide as the model (Warner et al. 2024), a
# Llama's 2.75 times (TinyLlama, Zhang et al. 2024).
_FACTORS = {"bert": 4.0, "modernbert": 1.5, "electra": 4.0, "gpt2": 4.0, "llama": 2.75}
_GRID = {"tiny": (2, 128), "mini": (4, 256), "small": (4, 512), "base": (12, 768)}
_PUBLISHED = {"modernbert": {"base": (22, 768)}, "electra": {"small": (12, 256)}}
PRESETS: Mapping[str, Mapping[str, Sizes]] = {
    shape: {name: _sizes(*size, factor) for name, size in (_GRID | _PUBLISHED.get(shape, {})).items()}
    for shape, factor in _FACTORS.items()
}


class TokenizerSettings(NewWordsSettings):
    """A tokenizer that is trained on the text of the cell; or words that the tokenizer of a model lacks."""

    synonyms: ClassVar = {
        "kind": "type",
        "algorithm": "type",
        "size": "vocab_size",
        "do_lower_case": "lowercase",
        **NewWordsSettings.synonyms,
    }

    type: Literal["wordpiece", "bpe", "unigram"] | None = described(
        description="How words are split: `wordpiece` as BERT does, `bpe` into merged bytes, so that nothing is "
        "unknown, `unigram` into the most likely pieces.",
        otherwise="that of the model's shape: `wordpiece` for BERT and ELECTRA, `bpe` for ModernBERT, GPT-2 and Llama",
        default=None,
        origin="Wu et al. 2016; Sennrich et al. 2016 and Radford et al. 2019; Kudo 2018",
    )
    vocab_size: int = described(
        description="How many tokens there are, special ones included; refused where the text supports fewer.",
        examples=[8000],
        default=8000,
        ge=50,
        le=1_000_000,
        origin="`vocab_size` of Hugging Face's tokenizers",
    )
    lowercase: bool = described(
        description="Whether capitals become small letters, and `wordpiece` drops accents too, as in uncased BERT.",
        default=False,
        origin="`do_lower_case` of Hugging Face; Devlin et al. 2019",
    )
    cjk: Literal["characters", "pieces"] = described(
        description="Whether every Chinese character is a token of its own, as in BERT, or `bpe` and `unigram` may "
        "join several.",
        default="characters",
        origin="Devlin et al. 2019: `tokenize_chinese_chars` of Hugging Face",
    )
    character_coverage: float = described(
        description="The most frequent characters that make up this share of the text are in the vocabulary; the "
        "others are unknown. `bpe` knows all.",
        default=0.9995,
        gt=0.9,
        le=1,
        origin="`character_coverage` of SentencePiece, Kudo & Richardson 2018",
    )

    def kind(self, shape: str) -> str:
        """The type, or the one that belongs to a model's shape."""
        return self.type or ("wordpiece" if shape in ("bert", "electra") else "bpe")

    @model_validator(mode="after")
    def _whole_words_are_not_characters(self) -> TokenizerSettings:
        if self.type == "wordpiece" and self.cjk == "pieces":
            raise ValueError(
                "`wordpiece` reads a run of Chinese characters as one word, most of them unknown; `cjk: pieces` needs "
                "`type: unigram` or `bpe`"
            )
        return self


class _Init(Section):
    """Layers and embeddings of a model that is trained already."""

    layers: list[Annotated[int, Field(ge=0, le=1000)]] | None = described(
        expected="a list of whole numbers such as `[0, 2, 4]`",
        description="Which of its layers become those of the new model, in this order, from 0; one may stand there "
        "several times.",
        otherwise="as many as the new model has, spread over all of it",
        examples=["[0, 2, 4]"],
        default=None,
        min_length=1,
        max_length=1000,
        origin="Sanh et al. 2019 (every second layer); Gong et al. 2019 (stacking)",
    )

    @property
    def source(self) -> str | Reference:
        """The model that they are copied from."""
        named: str | Reference = getattr(self, "from")
        return named


if TYPE_CHECKING:
    InitSettings = _Init
else:  # `from` is a word of Python's, so no class body can have a field of that name
    _FROM: dict[str, Any] = {
        "from": (
            Annotated[Text | Reference, Kind("model", "an alias, a folder, a hub id, or `$name` for a run")],
            described(
                expected="`minilm`, `ft-tiny`, a folder, a hub id, or `$name` for a run",
                example="from: minilm",
                description="The model whose layers and embeddings are copied; it has to be of the same shape and "
                "width.",
            ),
        )
    }
    InitSettings = create_model("InitSettings", __base__=_Init, __doc__=_Init.__doc__, **_FROM)


class NewModelSettings(Section):
    """A model that is made from nothing, of a known shape and of any size."""

    synonyms: ClassVar = {
        "size": "preset",
        "architecture": "shape",
        "num_hidden_layers": "layers",
        "n_layer": "layers",
        "hidden": "hidden_size",
        "width": "hidden_size",
        "n_embd": "hidden_size",
        "num_attention_heads": "heads",
        "n_head": "heads",
        "max_position_embeddings": "max_length_tokens",
    }

    shape: Shape | None = described(
        description="`bert`, `modernbert` and `electra` read a text from both sides, `llama` and `gpt2` from left "
        "to right; `llama` has rotary positions, and learns from little text sooner.",
        otherwise="that of the objective or task: `llama` where a model writes, `electra` for `rtd`, else `bert`",
        default=None,
        origin="Devlin et al. 2019; Warner et al. 2024; Clark et al. 2020; Radford et al. 2019; Touvron et al. "
        "2023; Su et al. 2021 (rotary positions)",
    )
    preset: Literal["tiny", "mini", "small", "base"] | None = described(
        description="Layers and width: `tiny` 2 × 128, `mini` 4 × 256, `small` 4 × 512, `base` 12 × 768 (ModernBERT: "
        "22 × 768; ELECTRA's `small`: 12 × 256).",
        otherwise="`tiny`; with `init`, the sizes of that model",
        examples=["tiny"],
        default=None,
        origin="Turc et al. 2019; `base` as each shape was published",
    )
    layers: int | None = described(
        description="How many layers it has.", otherwise="the preset's", default=None, ge=1, le=200
    )
    hidden_size: int | None = described(
        description="How wide a layer is.",
        otherwise="the preset's",
        examples=[256],
        default=None,
        ge=4,
        le=16_384,
        origin="`hidden_size` of Hugging Face",
    )
    heads: int | None = described(
        description="How many heads share out the width.",
        otherwise="one for each 64 of the width",
        default=None,
        ge=1,
        le=256,
        origin="`num_attention_heads` of Hugging Face; Turc et al. 2019",
    )
    intermediate_size: int | None = described(
        description="How wide the feed-forward block is.",
        otherwise="4 times the width; of ModernBERT 1.5 times, of Llama 2.75",
        default=None,
        ge=4,
        le=65_536,
        origin="`intermediate_size` of Hugging Face",
    )
    max_length_tokens: int = described(
        description="The longest input that it takes.",
        default=512,
        ge=8,
        le=65_536,
        origin="`max_position_embeddings` of Hugging Face",
    )
    dropout: float | None = described(
        description="Which share of the hidden numbers is left out in training; of Llama what attention looks at.",
        otherwise="the shape's: 0.1; of ModernBERT and Llama 0",
        default=None,
        ge=0,
        lt=1,
        origin="Srivastava et al. 2014",
    )
    init: InitSettings | None = described(
        expected="a section such as `{from: minilm, layers: [0, 2, 4]}`",
        description="Begin with layers and embeddings of a model that is trained already.",
        otherwise="random numbers",
        examples=["{from: minilm, layers: [0, 2, 4]}"],
        default=None,
    )

    def shaped(self, usual: Shape | None = _USUAL) -> NewModelSettings:
        """The same with a shape: the one that it says, or the usual one of an objective."""
        return self if self.shape else self.model_copy(update={"shape": usual})

    def sizes(self, source: Sizes | None = None) -> Sizes:
        """The sizes that it says, and for what it leaves out those of the preset, or of the model that it begins from.

        Args:
            source: Of the model in `init`, where that is known.
        """
        base = source if source and not self.preset else PRESETS[self.shape or _USUAL][self.preset or "tiny"]
        chosen = self.init.layers if self.init else None
        hidden = self.hidden_size or base.hidden_size
        same = hidden == base.hidden_size
        heads = base.heads if same else max(1, hidden // _HEAD_WIDTH)
        wide = base.intermediate_size if same else int(_FACTORS[self.shape or _USUAL] * hidden)
        return Sizes(
            layers=self.layers or (len(chosen) if chosen else base.layers),
            hidden_size=hidden,
            heads=self.heads or heads,
            intermediate_size=self.intermediate_size or wide,
        )

    @model_validator(mode="after")
    def _can_be(self) -> NewModelSettings:
        chosen = self.init.layers if self.init else None
        if chosen and self.layers and len(chosen) != self.layers:
            raise ValueError(
                f"`init` names {len(chosen)} layers and `layers:` says {self.layers}; leave out one of them"
            )
        fault = None if self.init and self.preset is None else self.sizes().fault(self.shape or _USUAL)
        if fault:
            raise ValueError(fault)
        return self
