"""Evaluation of predicted numbers: regression on texts."""
