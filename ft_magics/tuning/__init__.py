"""Methods of tuning, one module each: what of a model is trainable, and how that is kept."""
