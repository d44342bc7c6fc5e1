"""REDCap, CDISC ODM: the same project read as its CSV is, a record for each form instance."""

from __future__ import annotations

import pytest

from schemas.registry import load
from tests.lib.exports import count_lines, csv_text, fates, feed, loaded, open_problems, process, standing
from tests.lib.odm import classic, definitions, document, subject

REGISTRY = load()
ITEMS = [f"phq{n}" for n in range(1, 10)]
FORMS = {"intake": ["record_id", "code", "intake_complete"], "phq": ["phq_timestamp", *ITEMS, "phq_complete"]}
COLUMNS = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"]
HEADER = [*COLUMNS, "code", "intake_complete", *FORMS["phq"]]
STAMP = "2026-03-02 09:00:00"
TOML = """
dialect = "{dialect}"
[feeds.columns]
client = "{client}"
[[feeds.instruments]]
id = "phq_9"
rater = "client"
items = "phq{{n}}"
"""


def redcap(dialect="redcap_odm", client="record_id"):
    return feed(TOML.format(dialect=dialect, client=client), forms=REGISTRY)


def phq(answers="111111111", **more):
    return {"phq_timestamp": STAMP, **dict(zip(ITEMS, answers, strict=True)), "phq_complete": "2", **more}


def test_each_form_instance_is_a_record_with_one_fate(tmp_path):
    raw = document(
        definitions(FORMS),
        classic("1", ("intake", {"record_id": "1", "intake_complete": "2"}), ("phq", phq())),
        classic("2", ("phq", phq(phq_complete="0"))),
        classic("3", ("phq", phq(phq_timestamp="[not completed]"))),
        classic("4", ("phq", phq(phq1="yes"))),
    )
    with loaded(tmp_path, [(redcap(), raw)], REGISTRY) as con:
        assert [fates(con)[1, n] for n in range(1, 6)] == [
            ("excluded", "empty"), ("accepted", ""), ("excluded", "not_finished"), ("excluded", "not_finished"),
            ("quarantined", "not_an_answer"),
        ]  # fmt: skip
        assert open_problems(con) == {(1, 5, "phq_9", "phq1", "not_an_answer")}
        assert con.execute("SELECT score::INTEGER, status FROM core_score").fetchall() == [(9, "scored")]


def test_a_feed_of_the_csv_needs_only_another_dialect(tmp_path):
    """The client's code stands on another form. Twice the same answers of the same record are one."""
    cells = {"record_id": "1", "code": "A7", "intake_complete": "2", **phq()}
    raw = document(
        definitions(FORMS), classic("1", ("intake", {"record_id": "1", "code": "A7"}), ("phq", phq()))
    )
    both = [(redcap("redcap", "code"), csv_text(HEADER, [cells])), (redcap("redcap_odm", "code"), raw)]
    with loaded(tmp_path, both, REGISTRY) as con:
        assert len(standing(con)) == 1
        assert count_lines(con)[1] == (2, 0, 0, 2, 0, 0)
        assert fates(con)[2, 2] == ("excluded", "exact_duplicate")


def test_a_correction_in_odm_meets_the_record_of_the_csv(tmp_path):
    """Record, event, instrument and instance are the same response in both."""
    study = definitions(FORMS, repeating=[("visit_arm_1", "phq")])
    cells = {
        "record_id": "1",
        "redcap_event_name": "visit_arm_1",
        "redcap_repeat_instrument": "phq",
        "redcap_repeat_instance": "2",
    }
    corrected = phq("222222222", phq_timestamp="2026-03-03 10:00:00")
    raw = document(
        study, subject("1", ("visit_arm_1", "1", [("phq", "1", phq("000000000")), ("phq", "2", corrected)]))
    )
    both = [(redcap("redcap"), csv_text(HEADER, [cells | phq()])), (redcap(), raw)]
    with loaded(tmp_path, both, REGISTRY) as con:
        assert [line[:5] for line in count_lines(con)] == [(1, 0, 0, 0, 1), (2, 2, 0, 0, 0)]


def test_a_form_without_the_client_is_quarantined(tmp_path):
    raw = document(definitions(FORMS), classic("1", ("phq", phq())))
    with loaded(tmp_path, [(redcap(client="code"), raw)], REGISTRY) as con:
        assert open_problems(con) == {(1, 1, "", "code", "missing_client")}


def test_a_project_without_records_is_a_warning(tmp_path):
    part = process(tmp_path, redcap(), document(definitions(FORMS)), REGISTRY)
    assert (part.counts.received, part.counts.warnings) == (0, ["header_only"])


@pytest.mark.parametrize("cut", [5, 60, 900])
def test_a_file_that_breaks_off_is_refused_whole(tmp_path, cut):
    """Nothing of it is kept, also of the records before the break."""
    raw = document(definitions(FORMS), *(classic(str(n), ("phq", phq())) for n in range(300)))
    part = process(tmp_path, redcap(), raw[:-cut], REGISTRY)
    assert (part.counts.refused, part.counts.received) == ("broken_xml", 0)
    assert [file.name for file in part.folder.iterdir()] == ["counts.json"]


def test_a_document_type_is_refused(tmp_path):
    raw = document(definitions(FORMS)).replace(b"<ODM", b'<!DOCTYPE ODM [<!ENTITY a "a">]><ODM', 1)
    assert process(tmp_path, redcap(), raw, REGISTRY).counts.refused == "xml_doctype"
