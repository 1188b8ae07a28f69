"""Summaries by an encoder-decoder, scored by ROUGE and chrF; of several references the best one counts."""

from __future__ import annotations

from typing import ClassVar

from ft_magics.evaluation.texts.chrf import CHRF
from ft_magics.evaluation.texts.rouge import ROUGE
from ft_magics.tasks.seq2seq.config import Seq2SeqSettings
from ft_magics.tasks.seq2seq.task import Seq2SeqTask

__all__ = ["SummarizeSettings", "SummarizeTask"]


class SummarizeSettings(Seq2SeqSettings):
    """How a model is trained to summarise, and how it writes."""


class SummarizeTask(Seq2SeqTask):
    """A document in, a short text on what it says out."""

    name: ClassVar = "summarize"
    Settings: ClassVar = SummarizeSettings

    measures: ClassVar = ("rouge", "chrf")
    all_metrics: ClassVar = (ROUGE[2], ROUGE[0], ROUGE[1], CHRF)
    nouns: ClassVar = ("documents", "document", "summary")
    use: ClassVar = "summarising"
    pipeline_tag: ClassVar = "summarization"
