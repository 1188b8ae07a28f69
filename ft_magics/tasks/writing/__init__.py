"""What tasks whose model writes on have in common: pieces of text, packed or not, and what is kept of them."""
