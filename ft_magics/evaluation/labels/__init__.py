"""Evaluation of labels: text classification with one label, several labels, or a number."""
