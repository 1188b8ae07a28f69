"""What a cell may say about replaced-token detection: `objective: {rtd: {…}}`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import model_validator

from ft_magics.config.section import Kind, Section, described
from ft_magics.config.splits import Text

__all__ = ["GeneratorSettings", "ReplacedSettings"]


class GeneratorSettings(Section):
    """The small model that fills in masked tokens. It is like the model itself, but narrower."""

    synonyms: ClassVar = {"size": "share", "width": "hidden_size", "from": "model", "num_hidden_layers": "layers"}

    share: float = described(
        description="Its width as a share of the model's; heads and feed-forward block are narrower as well.",
        examples=[0.25, 0.33],
        default=0.25,
        gt=0,
        le=1,
        origin="Clark et al. 2020, section 3.2 and table 6: 1/4 for ELECTRA-small and large, 1/3 for base",
    )
    layers: int | None = described(
        description="How many layers it has.",
        otherwise="as many as the model",
        default=None,
        ge=1,
        le=200,
        origin="Clark et al. 2020, section 3.2",
    )
    hidden_size: int | None = described(
        description="How wide it is, in place of a share.", otherwise="the share", default=None, ge=4, le=16_384
    )
    heads: int | None = described(
        description="How many heads share out its width.",
        otherwise="one for each 64 of the width",
        default=None,
        ge=1,
        le=256,
    )
    intermediate_size: int | None = described(
        description="How wide its feed-forward block is.",
        otherwise="4 times the width",
        default=None,
        ge=4,
        le=65_536,
    )
    model: Annotated[Text, Kind("model", "a folder, or a hub id")] | None = described(
        expected="a folder, or a hub id",
        description="A generator that is trained already, of the same vocabulary; its sizes are its own.",
        otherwise="the one in the model's folder, where a run of `rtd` has put it and no sizes are named; else a new "
        "one, from random numbers",
        examples=["google/electra-small-generator"],
        default=None,
    )

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> GeneratorSettings:
        said = self.model_fields_set
        if self.model is not None and len(said) > 1:
            more = ", ".join(f"`{name}`" for name in type(self).model_fields if name in said and name != "model")
            raise ValueError(f"`model` has its own sizes, so {more} cannot be said beside it; keep one of them")
        if self.hidden_size is not None and "share" in said:
            raise ValueError("`share` and `hidden_size` both say how wide it is; keep one of them")
        return self


class ReplacedSettings(Section):
    """What is masked for the generator, and how much the model's own loss counts."""

    synonyms: ClassVar = {"disc_weight": "weight", "discriminator_weight": "weight", "mask_prob": "mask"}

    mask: float = described(
        description="Which share of the tokens is masked. The generator fills in all of them; what it guesses right "
        "is no replaced token.",
        examples=[0.15, 0.25],
        default=0.15,
        ge=0.01,
        le=0.6,
        origin="Clark et al. 2020, section 3.1: 0.15; 0.25 for ELECTRA-large",
    )
    whole_words: bool = described(
        description="All pieces of a word are masked together; a Chinese character is a word.",
        default=False,
        origin="Clark et al. 2020, section 3.1: single tokens; the whole-word models of Devlin et al. 2019",
    )
    weight: float = described(
        description="How much the loss of the model counts beside that of the generator, which is about 50 times as "
        "large.",
        default=50.0,
        gt=0,
        le=10_000,
        origin="Clark et al. 2020, appendix A: λ = 50",
    )
    generator: GeneratorSettings = described(
        expected="a section such as `{share: 0.25}`",
        description="The model that fills in masked tokens.",
        default=GeneratorSettings(),
        examples=["{share: 0.25}"],
    )
