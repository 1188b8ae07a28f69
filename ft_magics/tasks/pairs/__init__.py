"""Masked language modelling together with a judgement on pairs of segments: next sentence, or sentence order."""
