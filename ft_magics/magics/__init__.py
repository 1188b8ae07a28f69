"""One module per magic: parse, delegate, display."""
