"""What happens, in order. Plain functions; Prefect in one module.

export.csv ─read─▶ text ─validate─▶ answers ─score─▶ parts ─load─▶ core_* ─marts/*.sql─▶ mart_* ─disclose─▶ pub_* ─▶ page
  │ sha256         batches   │                (Parquet, memo)        │                        │ gate, then swap
  ▼                          └─▶ quarantine (row, column, rule) ─────┘                        ▼
archive/  ◀────────── rerun reads here, rebuilds elsewhere, compares digests ──────▶ "0 differences in N tables"
"""
