"""A run's life: from a config and a corpus to a trained model in a folder."""
