from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

from dashboards.panels import figures_csv
from warehouse.read import Figure

KEY = ("dna_rate", "nhs_pdt", "all", "all", "month", "2026-01", "", "")
SHOWN = Figure(*KEY, Decimal("5.0000"), 50, Decimal("10.0000"), "%", 50, "value", 5, 0, 27)
HIDDEN = Figure(*KEY, None, None, None, "%", None, "suppressed")


def test_a_download_carries_run_and_state_and_nothing_of_a_hidden_cell():
    text = figures_csv([SHOWN, HIDDEN], {"run": "20261101T020000Z-1a2b3c4d", "as_of": "2026-10-31"})
    first, second = csv.DictReader(StringIO(text))
    assert (first["run"], first["as_of"], first["value"], first["state"]) == (
        "20261101T020000Z-1a2b3c4d",
        "2026-10-31",
        "10.0000",
        "value",
    )
    assert (first["held"], first["bound_low"], first["bound_high"]) == ("5", "0", "27")
    assert second["state"] == "suppressed"
    assert {second[name] for name in ("numerator", "denominator", "value", "n", "bound_low")} == {""}
