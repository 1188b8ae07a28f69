"""How examples become tensors, and logits become answers: one module per task."""
