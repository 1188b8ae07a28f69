"""Masked language modelling: words are hidden, and predicted from what stands around them."""
