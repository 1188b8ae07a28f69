"""Relations: two marked entities in a text → a directed relation, or none."""
