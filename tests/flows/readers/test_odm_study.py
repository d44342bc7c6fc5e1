"""Definitions of an ODM file: fields in the order of forms, choices, what repeats."""

from __future__ import annotations

from flows.readers.odm_study import REDCAP, StudyReader


def read(*elements):
    reader = StudyReader()
    for name, said, text in elements:
        wanted = reader.start(name, said)
        reader.end(name, text if wanted else "")
    return reader.study


def test_fields_come_form_by_form_each_once_and_without_texts_of_the_page():
    study = read(
        ("FormDef", {"OID": "Form.b"}, ""),
        ("ItemGroupRef", {"ItemGroupOID": "b.1"}, ""),
        ("FormDef", {"OID": "Form.a"}, ""),
        ("ItemGroupRef", {"ItemGroupOID": "a.1"}, ""),
        ("ItemGroupDef", {"OID": "a.1"}, ""),
        ("ItemRef", {"ItemOID": "x"}, ""),
        ("ItemRef", {"ItemOID": "page"}, ""),
        ("ItemGroupDef", {"OID": "b.1"}, ""),
        ("ItemRef", {"ItemOID": "stamp"}, ""),
        ("ItemRef", {"ItemOID": "stamp"}, ""),
        ("ItemGroupDef", {"OID": "of no form"}, ""),
        ("ItemRef", {"ItemOID": "y"}, ""),
        ("ItemDef", {"OID": "page", REDCAP + "FieldType": "descriptive"}, ""),
    )
    assert study.fields() == ["stamp", "x", "y"]


def test_choices_are_found_by_the_list_of_a_field():
    reader = StudyReader()
    reader.start("ItemDef", {"OID": "x"})
    assert not reader.start("TranslatedText", {}), "a question is no choice"
    reader.start("CodeListRef", {"CodeListOID": "x.choices"})
    reader.start("CodeList", {"OID": "x.choices"})
    for code, text in (("0", " Not at all "), ("1", "Several days")):
        reader.start("CodeListItem", {"CodedValue": code})
        assert reader.start("TranslatedText", {})
        reader.end("TranslatedText", text)
        reader.end("CodeListItem", "")
    assert reader.study.labels("x") == {"Not at all": "0", "Several days": "1"}
    assert reader.study.labels("y") == {}


def test_what_repeats():
    study = read(
        (
            "RepeatingInstrument",
            {REDCAP + "UniqueEventName": "visit_arm_1", REDCAP + "RepeatInstrument": "phq"},
            "",
        ),
        ("RepeatingEvent", {REDCAP + "UniqueEventName": "week_arm_1"}, ""),
    )
    assert [study.repeats(event, "phq") for event in ("visit_arm_1", "", "week_arm_1")] == [True, True, False]
    assert (study.event_repeats("week_arm_1"), study.event_repeats("visit_arm_1")) == (True, False)
