"""Which model a task needs: a body that is trained already, and a head that is the task's own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ft_magics.errors import TaskError

__all__ = ["Head"]

_MAPPINGS = {
    "AutoModelForCausalLM": "MODEL_FOR_CAUSAL_LM_MAPPING",
    "AutoModelForMaskedLM": "MODEL_FOR_MASKED_LM_MAPPING",
    "AutoModelForPreTraining": "MODEL_FOR_PRETRAINING_MAPPING",
    "AutoModelForQuestionAnswering": "MODEL_FOR_QUESTION_ANSWERING_MAPPING",
    "AutoModelForSeq2SeqLM": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING",
    "AutoModelForSequenceClassification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING",
    "AutoModelForTokenClassification": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING",
}
_OF_ONE_KIND = {"ElectraForPreTraining": "electra"}  # heads that no class of transformers builds for several kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which model a task needs.

    Args:
        kind: The class of transformers that builds it: `AutoModelForTokenClassification` and its like.
        labels: Names by id. Length C.
        problem_type: Of a sequence classification model's config; None for others.
        use: What such a head is for, such as `tagging words`.
        companion: What a second model is called that is trained with this one; empty for none.
        kinds: Which kinds of model alone are meant, such as `bert`; empty for all that have such a head.
        judges_pairs: Whether it judges pairs of segments beside predicting tokens, so that the model has to tell the
            segments apart.
        instead: What else a model of another kind takes, in a few words; empty for what pre-training says.
    """

    kind: str
    labels: tuple[str, ...]
    problem_type: str | None = None
    use: str = "this task"
    companion: str = ""
    kinds: tuple[str, ...] = ()
    judges_pairs: bool = False
    instead: str = ""

    @property
    def predicts_tokens(self) -> bool:
        """Whether it is a language model's: a token of the vocabulary for each place."""
        return self.judges_pairs or self.kind in ("AutoModelForCausalLM", "AutoModelForMaskedLM")

    @property
    def reads_forwards(self) -> bool:
        """Whether it needs a model that sees what stands before a token, and nothing after it."""
        return self.kind == "AutoModelForCausalLM"

    @property
    def reads_and_writes(self) -> bool:
        """Whether it needs an encoder that reads a text and a decoder that writes another."""
        return self.kind == "AutoModelForSeq2SeqLM"

    @property
    def writes(self) -> bool:
        """Whether it writes texts, so that their end token is there to pad with."""
        return self.reads_forwards or self.reads_and_writes

    @property
    def only(self) -> str | None:
        """The one kind of model that can have it; None where several can."""
        return _OF_ONE_KIND.get(self.kind)

    @property
    def classes(self) -> int | None:
        """How many classes whole inputs have; None where tokens are labelled, and for numbers."""
        return len(self.labels) if self.problem_type not in (None, "regression") else None

    def model_classes(self) -> Any:
        """The class of transformers per class of config, for every kind of model that can have such a head.

        Raises:
            TaskError: There is no such head.
        """
        if self.only is not None:
            transformers: Any = import_module("transformers")
            built = getattr(transformers, self.kind)
            return {built.config_class: built}
        if self.kind not in _MAPPINGS:
            raise TaskError(f"a head is one of {', '.join(_MAPPINGS)}, not {self.kind!s:.80}")
        return getattr(_auto(), _MAPPINGS[self.kind])

    def takes(self, model_type: str) -> bool:
        """Whether a kind of model, such as `bert`, can have such a head."""
        if self.only is not None:
            return model_type == self.only
        self.model_classes()
        if self.kinds and model_type not in self.kinds:
            return False
        return model_type in getattr(_auto(), f"{_MAPPINGS[self.kind]}_NAMES")


def _auto() -> Any:
    """The tables of transformers: not imported before a model is."""
    return import_module("transformers.models.auto.modeling_auto")
