"""Files and objects → examples, with everything odd about them reported."""
