"""What is drawn for a row of replaced tokens, and what of it is shown: from (seed, epoch, row) alone.

Shapes: T tokens, N masked tokens, V vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.letters import CJK
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.tasks.masked.rows import MaskedRow

if TYPE_CHECKING:
    import torch

__all__ = ["Judgement", "judged_blank", "masked_row", "of_generator", "places_to_show", "uniforms", "window"]

_DRAWS = 20_20  # keeps these numbers apart from those by which tokens are masked
_AROUND = 24  # tokens on either side
_BETWEEN_CHINESE = re.compile(rf"(?<={CJK.pattern}) (?={CJK.pattern})")  # a space of the tokenizer's, not of the text

Judgement = tuple[int, float, NDArray[np.int64]]  # place in the row, probability, what the model read around it


def uniforms(feature: MaskedRow) -> NDArray[np.float32]:
    """A number from 0 to 1 for each token of a row, by which the generator's tokens are drawn.

    Args:
        feature: Drawn for an epoch, or not: then the numbers are always the same.

    Returns:
        Length T.
    """
    row = feature.row
    drawn = (0, 0, 0) if row.draw is None else (1, row.draw[0], row.draw[1] + 1)
    seeds = np.random.SeedSequence([_DRAWS, *drawn, row.row])
    return np.random.Generator(np.random.PCG64(seeds)).random(row.tokens, dtype=np.float32)


def masked_row(feature: MaskedRow) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """What is shown to the generator, and which tokens it has to fill in. Length T each."""
    ids = feature.row.ids
    return (ids, np.zeros(len(ids), dtype=np.bool_)) if feature.row.asked else feature.hidden()


def of_generator(
    logits: torch.Tensor, features: Sequence[MaskedRow], hidden: Sequence[NDArray[np.bool_]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How well a generator did.

    Args:
        logits: (N, V).
        features: Rows of a batch.
        hidden: Which tokens of each were masked.

    Returns:
        The loss of each masked token, and whether the most probable one is right. (N,) each.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    gold = np.concatenate([feature.row.ids[places] for feature, places in zip(features, hidden, strict=True)])
    if not len(gold):
        return np.zeros(0), np.zeros(0, dtype=np.bool_)
    shares = logits.float().log_softmax(dim=-1)
    target = torch.from_numpy(gold).to(shares.device)
    loss: NDArray[np.float64] = -shares.gather(1, target[:, None])[:, 0].double().cpu().numpy()
    right: NDArray[np.bool_] = (shares.argmax(dim=-1) == target).cpu().numpy()
    return loss, right


def places_to_show(feature: MaskedRow, replaced: NDArray[np.bool_], shares: NDArray[np.float32]) -> list[int]:
    """Which tokens of a row are shown to a person: a replaced one, and the most suspicious original one.

    Args:
        feature: The row.
        replaced: Which tokens are. Length T.
        shares: Probabilities that they are. Length T.
    """
    there = np.flatnonzero(replaced)
    original = np.flatnonzero(~replaced & ~feature.held_out.special[feature.row.ids])
    found = [int(there[feature.row.row % len(there)])] if len(there) else []
    return [*found, *([int(original[shares[original].argmax()])] if len(original) else [])]


def window(ids: NDArray[np.int64], place: int) -> NDArray[np.int64]:
    """The tokens around a place. Copied: the whole row need not stay in memory."""
    return ids[max(0, place - _AROUND) : place + _AROUND + 1].copy()


def judged_blank(feature: MaskedRow, judgement: Judgement, tokenizer: Any) -> Blank:
    """A token with what the discriminator takes it for, in the text that it read; replaced tokens are marked there.

    Args:
        feature: The row.
        judgement: Of a token.
        tokenizer: Of the model.
    """
    place, share, read = judgement
    begin = max(0, place - _AROUND)
    original = feature.row.ids[begin : begin + len(read)]
    special = feature.held_out.special
    pieces = ~feature.held_out.begins
    text = ""
    run: list[int] = []
    for at, (is_, was) in enumerate(zip(read.tolist(), original.tolist(), strict=True), begin):
        if at != place and (is_ == was or special[was]):
            run += [] if special[was] else [is_]
            continue
        text = _joined(text, run, tokenizer, pieces)
        run = []
        inside = _text([is_], tokenizer) if is_ == was else f"{_text([was], tokenizer)} → {_text([is_], tokenizer)}"
        close = not text or pieces[was] or CJK.match(text[-1:])
        text += f"{'' if close else ' '}{'⟦' if at == place else '['}{inside}{'⟧' if at == place else ']'}"
    text = _joined(text, run, tokenizer, pieces)
    before, after = begin > 0, begin + len(read) < feature.tokens
    guesses = sorted((("replaced", share), ("original", 1 - share)), key=lambda guess: -guess[1])
    return Blank(
        text=f"{'… ' if before else ''}{text}{' …' if after else ''}",
        gold="original" if read[place - begin] == feature.row.ids[place] else "replaced",
        guesses=tuple(guesses),
    )


def _joined(text: str, run: list[int], tokenizer: Any, pieces: NDArray[np.bool_]) -> str:
    """A text and the tokens behind it, with a space between; none beside a Chinese character, or within a word."""
    if not run:
        return text
    after = _text(run, tokenizer)
    close = not text or pieces[run[0]] or CJK.match(text[-1:]) or CJK.match(after[:1])
    return f"{text}{'' if close else ' '}{after}"


def _text(ids: list[int], tokenizer: Any) -> str:
    """Tokens as a person reads them."""
    text = str(tokenizer.decode(ids, clean_up_tokenization_spaces=True)).strip().removeprefix("##")
    return _BETWEEN_CHINESE.sub("", text) or " ".join(tokenizer.convert_ids_to_tokens(ids))
