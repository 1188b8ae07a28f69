"""Raw text: documents that are read when they are asked for, so that there may be more of them than memory holds."""
