"""Summaries: a document in, a short text on what it says out."""
