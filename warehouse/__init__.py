"""Where the data lies: archive, ledger, loads, marts, manifests, publication. The only importer of DuckDB."""
