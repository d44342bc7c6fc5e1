"""Episodes, their attended contacts, and which episode and contact a questionnaire belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from tests.lib.pandas_figures.frames import ATTENDED, PERSON, TREATING, Core, where

EPISODE = [*PERSON, "episode_no"]
ANSWERED = ["entry_no", "source_row", "form_no"]


@dataclass(frozen=True)
class Courses:
    """What happened, course by course.

    episodes: clinic, client_key, episode_no, origin (referral, client), received_on, ended_on, ending, problem, and of
        treatment contacts: tc, first_tc, second_tc, last_tc; contacts: attended contacts of any kind
    contacts: attended up to as_of: EPISODE, starts_on, starts_at, session_no, treatment, follow_up, place (from 1)
    belongs: ANSWERED of each administration, with episode_no, session_no, and the place of its contact
    """

    episodes: pd.DataFrame
    contacts: pd.DataFrame
    belongs: pd.DataFrame


def courses(core: Core) -> Courses:
    referrals = _referrals(core)
    episodes = pd.concat([referrals, _without_referral(core, referrals)], ignore_index=True)
    contacts = _in_course(_contacts(core, episodes), episodes)
    belongs = _belongs(core, episodes, contacts)
    return Courses(_counted(episodes, contacts), contacts, belongs)


def _referrals(core: Core) -> pd.DataFrame:
    """Referrals received by as_of; an end still to come has not happened."""
    here = where(core.referrals, (day <= core.as_of for day in core.referrals.received_on)).copy()
    here = here.sort_values([*PERSON, "received_on", "entry_no", "source_row"], kind="stable")
    here["episode_no"] = here.groupby(PERSON).cumcount() + 1
    future = [day is not None and day > core.as_of for day in here.ended_on]
    here.loc[future, ["ended_on", "ending"]] = None
    here["origin"] = "referral"
    return here[[*EPISODE, "origin", "received_on", "ended_on", "ending", "problem"]]


def _without_referral(core: Core, referrals: pd.DataFrame) -> pd.DataFrame:
    """One episode for each person who is known by contacts or questionnaires alone."""
    known = pd.concat([core.appointments[PERSON], core.administrations[PERSON]]).drop_duplicates()
    alone = known.merge(referrals[PERSON].drop_duplicates(), on=PERSON, how="left", indicator=True)
    alone = alone[alone._merge == "left_only"][PERSON].copy()
    alone["episode_no"], alone["origin"] = 1, "client"
    for name in ("received_on", "ended_on", "ending", "problem"):
        alone[name] = None
    return alone


def _contacts(core: Core, episodes: pd.DataFrame) -> pd.DataFrame:
    seen = core.appointments[core.appointments.status.isin(ATTENDED)]
    seen = where(seen, (day <= core.as_of for day in seen.starts_on)).copy()
    seen["episode_no"] = _episode_of(episodes, seen, "starts_on")
    seen = seen.sort_values([*EPISODE, "starts_at", "entry_no", "source_row"], kind="stable")
    seen["place"] = seen.groupby(EPISODE).cumcount() + 1
    seen["session_no"] = seen.session.fillna(seen.place).astype("Int64")
    seen["treatment"] = seen.kind.isin(TREATING)
    seen["follow_up"] = seen.kind == "follow_up"
    return seen.reset_index(drop=True)


def within(rows: pd.DataFrame, episodes: pd.DataFrame, day: str) -> pd.Series:
    """Whether each row's day lies in the course of its referral: from its receipt to its end."""
    bounds = {
        (row.clinic, row.client_key, row.episode_no): (row.received_on, row.ended_on)
        for row in episodes.itertuples()
    }
    found = []
    for *key, on in rows[[*EPISODE, day]].itertuples(index=False, name=None):
        start, end = bounds[tuple(key)]
        found.append(not (_known(start) and on < start) and not (_known(end) and on > end))
    return pd.Series(found, index=rows.index, dtype=bool)


def _known(day: date | None) -> bool:
    return day is not None and not pd.isna(day)


def _in_course(contacts: pd.DataFrame, episodes: pd.DataFrame) -> pd.DataFrame:
    """Treatment is what happened in the course of the referral."""
    contacts["treatment"] &= within(contacts, episodes, "starts_on")
    return contacts


def _episode_of(episodes: pd.DataFrame, events: pd.DataFrame, day: str) -> list[int]:
    """The latest episode that had begun by the event's day; before the first one, the first; undated, the last."""
    begun: dict[tuple[Any, Any], list[tuple[date, int]]] = {}
    for row in episodes.itertuples():
        begun.setdefault((row.clinic, row.client_key), []).append(
            (row.received_on or date.min, row.episode_no)
        )
    found = []
    for clinic, client, on in zip(events.clinic, events.client_key, events[day], strict=True):
        numbers = begun[clinic, client]
        by_then = [number for start, number in numbers if on is None or start <= on]
        found.append(by_then[-1] if by_then else numbers[0][1])
    return found


def _belongs(core: Core, episodes: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """The contact of the same session number in the episode of the day, else that of the same client and day.

    The first where there are several; of those on one day, a follow-up only where there is no other.
    """
    answered = core.administrations[[*ANSWERED, *PERSON, "session", "completed_on"]].copy()
    answered["episode_no"] = _episode_of(episodes, answered, "completed_on")
    by_number: dict[tuple[Any, ...], tuple[int, int]] = {}
    by_day: dict[tuple[Any, ...], tuple[int, int, int]] = {}
    for c in contacts.itertuples():
        if not pd.isna(c.session):
            by_number.setdefault(
                (c.clinic, c.client_key, c.episode_no, int(c.session)), (c.episode_no, c.place)
            )
    for c in contacts.sort_values("follow_up", kind="stable").itertuples():
        by_day.setdefault((c.clinic, c.client_key, c.starts_on), (c.episode_no, c.place, c.session_no))
    rows = []
    for a in answered.itertuples():
        own = None if pd.isna(a.session) else int(a.session)
        on_day = by_day.get((a.clinic, a.client_key, a.completed_on))
        if own is not None and (found := by_number.get((a.clinic, a.client_key, a.episode_no, own))):
            rows.append((*found, own))
        elif on_day:
            rows.append((*on_day[:2], own if own is not None else on_day[2]))
        else:
            rows.append((a.episode_no, None, own))
    placed = pd.DataFrame(
        rows, columns=["episode_no", "place", "session_no"], index=answered.index, dtype="Int64"
    )
    return pd.concat([answered[ANSWERED], placed], axis=1)


def _counted(episodes: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    treated = contacts[contacts.treatment].groupby(EPISODE).starts_on
    days = treated.agg(list).rename("days").reset_index()
    seen = contacts.groupby(EPISODE).size().rename("contacts").reset_index()
    whole = episodes.merge(days, on=EPISODE, how="left").merge(seen, on=EPISODE, how="left")
    whole["contacts"] = whole.contacts.fillna(0).astype(int)
    lists = [found if isinstance(found, list) else [] for found in whole.pop("days")]
    whole["tc"] = [len(found) for found in lists]
    for name, place in (("first_tc", 0), ("second_tc", 1)):
        whole[name] = pd.Series(
            [found[place] if len(found) > place else None for found in lists], dtype=object
        )
    whole["tc_days"] = lists
    for name in ("received_on", "ended_on"):
        whole[name] = whole[name].astype(object).where(whole[name].notna(), None)
    return whole
