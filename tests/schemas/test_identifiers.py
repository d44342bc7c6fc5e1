"""What names of columns say of people, in four languages; and what they do not."""

from __future__ import annotations

import pytest

from schemas.identifiers import holds_address, kind_of

SAID = {
    "email": [
        "E-Mail",
        "Email Address",
        "RecipientEmail",
        "eMail",
        "E-Mail-Adresse",
        "courriel",
        "Correo electrónico",
    ],
    "ip": ["IPAddress", "ipaddr", "IP", "IP-Adresse", "Adresse IP"],
    "place": ["LocationLatitude", "Longitude", "lat", "Längengrad", "_geolocation", "GPS_home"],
    "name": [
        "Name",
        "first_name",
        "RecipientLastName",
        "Vorname",
        "Prénom",
        "APELLIDOS",
        "What is your full name?",
    ],
    "phone": ["Telefonnummer", "mobile_phone", "Tel.", "Teléfono", "telephone_1"],
    "birth": ["DOB", "dob", "Date of birth", "Geburtsdatum", "Date de naissance", "Fecha de nacimiento"],
    "number": ["NHS Number", "nhs_no", "NHSNumber", "ssn", "DNI", "Versichertennummer"],
    "address": ["Home address", "postcode", "PLZ", "Straße", "Code postal", "Dirección", "zip"],
    "free_text": [
        "Comments",
        "other_comments",
        "Bemerkungen",
        "Please specify",
        "Q5_4_TEXT",
        "Observaciones",
    ],
}
UNSAID = [
    "Q1", "ResponseId", "PID", "client", "EndDate", "clinic_name", "redcap_event_name", "Status", "Finished", "score",
    "Session number", "id", "tip", "strip", "latent", "lone", "phq9_1", "ip_4", "I made comments about my own address",
    "I can tell my therapist the name of what I feel", "submitdate", "ExternalReference", "kind", "", "日本語", "7",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in SAID.items() for name in names])
def test_names_that_say_so(kind: str, name: str):
    assert kind_of(name) == kind


@pytest.mark.parametrize("name", UNSAID)
def test_names_that_do_not(name: str):
    assert kind_of(name) is None


def test_an_address_in_a_name():
    assert holds_address("jane.roe@mail.example")
    assert holds_address("jane@mail.example - Q1")
    assert not holds_address("@first")
    assert not holds_address("wellbeing @ work.")
