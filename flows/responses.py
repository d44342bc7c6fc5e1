"""One batch of a responses feed: administrations, scored; problems; records not accepted."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from flows.administrations import Common, administrations, keyed
from flows.answers import NOT_AN_ANSWER, codes
from flows.cells import (
    HELD,
    PROBLEM,
    RECORD,
    answered,
    blanked,
    held_rows,
    joined,
    listed,
    not_accepted,
    problems,
)
from flows.date_order import Orders, order_of
from flows.detect_form import Finding
from flows.detect_tally import Gathered, gather
from flows.plan import Asked, Plan
from flows.pseudonyms import Pseudonymiser
from flows.score import score
from flows.validate import invalid_cells
from flows.withdrawn import WITHDRAWN, tombstones
from schemas.dialect import FinishedRule
from schemas.instrument import NOT_APPLICABLE, NOT_SHOWN
from schemas.rules import EXCLUDED_REASONS

_REASON_RANK = {reason: rank for rank, reason in enumerate(EXCLUDED_REASONS)}
_QUARANTINED = len(EXCLUDED_REASONS) + 1
_ABSENT = _REASON_RANK["empty"]


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. The fates of its records add up to its rows.

    administrations: by place in the plan's `asked`; scored, one row each
    problems:        PROBLEM rows; records: RECORD rows; accepted: number of records accepted
    held:            HELD rows, of the administrations that are quarantined
    warnings:        rules of that level
    gathered:        by place in the plan's `asked`; of what would be scored, also where the file is held
    withdrawn:       WITHDRAWN rows
    dates:           how the texts of each date column could be read
    """

    administrations: tuple[pl.DataFrame, ...]
    problems: pl.DataFrame
    records: pl.DataFrame
    held: pl.DataFrame
    accepted: int
    warnings: tuple[str, ...]
    gathered: tuple[Gathered, ...]
    withdrawn: pl.DataFrame
    dates: Orders


def process_responses(
    rows: pl.DataFrame, plan: Plan, people: Pseudonymiser, held: Sequence[Finding] = ()
) -> Outcome:
    """Settle each row of a batch (source_row and text cells by header name).

    held: what is wrong with the file; then all that would be accepted is quarantined
    """
    reason = _record_reason(rows, plan)
    gone = tombstones(rows, plan, people, reason.is_null())
    stays = reason.is_null()
    if gone:
        reason = reason.set(gone.gone, "withdrawn").set(gone.doubtful, None)
        stays = reason.is_null() & ~gone.doubtful
    kept = _where(rows, stays)
    common = _common(kept, plan, people)
    verdicts, found, scored, gathered, told = [], [], [], [], []
    orders: Orders = {}
    for asked in plan.asked:
        verdict, bad, frame, counted, about, dates = _ask(common, asked, plan, people)
        orders |= dates
        verdicts.append(verdict)
        found.append(bad)
        scored.append(frame)
        gathered.append(counted)
        told.append(about)
    if held:
        found += _suspect(common, verdicts, held)
        verdicts = [verdict.set(verdict.is_null(), _QUARANTINED) for verdict in verdicts]
        scored = [frame.clear() for frame in scored]
    records, accepted = _records(kept, verdicts)
    excluded = rows.filter(reason.is_not_null()).select("source_row")
    left_out = not_accepted(excluded["source_row"], "excluded", reason.drop_nulls())
    quarantined = records.filter(pl.col("fate") == "quarantined").select("source_row")
    found.append(_nobody(common, plan).join(quarantined, on="source_row", how="semi"))
    waiting = [about.filter(verdict == _QUARANTINED) for about, verdict in zip(told, verdicts, strict=True)]
    if gone:
        found.append(gone.problems)
        waiting.append(gone.held)
        doubted = rows["source_row"].filter(gone.doubtful)
        why = pl.Series(["problems"]).new_from_index(0, len(doubted))
        records = pl.concat([records, not_accepted(doubted, "quarantined", why)])
    records = pl.concat([left_out, records])
    return Outcome(
        tuple(scored),
        pl.concat(found),
        records,
        pl.concat([pl.DataFrame(schema=HELD), *waiting]),
        accepted,
        _warnings(rows, plan),
        tuple(gathered),
        gone.rows if gone else pl.DataFrame(schema=WITHDRAWN),
        orders,
    )


def _suspect(
    common: Common, verdicts: Sequence[pl.Series], held: Sequence[Finding]
) -> Iterator[pl.DataFrame]:
    """A problem for each finding and record that would be accepted."""
    stands = reduce(operator.or_, (verdict.is_null() for verdict in verdicts))
    rows = common.rows["source_row"].filter(stands)
    responses = common.response.filter(stands) if common.response is not None else None
    for one in held:
        yield problems(rows, one.instrument, one.columns, one.rule, responses)


