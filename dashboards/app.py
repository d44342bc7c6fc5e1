"""Entry of the pages: takes what is shown once, then runs the chosen page between banner and footer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import frame, shown

FOLDER = Path(__file__).parent

st.set_page_config(page_title="Accord", layout="wide", initial_sidebar_state="collapsed")
st.html(FOLDER / "style.css")

page = st.navigation(
    [
        st.Page(FOLDER / "screens" / "overview.py", title="Overview", default=True),
        st.Page(FOLDER / "screens" / "quality.py", title="Data quality"),
        st.Page(FOLDER / "screens" / "runs.py", title="Runs"),
    ],
    position="top",
)
now = shown.take()
if banner := frame.banner(now):
    st.html(banner)
page.run()
if footer := frame.footer(now):
    st.html(footer)
