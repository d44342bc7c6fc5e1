"""The questionnaires of the crowded clinics: shipped ones, a few of the site's own, and a key the site supplies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A questionnaire as these clinics hand it out. low, high: answers, in printed units."""

    id: str
    items: int
    low: int
    high: int
    raters: tuple[str, ...] = ("client",)
    decimals: int = 0


FORMS = (
    Form("phq_9", 9, 0, 3),
    Form("gad_7", 7, 0, 3),
    Form("own_fears", 5, 0, 4),
    Form("own_wellbeing", 3, 1, 10),
    Form("ors", 4, 0, 10, decimals=1),
    Form("wai_sr", 12, 1, 5, ("client", "therapist")),
    Form("srs", 4, 0, 10, decimals=1),
    Form("taqs", 5, 1, 5, ("client", "caregiver")),
    Form("session_checklist", 4, 0, 1, ("client", "therapist", "observer")),
)
UNDATED = (Form("phq_9", 9, 0, 3), Form("wai_sr", 12, 1, 5))
RATED = Form("vpps", 80, 1, 5, ("observer",))
SUBSCALES = (
    "patient_participation patient_hostility patient_psychic_distress patient_exploration "
    "patient_dependency therapist_exploration therapist_warmth negative_therapist_attitude"
).split()
OWN_FORMS = {
    "own_fears": """
id = "own_fears"
title = "Fears"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 5
response = { min = 0, max = 4 }
reverse = [2]
outcome_scale = "total"
risk_items = []
structure = { partition = [], overlap = [] }
measure_for = ["ptsd", "panic"]
given = "every session"
licence = "free"
evidence = "verified"
sources = ["made up"]

[[scales]]
id = "total"
items = "all"
method = "sum"
range = [0, 20]
unit = "points"
direction = "higher_worse"
missing = { rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2026-01-01 }

[[thresholds]]
scale = "total"
kind = "caseness"
name = "nhs_talking_therapies"
value = 8
comparison = ">="
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[thresholds]]
scale = "total"
kind = "reliable_change"
name = "nhs_talking_therapies"
value = 4
comparison = ">="
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[vectors]]
answers = [0, 4, 0, 0, 0]
scores = { total = 0 }
source = "made up"
""",
    "own_wellbeing": """
id = "own_wellbeing"
title = "Well-being"
version = "1"
construct = "outcome"
raters = ["client"]
n_items = 3
response = { min = 1, max = 10 }
reverse = []
outcome_scale = "mean"
risk_items = []
structure = { partition = [], overlap = [] }
given = "every session"
licence = "free"
evidence = "verified"
sources = ["made up"]

[[scales]]
id = "mean"
items = "all"
method = "mean"
range = [1, 10]
unit = "mean answer"
direction = "higher_better"
missing = { rule = "prorate", max_missing = 1, evidence = "verified", source = "made up", recorded = 2026-01-01 }

[[thresholds]]
scale = "mean"
kind = "caseness"
name = "low"
value = 5
comparison = "<"
on = true
evidence = "verified"
source = "made up"
recorded = 2026-01-01

[[thresholds]]
scale = "mean"
kind = "reliable_change"
name = "published"
value = "2.32"
comparison = ">="
on = false
level = "95 %"
sd = "1.7"
reliability = "0.758"
reliability_kind = "alpha"
evidence = "derived"
source = "made up"
recorded = 2026-01-01

[[vectors]]
answers = [1, 1, 1]
scores = { mean = 1 }
source = "made up"
""",
}


def key_file() -> str:
    """The site's key of the rated form, made up."""
    items = "".join(f'{n} = "{SUBSCALES[n % len(SUBSCALES)]}"\n' for n in range(1, RATED.items + 1))
    head = 'instrument = "vpps"\nsource = "made up"\nrecorded = 2026-01-01\nreverse = [7, 20]\n'
    return f"{head}\n[items]\n{items}"