def _nobody(common: Common, plan: Plan) -> pl.DataFrame:
    """Problems of rows without a client."""
    absent = common.client.is_null()
    responses = common.response.filter(absent) if common.response is not None else None
    column = "/".join(plan.columns.get("client", ()))
    return problems(common.rows["source_row"].filter(absent), "", column, "missing_client", responses)


def _warnings(rows: pl.DataFrame, plan: Plan) -> tuple[str, ...]:
    """unknown_status where a column of the dialect's statuses has a text that the dialect does not know."""
    for column, normal in plan.dialect.normal.items():
        rules = [rule for rule in plan.exclude if rule.column == column]
        known = {"", *normal, *(value for rule in rules for value in rule.values)}
        if rules and set(rows[column].str.strip_chars().drop_nulls().unique()) - known:
            return ("unknown_status",)
    return ()


def _record_reason(rows: pl.DataFrame, plan: Plan) -> pl.Series:
    """Reason that excludes the whole record, the first in the declared order; else null."""
    found = [(rule.reason, listed(rows[rule.column], rule.values)) for rule in plan.exclude]
    if plan.finished:
        found.append(("not_finished", ~_finished(rows, plan.finished)))
    mark = plan.feed.decimal or plan.dialect.decimal
    found += [
        ("attention_check", ~answered(rows[check.column], check.accept, mark))
        for check in plan.feed.attention
    ]
    reason = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, rows.height)
    for name, hit in sorted(found, key=lambda pair: _REASON_RANK[pair[0]], reverse=True):
        reason = reason.set(hit, name)
    return reason.set(_blank(rows, reason.is_not_null()), "empty")


def _blank(rows: pl.DataFrame, among: pl.Series) -> pl.Series:
    """True for those of the rows whose cells are all blank: there was nothing to exclude."""
    if not among.any():
        return among
    few = rows.filter(among)
    blank = few.select(pl.all_horizontal(_is_blank(cells) for cells in few.drop("source_row"))).to_series()
    return among & rows["source_row"].is_in(few["source_row"].filter(blank).implode())


def _is_blank(cells: pl.Series) -> pl.Expr:
    cell = pl.col(cells.name)
    return cell.str.strip_chars().fill_null("") == "" if cells.dtype == pl.String else cell.is_null()


def _finished(rows: pl.DataFrame, rule: FinishedRule) -> pl.Series:
    if rule.filled:
        return blanked(rows[rule.column]).is_not_null()
    return listed(rows[rule.column], rule.values)


def _common(rows: pl.DataFrame, plan: Plan, people: Pseudonymiser) -> Common:
    missing = plan.feed.missing
    client = people.rows(rows["source_row"]) if plan.each_row else keyed(rows, plan, "client", people)
    response = keyed(rows, plan, "response", people) if "response" in plan.columns else None
    session = joined(rows, plan.columns["session"], missing) if "session" in plan.columns else None
    assert client is not None
    return Common(rows, client, response, session)


def _ask(
    common: Common, asked: Asked, plan: Plan, people: Pseudonymiser
) -> tuple[pl.Series, pl.DataFrame, pl.DataFrame, Gathered, pl.DataFrame, Orders]:
    """One questionnaire of a batch: rank of each row's verdict, its problems, its administrations, its sums.

    Last, HELD rows of all, and how dates could be read. The verdict is null where accepted, _QUARANTINED, or
    the rank of a reason of exclusion.
    """
    items = [codes(common.rows[name], asked.key).alias(column) for name, column in _pairs(asked)]
    present = _any_item(items)
    verdict = pl.Series([None], dtype=pl.Int8).new_from_index(0, common.rows.height).set(~present, _ABSENT)
    for rule in asked.exclude:
        verdict = verdict.set(
            present & listed(common.rows[rule.column], rule.values), _REASON_RANK[rule.reason]
        )
    if asked.finished:
        verdict = verdict.set(present & ~_finished(common.rows, asked.finished), _REASON_RANK["not_finished"])
    frame, texts = administrations(common, asked, plan, people, items)
    open_ = verdict.is_null()
    candidates = _where(frame, open_ & frame["client_key"].is_not_null() & frame["rater"].is_not_null())
    bad = pl.concat([_unreadable(frame, texts, asked, plan, open_), _not_answers(candidates, asked)])
    good = _where(candidates, ~candidates["source_row"].is_in(bad["source_row"].implode()))
    if good.height < frame.height:
        stands = frame["source_row"].is_in(good["source_row"].implode())
        verdict = verdict.set(open_ & ~stands, _QUARANTINED)
    scored = score(good, asked.instrument, asked.confirmed, already_keyed=asked.feed_instrument.already_keyed)
    told = held_rows(frame, has_key=_has_key(frame, texts))
    sums = gather(asked.form_no, asked.instrument, candidates, good)
    return verdict, bad, scored, sums, told, _orders(frame, texts, asked, plan, people)


