"""The widgets of ft_magics: plain data in, user actions out. They know nothing of models or training."""

from __future__ import annotations

from ft_widgets.report_view import ReportView
from ft_widgets.run_controls import RunControls
from ft_widgets.run_dashboard import RunDashboard

__all__ = ["ReportView", "RunControls", "RunDashboard"]
