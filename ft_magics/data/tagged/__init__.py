"""Words with tags: column files, records, tables, schemes."""
