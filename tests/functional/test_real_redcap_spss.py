"""Real REDCap and SPSS exports by the command: one night, scores by the client's own id, damaged files set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lib.command import accord
from tests.lib.exports import PAIR
from tests.lib.handmade_site import read_rows

pytestmark = pytest.mark.real

SITE = """
[site]
name = "Real exports"
timezone = "UTC"

[[clinics]]
id = "study"
name = "A study"
service = "adult"
"""
FEED = """
[[feeds]]
id = "{id}"
clinic = "study"
kind = "responses"
path = "inbox/{id}/*"
{more}
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "mini"
rater = "client"
items = {items}
"""
SURVEY = '["has_diabetes", "consent___1"]'
FEEDS = (
    FEED.format(
        id="csv",
        client="participant_id",
        items=SURVEY,
        more='dialect = "redcap"\ndictionary = "dictionary.csv"',
    ),
    FEED.format(id="odm", client="participant_id", items=SURVEY, more='dialect = "redcap_odm"'),
    FEED.format(
        id="spss", client="mychar", items='["mylabl", "myord"]', more='dialect = "spss"\nundated = true'
    ),
)


def site(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "site.toml").write_text(SITE + "".join(FEEDS), encoding="utf-8")
    return folder


def test_one_night(real_data: Path, tmp_path: Path):
    survey, spss = real_data / "redcap" / "survey", (real_data / "spss" / "sample_missing.sav").read_bytes()
    odm = (survey / "project.xml").read_bytes()
    folder = site(
        tmp_path / "site",
        {
            "instruments/mini.toml": PAIR.format(id="mini").encode(),
            "dictionary.csv": (survey / "dictionary.csv").read_bytes(),
            "inbox/csv/data.csv": (survey / "data.csv").read_bytes(),
            "inbox/odm/a.xml": odm,
            "inbox/odm/b.xml": odm[: len(odm) // 2],
            "inbox/odm/c.xml": odm.replace(b"<ODM ", b'<!DOCTYPE ODM [<!ENTITY a "b">]><ODM ', 1),
            "inbox/spss/a.sav": spss,
            "inbox/spss/b.sav": spss[:900],
        },
    )
    ran = accord("nightly", "--site", folder, "--json")
    assert ran.code == 0, ran.err
    told = {Path(one["file"]).name: one for one in json.loads(ran.out)["files"]}
    assert {name: one["refused"] for name, one in told.items() if one["refused"]} == {
        "b.xml": "broken_xml", "c.xml": "xml_doctype", "b.sav": "broken_spss",
    }  # fmt: skip
    counts = {
        name: (one["received"], one["accepted"], one["excluded"])
        for name, one in told.items()
        if not one["refused"]
    }
    assert counts == {"data.csv": (2, 2, 0), "a.xml": (3, 2, 1), "a.sav": (7, 5, 2)}
    assert ran.left == ()

    scores = accord("export", "scores", "-o", tmp_path / "scores.csv", "--site", folder)
    assert scores.code == 0, scores.err
    found = {}
    for row in read_rows(tmp_path / "scores.csv"):
        found.setdefault(row["feed"], []).append((row["client"], row["score"]))
    assert found == {
        "csv": [("1", "2.0000"), ("2", "0.0000")],
        "odm": [("1", "2.0000"), ("2", "0.0000")],
        "spss": [("a", "2.0000"), ("b", "4.0000"), ("c", "4.0000"), ("d", "3.0000"), ("e", "2.0000")],
    }
