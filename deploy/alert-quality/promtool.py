"""Holds the evaluator against the shipped rules: promtool computes every alert of some histories minute by minute, and
the two must agree at each.
"""

import re
import subprocess
from pathlib import Path

from evaluator import Pbx, alerts, usual_and_busiest
from world import DAY, HOUR, Calls, Exporter

CALLS = "eightxeight_company_inbound_calls"
RECORDED = f"account_pbx_id_window:{CALLS}:max"
USUAL = f"account_pbx_id:{CALLS}_abandoned_per_inbound_calls:usual"
BUSIEST = f"account_pbx_id:{CALLS}:busiest"
# Share of abandoned calls, calls of the busiest hour, kind of line, minutes by which midnight is later than that of UTC.
HISTORIES = [(0.04, 20, "office", 0), (0.08, 60, "24/7", 600), (0.02, 200, "office", 615), (0.08, 200, "24/7", 540),
             (0.12, 1000, "office", 60), (0.04, 1000, "24/7", 660), (0.04, 5, "24/7", 720), (0.2, 60, "office", 630)]


class Promtool:
    def __init__(self, program, rules, work):
        self.program, self.rules, self.work = program, Path(rules).resolve(), Path(work)
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        self.version = re.search(r"version (\S+)", said.stdout + said.stderr)[1].rstrip(",")
        # Prometheus 3 leaves the first instant out of a range.
        self.closed = self.version.startswith("2.")

    def test(self, name, files, series, expressions, interval="1m"):
        """Runs a test; what promtool says, or None when all is as expected."""
        lines = [f"rule_files: {[str(self.rules / file) for file in files]}", f"evaluation_interval: {interval}",
                 "tests:", "  - interval: 1m", "    input_series:"]
        lines += [f"      - {{series: '{labels}', values: '{values}'}}" for labels, values in series]
        lines.append("    promql_expr_test:")
        for expression, minute, samples in expressions:
            lines.append(f"      - expr: '{expression}'\n        eval_time: {minute}m\n        exp_samples:")
            lines[-1] += "" if samples else " []"
            lines += [f"          - {{labels: '{labels}', value: {value}}}" for labels, value in samples]
        path = self.work / f"{name}.yml"
        path.write_text("\n".join(lines) + "\n")
        ran = subprocess.run([self.program, "test", "rules", str(path)], capture_output=True, text=True)
        return None if ran.returncode == 0 else (ran.stdout + ran.stderr).strip()


def values(points):
    """None is a series' end, or nothing where there was none."""
    text, previous = [], None
    for point in points:
        if point is None:
            text.append("stale" if previous is not None else "_")
        else:
            text.append(f"{point:.10g}")
        previous = point
    return " ".join(text)


