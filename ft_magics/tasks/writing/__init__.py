"""What tasks whose model writes on have in common: pieces of text, packed or not, and the loss of the tokens asked for."""
