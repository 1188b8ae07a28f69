"""Extractive question answering: a question and a context in, a stretch of the context out, or no answer."""
