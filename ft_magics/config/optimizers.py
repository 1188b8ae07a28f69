"""`train: {optimizer: …}` and `train: {scheduler: …}`: a name, or a name with settings."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from ft_magics.config.section import Section, described

__all__ = [
    "AdafactorSettings",
    "AdamWSettings",
    "ConstantSettings",
    "CosineSettings",
    "LinearSettings",
    "MuonSettings",
    "OneCycleSettings",
    "Optimizer",
    "OptimizerName",
    "PolynomialSettings",
    "Scheduler",
    "SchedulerName",
    "SgdSettings",
    "named_settings",
]

Share = Annotated[float, Field(ge=0, lt=1)]


class AdamWSettings(Section):
    """AdamW (Loshchilov and Hutter 2019)."""

    synonyms: ClassVar = {"adam_beta1": "beta1", "adam_beta2": "beta2", "adam_epsilon": "eps", "betas": "beta1"}

    beta1: Share = described(
        default=0.9, description="How much of the gradients' mean is kept at each step.", origin="Kingma & Ba 2015"
    )
    beta2: Share = described(
        default=0.999, description="How much of the squares' mean is kept at each step.", origin="Kingma & Ba 2015"
    )
    eps: float = described(
        default=1e-8, gt=0, le=1, description="What is added to the root that is divided by.", origin="Kingma & Ba 2015"
    )


class SgdSettings(Section):
    """Stochastic gradient descent with momentum (Sutskever et al. 2013)."""

    momentum: Share = described(
        default=0.9, description="How much of the step before is taken again.", origin="Sutskever et al. 2013"
    )
    nesterov: bool = described(
        default=False,
        description="Whether the gradient counts as that of the place where the momentum leads.",
        origin="Sutskever et al. 2013",
    )

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> SgdSettings:
        if self.nesterov and not self.momentum:
            raise ValueError(
                "`nesterov: true` looks where the momentum leads, and `momentum` is 0; take one of them out"
            )
        return self


class AdafactorSettings(Section):
    """Adafactor (Shazeer and Stern 2018) with a learning rate that is given; there is nothing to set."""


class MuonSettings(Section):
    """Muon (Jordan et al. 2024) for the matrices of the layers, AdamW for all else."""

    momentum: Share = described(
        default=0.95, description="How much of the gradients' mean is kept at each step.", origin="Jordan et al. 2024"
    )


class Optimizer(Section):
    """One optimiser with its settings."""

    synonyms: ClassVar = {"adam": "adamw"}

    adamw: AdamWSettings | None = described(default=None, otherwise="not taken", description="Settings of AdamW.")
    sgd: SgdSettings | None = described(
        default=None, otherwise="not taken", description="Settings of SGD with momentum."
    )
    adafactor: AdafactorSettings | None = described(
        default=None, otherwise="not taken", description="Adafactor has no settings here."
    )
    muon: MuonSettings | None = described(default=None, otherwise="not taken", description="Settings of Muon.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Optimizer:
        _check_one(self)
        return self


class LinearSettings(Section):
    """Down to 0 in a line; there is nothing to set."""


class CosineSettings(Section):
    """Down to 0 in half a cosine."""

    cycles: int = described(
        default=1,
        ge=1,
        le=1000,
        description="How often it falls to 0; after each time but the last it begins again at the peak.",
        origin="Loshchilov & Hutter 2017",
    )


class ConstantSettings(Section):
    """As high as after the warmup; there is nothing to set."""


class PolynomialSettings(Section):
    """Down to 0 as a power of the share of steps that is left."""

    power: float = described(default=2.0, gt=0, le=100, description="The power; 1 is a line.")


class OneCycleSettings(Section):
    """Up in half a cosine over the warmup, down in another."""

    initial: float = described(
        default=25.0, gt=1, le=1e6, description="How many times below the peak it begins.", origin="torch's OneCycleLR"
    )
    final: float = described(
        default=1e4,
        gt=1,
        le=1e9,
        description="How many times below its beginning it ends.",
        origin="torch's OneCycleLR",
    )


class Scheduler(Section):
    """One schedule of the learning rate with its settings."""

    synonyms: ClassVar = {"onecycle": "one_cycle"}

    linear: LinearSettings | None = described(
        default=None, otherwise="not taken", description="A line has no settings here."
    )
    cosine: CosineSettings | None = described(
        default=None, otherwise="not taken", description="Settings of the cosine."
    )
    constant: ConstantSettings | None = described(
        default=None, otherwise="not taken", description="What is constant has no settings here."
    )
    polynomial: PolynomialSettings | None = described(
        default=None, otherwise="not taken", description="Settings of the polynomial."
    )
    one_cycle: OneCycleSettings | None = described(
        default=None, otherwise="not taken", description="Settings of one cycle."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Scheduler:
        _check_one(self)
        return self


def _check_one(section: Section) -> None:
    """See that one thing is named.

    Raises:
        ValueError: It is not.
    """
    names = list(type(section).model_fields)
    if sum(getattr(section, name) is not None for name in names) != 1:
        raise ValueError(f"expected one of {', '.join(names[:-1])} and {names[-1]}")


def _bare(value: Any) -> Any:
    """`{sgd: }` and `{sgd: {}}` are `sgd`."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, settings),) = value.items()
        return value if settings else name
    return value


_Branch = Discriminator(lambda value: "section" if isinstance(value, (dict, Section)) else "name")
OptimizerName = Annotated[
    Annotated[Literal["adamw", "sgd", "adafactor", "muon"], Tag("name")] | Annotated[Optimizer, Tag("section")],
    _Branch,
    BeforeValidator(_bare),
]
SchedulerName = Annotated[
    Annotated[Literal["linear", "cosine", "constant", "polynomial", "one_cycle"], Tag("name")]
    | Annotated[Scheduler, Tag("section")],
    _Branch,
    BeforeValidator(_bare),
]
_BY_NAME: dict[str, type[Section]] = {
    "adamw": AdamWSettings,
    "sgd": SgdSettings,
    "adafactor": AdafactorSettings,
    "muon": MuonSettings,
    "linear": LinearSettings,
    "cosine": CosineSettings,
    "constant": ConstantSettings,
    "polynomial": PolynomialSettings,
    "one_cycle": OneCycleSettings,
}


def named_settings(said: str | Section) -> tuple[str, Any]:
    """The name of an optimiser or a schedule, and its settings: those that were given, or all as they are by default.

    Args:
        said: What the cell has there.
    """
    if isinstance(said, str):
        return said, _BY_NAME[said]()
    return next((name, found) for name, found in said if found is not None)
