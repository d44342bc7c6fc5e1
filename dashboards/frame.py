"""What stands around every page: the banner above, the footer below, and the pages of an empty site."""

from __future__ import annotations

from dashboards import pieces, words
from dashboards.shown import Shown
from warehouse.read import Publication, Status

NOT_PUBLISHED_STATES = ("refused", "failed")


def banner(shown: Shown) -> str:
    """Why what is shown is not of the last run; empty when it is."""
    status, publication = shown.status, shown.publication
    if shown.problem and publication:
        return pieces.notice("The state of the last run is unknown.", shown.problem, "warning")
    if not status or not publication or status.last_run.state not in NOT_PUBLISHED_STATES:
        return ""
    last = status.last_run
    shown_run = f"The figures shown are those of run {publication.run['run']}."
    what = f"The run of {words.moment(last.finished_at, shown.timezone)} was {_ended(last.state)}"
    return pieces.notice(shown_run, f"{what}: {status.message}" if status.message else f"{what}.", "warning")


def _ended(state: str) -> str:
    return "refused" if state == "refused" else "not finished"


def empty(shown: Shown) -> str:
    """The page in place of figures."""
    if not shown.site_found:
        return pieces.empty(
            "There is no site here",
            f"No folder “{shown.site}” was found. A sample site shows what Accord does:",
            "accord sample ./site",
        )
    if shown.problem:
        return pieces.empty("The published figures cannot be read", shown.problem, "accord nightly")
    if shown.status and shown.status.last_run.state in NOT_PUBLISHED_STATES:
        ended = _ended(shown.status.last_run.state)
        return pieces.empty(
            "Nothing is published yet",
            f"No run has passed yet. The last one was {ended}: {shown.status.message}",
            "accord runs",
        )
    return pieces.empty(
        "Nothing is published yet", "Figures appear here after the first run:", "accord nightly"
    )


def footer(shown: Shown) -> str:
    """Freshness, verdict, conservation and run of the figures shown."""
    publication = shown.publication
    if publication is None:
        return ""
    return pieces.footer(
        [
            _figures(publication),
            _fresh(shown.status),
            _checks(publication, shown.status),
            _records(publication),
        ]
    )


def _figures(publication: Publication) -> tuple[str, str, str]:
    """Of the release in force: between two releases the runs go on, and the figures stand."""
    run = publication.run
    as_of, released = run["as_of"], run.get("released_as_of", run["as_of"])
    if released == as_of:
        return "Figures", f"As of {words.iso_day(as_of)}", f"Run {run['run']}"
    said = f"As released on {words.iso_day(released)}"
    return "Figures", said, f"Run {run['run']}, as of {words.iso_day(as_of)}"


def _fresh(status: Status | None) -> tuple[str, str, str]:
    """The newest delivery of all, and the feed that has waited longest, which the newest would hide."""
    feeds = sorted(status.freshness if status else (), key=lambda feed: feed.feed)
    arrivals = {feed.feed: feed.newest_arrival for feed in feeds if feed.newest_arrival}
    newest = max(arrivals.values(), default=None)
    silent = [feed.feed for feed in feeds if feed.feed not in arrivals]
    if silent:
        note = f"Nothing yet from {', '.join(silent)}"
    elif not arrivals or min(arrivals.values()) == newest:
        note = f"The same day from each of {len(arrivals)} feeds" if len(arrivals) > 1 else ""
    else:
        longest = min(arrivals, key=lambda feed: arrivals[feed])
        note = f"Longest without one: {longest}, {words.day(arrivals[longest])}"
    return "Newest delivery", words.day(newest), note


def _checks(publication: Publication, status: Status | None) -> tuple[str, str, str]:
    run = publication.run["run"]
    if status is None:
        return "Checks", "unknown", ""
    if status.last_run.run == run:
        gate = status.gate
        return "Checks", words.VERDICTS[gate.verdict], _checked(gate.checked, gate.critical_failed)
    verdict = next((line.gate for line in status.runs if line.run == run), None)
    note = f"Last run: {words.RUN_STATES[status.last_run.state].lower()}"
    return "Checks", words.VERDICTS[verdict] if verdict else "Passed when published", note


def _checked(checked: int, critical_failed: int) -> str:
    return f"{checked:,} expectations checked, {critical_failed} critical failed"


def _records(publication: Publication) -> tuple[str, str, str]:
    n = {name: f"{int(publication.run[name]):,}" for name in words.FATES}
    return (
        "Records",
        f"{n['received']} received = {n['accepted']} accepted + {n['quarantined']} quarantined "
        f"+ {n['excluded']} excluded + {n['superseded']} superseded",
        f"Whole site, all deliveries: {int(publication.run['files']):,} files, "
        f"{int(publication.run['files_refused']):,} refused",
    )
