"""What reports do with their sections, their examples and their tally, the same in every kind.

A report need not be of these classes: a Protocol says what one has (`report.py`), and these methods ask for no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.evaluation.comparison import TallyComparison, compare_tallies
from ft_magics.evaluation.example_rows import ExampleRows, errors_of, predictions_of
from ft_magics.evaluation.page import report_html, report_markdown, report_text
from ft_magics.evaluation.report import Report

__all__ = ["DrawnReport", "ExamplesReport", "TalliedReport"]


class DrawnReport:
    """A report that is drawn from its sections."""

    __slots__ = ()

    def to_markdown(self: Report) -> str:
        """The table of scores as Markdown."""
        return report_markdown(self)

    def to_html(self: Report) -> str:
        """Every section as HTML without script or style sheet."""
        return report_html(self)

    def to_text(self: Report, view: Mapping[str, Any] | None = None) -> str:
        """The scores as text, for a terminal.

        Args:
            view: As for `sections`; tables that it opens stand below that of the scores.
        """
        return report_text(self, view=view)


class ExamplesReport(DrawnReport):
    """A report that has its examples, as long as it is in memory."""

    __slots__ = ()

    @property
    def errors(self: Report) -> ExampleRows:
        """Every mistake, a dict each: `.to_pandas()`, `.to_csv(path)`, `.to_jsonl(path)`.

        Where no example is simply right or wrong, as with numbers and written texts, it is every example.

        Raises:
            DataError: The report was read from a file, which keeps no examples.
        """
        return errors_of(self)

    @property
    def predictions(self: Report) -> ExampleRows:
        """The same of every example, right or wrong.

        Raises:
            DataError: The report was read from a file, which keeps no examples.
        """
        return predictions_of(self)


class TalliedReport(ExamplesReport):
    """A report that is compared with others by its tally."""

    __slots__ = ()

    def compare(self: Report, others: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> TallyComparison:
        """Hold other reports of the same gold against this one.

        Raises:
            DataError: They are not of the same gold; the message names the first example that differs.
        """
        return compare_tallies([self, *others], resamples=resamples, seed=seed)
