"""Texts, or completions of prompts: a causal model is fine-tuned on them and writes on."""
