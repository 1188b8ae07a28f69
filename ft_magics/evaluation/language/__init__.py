"""Evaluation of language models: how well hidden or following tokens of held-out text are predicted."""
