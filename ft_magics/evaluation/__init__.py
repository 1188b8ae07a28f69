"""Answers → report."""
