"""Evaluation of labels: text classification with one label or several."""
