"""What an AppTest of a page shows."""

from __future__ import annotations

from html import unescape
from re import sub

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

QUALITY, RUNS = "screens/quality.py", "screens/runs.py"


def markup(app: AppTest) -> str:
    """The page's own HTML, in order."""
    return "\n".join(element.proto.body for element in app.get("html"))


def text(app: AppTest) -> str:
    """What a person reads of it; every run of white space is one space."""
    return sub(r"\s+", " ", unescape(sub(r"<[^>]+>", " ", markup(app))))


def choice(app: AppTest, label: str) -> Selectbox:
    return next(box for box in app.selectbox if box.label == label)


def choose(app: AppTest, label: str, name: str) -> AppTest:
    choice(app, label).select(name).run()
    assert not app.exception
    return app