def _orders(
    frame: pl.DataFrame, texts: dict[str, pl.Series], asked: Asked, plan: Plan, people: Pseudonymiser
) -> Orders:
    columns = {"completed_at": asked.completed, "started_at": plan.columns.get("started_at", ())}
    zone = plan.zone or people.zone
    return {
        "/".join(names): order_of(texts[ours], frame[ours], plan.date_formats, zone)
        for ours, names in columns.items()
        if ours in texts
    }


def _has_key(frame: pl.DataFrame, texts: dict[str, pl.Series]) -> pl.Series:
    """Whether it can be read whose form it is and of which occasion.

    A session that cannot be read is another one once it is mended, whatever the date says.
    """
    known = frame["client_key"].is_not_null() & frame["rater"].is_not_null() & ~frame["each_row"]
    if "session" in texts:
        known &= texts["session"].is_null() | frame["session"].is_not_null()
    return known & (frame["session"].is_not_null() | frame["completed_at"].is_not_null())


def _where(frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
    return frame if mask.all() else frame.filter(mask)


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    return list(zip(asked.items, asked.instrument.item_columns, strict=True))


def _any_item(items: Sequence[pl.Series]) -> pl.Series:
    """True where any item cell holds something: an answer, a refusal, or what is no answer."""
    held = (
        (item.is_not_null() & ~item.is_in([NOT_SHOWN, NOT_APPLICABLE])).fill_null(False) for item in items
    )
    return reduce(lambda left, right: left | right, held)


def _unreadable(
    frame: pl.DataFrame, texts: dict[str, pl.Series], asked: Asked, plan: Plan, open_: pl.Series
) -> pl.DataFrame:
    """Problems of the open rows' dates, sessions and raters."""
    found = [pl.DataFrame(schema=PROBLEM)]

    def look(ours: str, read: str, column: str, blank: str | None, unreadable: str) -> None:
        if ours in texts:
            given = texts[ours].is_not_null()
            found.append(_at(frame, open_ & given & frame[read].is_null(), asked, column, unreadable))
            if blank:
                found.append(_at(frame, open_ & ~given, asked, column, blank))

    session = asked.session or "/".join(plan.columns.get("session", ()))
    rater = asked.feed_instrument.rater_column or ""
    look("completed_at", "completed_at", "/".join(asked.completed), "missing_date", "invalid_date")
    look("session", "session", session, None, "invalid_session")
    look("rater", "rater", rater, "unknown_rater", "unknown_rater")
    return pl.concat(found)


def _not_answers(frame: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Problems of item cells: texts that are no answer, and answers out of range."""
    found = [pl.DataFrame(schema=PROBLEM)]
    for item, invalid in invalid_cells(frame, asked.instrument).items():
        column = asked.items[asked.instrument.item_columns.index(item)]
        no_answer = (frame[item] == NOT_AN_ANSWER).fill_null(False)
        found.append(_at(frame, invalid & no_answer, asked, column, "not_an_answer"))
        found.append(_at(frame, invalid & ~no_answer, asked, column, "out_of_range"))
    return pl.concat(found)


def _at(frame: pl.DataFrame, mask: pl.Series, asked: Asked, column: str, rule: str) -> pl.DataFrame:
    hit = frame.filter(mask)
    return problems(hit["source_row"], asked.instrument.id, column, rule, hit["response_key"], asked.form_no)


def _records(rows: pl.DataFrame, verdicts: Sequence[pl.Series]) -> tuple[pl.DataFrame, int]:
    """Records that are not accepted, and how many are.

    A record is accepted when any of its questionnaires is, else quarantined when any is,
    else excluded for the first reason that applies to one.
    """
    if all(verdict.null_count() == len(verdict) for verdict in verdicts[:1]):
        return pl.DataFrame(schema=RECORD), rows.height
    table = pl.DataFrame({str(at): verdict for at, verdict in enumerate(verdicts)})
    accepted = table.select(pl.any_horizontal(pl.all().is_null())).to_series()
    held = table.select(pl.any_horizontal((pl.all() == _QUARANTINED).fill_null(False))).to_series()
    rank = table.select(pl.min_horizontal(pl.all())).to_series()
    reasons = rank.replace_strict(
        {n: name for name, n in _REASON_RANK.items()}, default=None, return_dtype=pl.String
    )
    kinds = [
        ("quarantined", ~accepted & held, reasons.set(held, "problems")),
        ("excluded", ~accepted & ~held, reasons),
    ]
    frames = [
        not_accepted(rows["source_row"].filter(mask), fate, why.filter(mask)) for fate, mask, why in kinds
    ]
    return pl.concat(frames), int(accepted.sum())
