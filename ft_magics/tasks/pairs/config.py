"""What a cell may say about `objective: [mlm, nsp]` and `[mlm, sop]`."""

from __future__ import annotations

from ft_magics.config.section import JoinedSection, Section, described
from ft_magics.tasks.masked.config import MaskedSettings

__all__ = ["MaskedAndNextSettings", "MaskedAndOrderSettings", "PairSettings"]


class PairSettings(Section):
    """A judgement on pairs has no settings."""


class MaskedAndNextSettings(JoinedSection):
    """Of both objectives."""

    mlm: MaskedSettings = described(
        expected="its settings, such as `{mask: 0.2}`",
        description="Tokens are hidden in both segments.",
        default=MaskedSettings(),
    )
    nsp: PairSettings = described(
        expected="no settings",
        description="Next-sentence prediction: whether the second segment follows the first in its document, which "
        "half of them do, or is from another document.",
        default=PairSettings(),
        origin="Devlin et al. 2019, section 3.1",
    )


class MaskedAndOrderSettings(JoinedSection):
    """Of both objectives."""

    mlm: MaskedSettings = described(
        expected="its settings, such as `{mask: 0.2}`",
        description="Tokens are hidden in both segments.",
        default=MaskedSettings(),
    )
    sop: PairSettings = described(
        expected="no settings",
        description="Sentence-order prediction: whether two segments that follow one another are in their order, "
        "which half of them do, or swapped.",
        default=PairSettings(),
        origin="Lan et al. 2020 (ALBERT), section 3.1",
    )
