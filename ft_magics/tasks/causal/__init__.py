"""Causal language modelling: each token is predicted from those before it."""
