"""One chosen cell with what is shown around it: the cell before, and the months of the trends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboards import charts, choice, pieces, shown, words
from dashboards.charts import Line
from dashboards.choice import Key
from dashboards.filters import Chosen, pick_named
from dashboards.panels import Panel, card, draw
from dashboards.shown import Directory
from warehouse.read import Figure, Metric, Period, Publication


@dataclass(frozen=True)
class Form:
    """A questionnaire in one rater's hands, with the definition of a figure that fits; name: for people."""

    metric: Metric
    instrument: str
    name: str

    @property
    def id(self) -> str:
        rater = words.rater(self.metric.definition)
        return f"{self.instrument}-{rater}" if rater else self.instrument


@dataclass(frozen=True)
class View:
    """now, before: figures of the chosen period and of the one before; monthly: of each month."""

    directory: Directory
    run: Mapping[str, str]
    chosen: Chosen
    now: Mapping[Key, Figure]
    before: Mapping[Key, Figure]
    months: Sequence[Period]
    monthly: Mapping[str, Mapping[Key, Figure]]
    by_session: Mapping[str, Mapping[Key, Figure]]

    @classmethod
    def of(cls, publication: Publication, chosen: Chosen) -> View:
        directory = shown.directory(publication)
        unit, earlier = chosen.unit, chosen.earlier
        months = choice.periods_by_grain(directory.periods).get("month", [])
        return cls(
            directory=directory,
            run=publication.run,
            chosen=chosen,
            now=choice.by_key(shown.cell(publication, unit, chosen.period)),
            before=choice.by_key(shown.cell(publication, unit, earlier)) if earlier else {},
            months=choice.trend_months(months, chosen.period),
            monthly=choice.by_period(shown.series(publication, unit, "month")),
            by_session=choice.by_period(shown.series(publication, unit, "session")),
        )

    def known(self, figures: Iterable[str]) -> list[Metric]:
        """Those figures that the metric dictionary of this publication has, in their first definition."""
        return [metric for figure in figures if (metric := self.directory.standard(figure))]

    def forms(self, figure: str) -> list[Form]:
        """Questionnaires a figure is published for, client-rated ones first; none where it is for no form."""
        found = {
            (key.definition, key.instrument)
            for figures in (self.now, *self.monthly.values())
            for key in figures
            if key.figure == figure and key.instrument
        }
        return [
            Form(
                self.directory.metrics[figure, definition],
                instrument,
                self._form_name(definition, instrument),
            )
            for definition, instrument in sorted(found, key=lambda pair: (bool(words.rater(pair[0])), pair))
        ]

    def _form_name(self, definition: str, instrument: str) -> str:
        known = self.directory.instruments.get(instrument)
        name = words.SHORT_NAMES.get(instrument, known.title if known else instrument)
        return f"{name}, by {words.rater(definition)}" if words.rater(definition) else name

    def line(self, name: str, key: Key) -> Line:
        """One figure over the months of the trends."""
        return Line(name, tuple(self.monthly.get(month.period, {}).get(key) for month in self.months))

    def tile(
        self, metric: Metric, instrument: str = "", scale: str = "", title: str = "", extra: str = ""
    ) -> str:
        key = Key(metric.figure, metric.definition, instrument, scale)
        return pieces.tile(
            title or metric.title,
            metric,
            self.now.get(key),
            self.chosen.period,
            self.before.get(key),
            self.chosen.earlier,
            self._spark(metric, key),
            extra,
        )

    def _spark(self, metric: Metric, key: Key) -> str:
        line = self.line(metric.title, key)
        values = [value for value in line.values if value is not None]
        if not values:
            return ""
        low, high = charts.axis_span(values, metric.unit, words.scale_range(key.instrument, key.scale))
        gaps = len(line.values) - len(values)
        label = (
            f"By month, {self.months[0].title} to {self.months[-1].title}{f', {gaps} gaps' if gaps else ''}"
        )
        return pieces.spark(line.values, Decimal(low), Decimal(high), label)

    def trend(self, key: str, metrics: Sequence[Metric], default: str) -> None:
        """Chart of one figure by month, chosen among those of a section."""
        if not metrics or not self.months:
            return
        with card(f"trend-{key}"):
            figure = pick_named(
                "Figure by month", {one.figure: one.title for one in metrics}, f"trend-{key}", default
            )
            metric = next(one for one in metrics if one.figure == figure)
            line = self.line(metric.title, Key(figure, metric.definition))
            self.chart(f"{figure}-by-month", metric.title, metric.unit, [line])

    def chart(
        self,
        key: str,
        title: str,
        unit: str,
        lines: Sequence[Line],
        limits: tuple[Decimal, Decimal] | None = None,
    ) -> None:
        """Lines by month, in the card it is called in."""
        span = f"{self.months[0].title} to {self.months[-1].title}"
        months = [month.title for month in self.months]
        panel = Panel(
            key=key,
            title=f"{title} by month: {_newest(lines, self.months)}",
            about=f"{unit} · {self.chosen.name} · {span} · shaded: {words.in_sentence(self.chosen.period)}",
            alt=f"Line chart of {words.lower_first(title)} by month in {unit}, {self.chosen.name}, {span}. "
            "The table below has every value.",
            places=months,
            place_title="Month",
            lines=lines,
        )
        drawn = charts.has_points(lines)
        draw(
            panel,
            charts.by_month(lines, self.months, unit, self.chosen.period, limits) if drawn else None,
            self.run,
        )


def _newest(lines: Sequence[Line], months: Sequence[Period]) -> str:
    """The newest month in words; several lines by name, their unit left to the note below the title."""
    newest = {words.state_words(line.figures[-1]) for line in lines}
    if len(lines) == 1 or (len(newest) == 1 and None not in newest):
        return f"{words.quantity(lines[0].figures[-1])} in {months[-1].title}"
    each = (f"{words.lower_first(line.name)} {words.short(line.figures[-1])}" for line in lines)
    return f"{', '.join(each)} in {months[-1].title}"
