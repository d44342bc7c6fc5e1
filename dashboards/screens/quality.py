"""Data quality: what became of each feed's records, and whether scores equal the totals exports carry."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from dashboards import frame, pieces, shown, words
from warehouse.read import Publication, Quality

RECORDS = ("Feed", "Kind", "Files", "Refused", "Newest file", *(fate.capitalize() for fate in words.FATES))
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
    _totals(feeds)
    st.html(_site(now.publication))


def _records(feeds: tuple[Quality, ...]) -> Iterator[tuple[str, ...]]:
    for feed in feeds:
        counts = (_count(getattr(feed, fate)) for fate in words.FATES)
        arrived = words.day(feed.newest_arrival)
        yield feed.feed, feed.kind, f"{feed.files:,}", f"{feed.files_refused:,}", arrived, *counts


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
