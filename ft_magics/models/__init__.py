"""Models and what they take: finding, checking, loading, device and memory."""
