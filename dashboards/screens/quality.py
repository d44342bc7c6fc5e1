"""Data quality: what became of each feed's records, and whether scores equal the totals exports carry."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import streamlit as st

from dashboards import choice, frame, pieces, shown, words
from warehouse.read import Figure, Publication, Quality

RECORDS = ("Feed", "Kind", "Files", "Refused", "Newest file", *(fate.capitalize() for fate in words.FATES))
RANGES = ("Figure", "Now", "Whatever the held records say")
TOTALS = ("Feed", "Scores compared", "Different from the export's total")


def page() -> None:
    now = shown.taken()
    if now.publication is None:
        st.html(frame.empty(now))
        return
    lead = "What arrived, what became of it, and whether scores equal the totals that exports carry."
    st.html(pieces.header(now.publication.run["site_name"], "Data quality", lead))
    feeds = now.publication.quality()
    st.html(
        pieces.section(
            "Records by feed",
            "Received = accepted + quarantined + excluded + superseded, refused files apart. Counts are "
            "rounded and small ones hidden, so that a line need not add up exactly here.",
        )
    )
    st.html(pieces.table("Records by feed", RECORDS, list(_records(feeds)), numeric=5))
    _held(now.publication)
    _totals(feeds)
    st.html(_site(now.publication))


def _records(feeds: tuple[Quality, ...]) -> Iterator[tuple[str, ...]]:
    for feed in feeds:
        counts = (_count(getattr(feed, fate)) for fate in words.FATES)
        arrived = words.day(feed.newest_arrival)
        yield feed.feed, feed.kind, f"{feed.files:,}", f"{feed.files_refused:,}", arrived, *counts


def _held(publication: Publication) -> None:
    """Rates of the whole site, over the longest newest period, with how far held records could move them."""
    directory = shown.directory(publication)
    periods = next(iter(choice.periods_by_grain(directory.periods).values()), [])
    if not periods or not directory.units:
        return
    st.html(
        pieces.section(
            "What held records could change",
            "A record in quarantine is in no figure until it is mended. Whatever it says then, each of these "
            "figures will lie within its range.",
        )
    )
    figures = choice.by_key(shown.cell(publication, directory.units[0], periods[0]))
    rates = [
        (metric.title, figure)
        for (name, definition), metric in directory.metrics.items()
        if (figure := figures.get(choice.Key(name, definition))) and words.bounds(figure)
    ]
    if not rates:
        st.html(pieces.notice("Nothing to change.", "No figure of the whole site rests on a held record."))
        return
    st.html(pieces.table("What held records could change", RANGES, [_range(*rate) for rate in rates]))
    about = f"{directory.units[0].title}, {words.in_sentence(periods[0])}; forms apart: see the overview."
    st.html(f'<p class="a-note">{escape(about)}</p>')


def _range(title: str, figure: Figure) -> tuple[str, str, str]:
    return title, words.quantity(figure), words.bounds(figure)


def _totals(feeds: tuple[Quality, ...]) -> None:
    st.html(
        pieces.section(
            "Totals that exports carry",
            "Accord computes every score from the answers. Where an export carries a total of its own, both "
            "are kept and compared; the export's is never used.",
        )
    )
    compared = [feed for feed in feeds if feed.totals_compared != 0]
    if not compared:
        st.html(pieces.notice("Nothing to compare.", "No export carries a total."))
        return
    rows = [(feed.feed, _count(feed.totals_compared), _count(feed.totals_differing)) for feed in compared]
    st.html(pieces.table("Totals that exports carry", TOTALS, rows))
    st.html(
        '<p class="a-note">Each difference is listed in the warehouse, in core_total_check, and beside its '
        "score in the export of scores.</p>"
    )


def _count(value: int | None) -> str:
    return words.STATES["suppressed"].sign if value is None else words.count(value)


def _site(publication: Publication) -> str:
    """The conservation line of the whole site, which is exact."""
    received, *fates = (int(publication.run[fate]) for fate in words.FATES)
    added = " + ".join(f"{count:,} {fate}" for fate, count in zip(words.FATES[1:], fates, strict=True))
    return f'<p class="a-scope">Whole site, exact: {received:,} received = {added}.</p>'


page()