def minute_by_minute(promtool, constants, days=2):
    """Days of each history, incidents among them; what differs, and how many alerts there were."""
    minutes = days * DAY
    series, fired = [], 0
    for number, (rate, busiest, profile, midnight) in enumerate(HISTORIES):
        calls = Calls(f"agree {number}", profile, busiest, rate, days)
        for start, length, share, times in ((9, 61, 0.6, 1), (15, 127, 0.33, 1), (22, 43, 0.5, 2), (34, 200, 0.25, 1),
                                            (39, 11, 0.9, 3)):
            incident = calls.with_incident(start * HOUR + 7 * number, length, share, times)
            for mine, other in zip((calls.inbound, calls.abandoned), incident):
                mine[start * HOUR + 7 * number:start * HOUR + 7 * number + length] = other
        exporter = Exporter(f"agree {number}", minutes)
        exporter.fails(9 * HOUR + 20 + number, 1 + number)
        exporter.stops(39 * HOUR + 25, number)
        pbx = Pbx(constants, calls.inbound, calls.abandoned, exporter, midnight, closed=promtool.closed)
        job = f'job="{number}", '
        shown = [source is not None for source in exporter.source]
        for window, (inbound, abandoned) in (("1h", pbx.hour), ("today", pbx.today)):
            labels = f'{{{job}instance="x", pbx_id="p", window="{window}"}}'
            for name, points in ((CALLS, inbound), (f"{CALLS}_abandoned", abandoned)):
                series.append((name + labels, values(n if there else None for n, there in zip(points, shown))))
            series.append((f'eightxeight_collection_success{{{job}instance="x", window="{window}"}}',
                           values(exporter.success)))
        series.append((f'eightxeight_window_start_timestamp_seconds{{{job}instance="x", window="today"}}',
                       values(0 if there else None for there in shown)))
        series.append((f'eightxeight_window_end_timestamp_seconds{{{job}instance="x", window="today"}}',
                       values(age * 60 if there else None for age, there in zip(pbx.age, shown))))
        usual, busy = [None] * 24 + [rate * 1.1] * (minutes // HOUR - 24), [busiest] * (minutes // HOUR)
        for name, hours in ((USUAL, usual), (BUSIEST, busy)):
            series.append((f'{name}{{{job}pbx_id="p"}}', values(n for n in hours for _ in range(HOUR))))
        for severity in ("warning", "critical"):
            firing = [0] * minutes
            for start, end in alerts(pbx.minutes(severity, usual, busy), constants.wait, constants.keep):
                fired += 1
                for minute in range(start, min(end, minutes)):
                    firing[minute] = 1
            series.append((f'expected{{{job}severity="{severity}"}}', values(firing)))
    agree = agreement("EightXEightAbandonRateHigh", "job, severity", 0, minutes)
    return promtool.test("minutes", ["company.yml"], series, agree), fired


def agreement(alert, labels, first, end):
    """Expressions that are empty if the alert fires exactly where it is expected to. Two hours at a time, because promtool
    limits how much a query may read.
    """
    firing, expected = f'ALERTS{{alertname="{alert}", alertstate="firing"}}', "(expected == 1)"
    both = (f"({firing} unless on ({labels}) {expected})", f"({expected} unless on ({labels}) {firing})")
    return [(f"count_over_time({one}[119m30s:1m])", minute, []) for minute in range(first + 119, end, 120) for one in both]


def what_is_usual(promtool, constants, days=16):
    """The evaluator's and the rules' usual rate and busiest hour, from a sample an hour."""
    series, expressions = [], []
    minutes = days * DAY
    expected = {USUAL: {}, BUSIEST: {}}
    for number, (rate, busiest, profile, _) in enumerate(HISTORIES[:4]):
        calls = Calls(f"usual {number}", profile, busiest, rate, days)
        pbx = Pbx(constants, calls.inbound, calls.abandoned, Exporter("", minutes, troubles=False))
        usual, busy = usual_and_busiest(constants, pbx, days * 24)
        gap = " _x59"
        for name, points in ((CALLS, pbx.hour[0]), (f"{CALLS}_abandoned", pbx.hour[1])):
            text = " ".join(f"{points[t]}{gap}" for t in range(0, minutes, HOUR))
            series.append((f'{name}{{job="{number}", instance="x", pbx_id="p", window="1h"}}', text))
        text = " ".join(f"{pbx.hour[0][t]}{gap}" for t in range(0, minutes, HOUR))
        series.append((f'{RECORDED}{{job="{number}", pbx_id="p", window="1h"}}', text))
        for name, hours in ((USUAL, usual), (BUSIEST, busy)):
            expected[name][number] = hours
    # At half past, where both versions take the same hours.
    for hour in (31, 121, 241, 373):
        for name, scale in ((USUAL, 1e6), (BUSIEST, 1)):
            samples = [(f'{{job="{number}", pbx_id="p"}}', round(scale * hours[hour]))
                       for number, hours in expected[name].items() if hours[hour] is not None]
            expressions.append((f"round({scale:g} * {name})", hour * HOUR + 30, samples))
    return promtool.test("usual", ["usual.yml"], series, expressions, interval="90m")


def silence(promtool, constants):
    """NoCalls of four histories in their third week, minute by minute; what differs, and how many alerts there were."""
    days, first = 15, 14 * DAY
    series, fired = [], 0
    for number, (rate, busiest, profile, midnight) in enumerate(HISTORIES[1:5]):
        calls = Calls(f"silence {number}", profile, busiest, rate, days)
        for start in (9 * HOUR + 11, 14 * HOUR + 50):
            for mine in (calls.inbound, calls.abandoned):
                mine[first + start:first + start + 110] = [0] * 110
        exporter = Exporter(f"silence {number}", days * DAY)
        exporter.fails(first + 10 * HOUR + 20, 12)
        pbx = Pbx(constants, calls.inbound, calls.abandoned, exporter, midnight, closed=promtool.closed)
        quarter = [pbx.quarter(t)[0] for t in range(pbx.length)]
        hour = [pbx.hour[0][t] if pbx.fresh[t] else None for t in range(pbx.length)]
        job = f'job="{number}", '
        for window, points in (("15min", quarter), ("1h", hour)):
            series.append((f'{RECORDED}{{{job}pbx_id="p", window="{window}"}}', values(points)))
        for window in ("1h", "today"):
            series.append((f'eightxeight_collection_success{{{job}instance="x", window="{window}"}}',
                           values(exporter.success)))
        true = [t for t in pbx.no_calls(lambda t: (quarter[t], hour[t]) if t >= 0 else (None, None))]
        firing = [0] * pbx.length
        for start, end in alerts(true, constants.no_calls_wait, constants.no_calls_keep):
            fired += 1
            for minute in range(start, min(end, pbx.length)):
                firing[minute] = 1
        series.append((f"expected{{{job}}}".replace(", }", "}"), values(firing)))
    agree = agreement("EightXEightNoCalls", "job", first, days * DAY)
    return promtool.test("silence", ["opt-in/no-calls.yml"], series, agree), fired
