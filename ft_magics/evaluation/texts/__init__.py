"""Evaluation of texts that a model wrote against references: translations, summaries, answers in a dialogue."""
