"""Translation: a sentence of one language in, the same in another language out."""
