"""Replaced-token detection: a generator fills in masked tokens, and the model says of each token whether it did."""
