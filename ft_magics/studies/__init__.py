"""Many runs as one: seeds of a cell, and rates that are tried."""
