"""How examples become tensors, and logits become answers: one folder per task."""
