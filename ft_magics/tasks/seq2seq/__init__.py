"""A text in, another text out: what `translate` and `summarize` have in common."""
