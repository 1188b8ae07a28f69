"""The evaluation of entities."""
