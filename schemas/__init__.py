"""What the data must look like: instruments, dialects, rules, tables, errors. Nouns, no I/O."""
