"""The cell's language: its schema, and the parser that finds every mistake at once."""
