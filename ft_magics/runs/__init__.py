"""What a run is, without a Trainer: its folder, its log, its predictions, its model."""
