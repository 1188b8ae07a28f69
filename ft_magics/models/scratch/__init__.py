"""Models from nothing, and what a model that is trained on needs: tokenizers, sizes, copied layers, new words."""
