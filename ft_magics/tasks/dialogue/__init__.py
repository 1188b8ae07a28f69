"""Dialogues: a causal model is fine-tuned on the turns of the assistant and answers the turns of a user."""
