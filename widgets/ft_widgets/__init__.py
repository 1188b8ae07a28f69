"""The widgets of ft_magics: plain data in, user actions out. They know nothing of models or training."""

from __future__ import annotations

from ft_widgets.predict_box import PredictBox
from ft_widgets.report_view import ReportView
from ft_widgets.run_controls import RunControls
from ft_widgets.run_dashboard import RunDashboard
from ft_widgets.runs_list import RunsList

__all__ = ["PredictBox", "ReportView", "RunControls", "RunDashboard", "RunsList"]
