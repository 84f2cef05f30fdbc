"""The rules of one PBX in Python, because years of minutes take promtool days. `promtool.py` holds it against the
shipped rules, minute by minute. The numbers come from the rules' files.
"""

import math
import re
from itertools import accumulate
from operator import sub
from pathlib import Path

from world import DAY, HOUR, QUARTER, WEEK


class Constants:
    """The numbers of the rules that a user may change, and the times of the alerts."""

    def __init__(self, rules):
        company = (Path(rules) / "company.yml").read_text()
        usual = (Path(rules) / "usual.yml").read_text()
        no_calls = (Path(rules) / "opt-in" / "no-calls.yml").read_text()
        floors = numbers(company, r"0 \* eightxeight_company_inbound_calls \+ ([\d.]+)\n")
        self.warning, self.critical, _, self.fewest, _ = floors
        self.factors = dict(zip(("warning", "critical"), numbers(company, r"([\d.]+) \* account_pbx_id:\S+:usual\n")))
        self.of_busiest = numbers(company, r"([\d.]+) \* account_pbx_id:\S+:busiest\n")[0]
        waits, keeps = (numbers(company, rf"\n +{key}: (\d+)m") for key in ("for", "keep_firing_for"))
        if len(set(waits)) != 1 or len(set(keeps)) != 1:
            raise ValueError("the alerts of company.yml differ in `for` or `keep_firing_for`")
        self.wait, self.keep = int(waits[0]), int(keeps[0])
        self.added_lost, self.added_calls = (numbers(usual, rf"\n +({n}) \+ sum")[0] for n in (r"10", r"200"))
        self.clipped = numbers(usual, r"\n +(0\.\d+)\n +\)\n +\*")[0]
        self.no_calls_wait = int(numbers(no_calls, r"\n +for: (\d+)m")[0])
        self.no_calls_keep = int(numbers(no_calls, r"\n +keep_firing_for: (\d+)h")[0]) * HOUR
        self.no_calls_usual = numbers(no_calls, r"offset 1w >= (\d+)\n")[0]

    def floor(self, severity):
        return self.warning if severity == "warning" else self.critical


def numbers(text, pattern):
    found = [float(number) for number in re.findall(pattern, text)]
    if not found:
        raise ValueError(f"the rules have another form: nothing like {pattern}")
    return found


def lower_bound(lost, calls):
    return (lost + 4.5 - 3 * math.sqrt(lost / calls * (calls - lost) + 2.25)) / (calls + 9)


class Pbx:
    """What is shown of a PBX from minute `first` on, `inbound` and `abandoned` being the calls of each minute from then
    on. Midnight is `midnight` minutes after that of UTC. `closed`: ranges hold their first instant, as in Prometheus 2.
    """

    def __init__(self, constants, inbound, abandoned, exporter, midnight=0, first=0, closed=True):
        self.constants, self.first, self.midnight = constants, first, midnight
        self.source, self.success = exporter.source, exporter.success
        length = len(inbound)
        self.length = length
        calls, lost = ([0, *accumulate(each)] for each in (inbound, abandoned))
        # What happened before a minute ends is known when it has: minute t shows the calls up to t.
        back = [max(0, t - HOUR) for t in range(length)]
        self.hour = self._windows(calls, lost, back)
        start = [max(0, t - (first + t - midnight) % DAY) for t in range(length)]
        self.today = self._windows(calls, lost, start)
        self.age = [t - start[t] for t in range(length)]
        span = range(4) if closed else range(3)
        success = [self.success[first + t] == 1 for t in range(length)]
        fresh = [any(t >= back and success[t - back] for back in span) for t in range(length)]
        self.fresh = [fresh[t] and self.source[first + t] is not None for t in range(length)]
        for t in range(length):
            source = self.source[first + t]
            if source is None or source == first + t:
                continue
            then = max(0, source - first)
            for series in (*self.hour, *self.today, self.age):
                series[t] = series[then]

    @staticmethod
    def _windows(calls, lost, start):
        return [[series[t] - series[start[t]] for t in range(len(start))] for series in (calls, lost)]

    def quarter(self, t):
        """Inbound and abandoned calls of the last quarter of an hour, None where they aren't known."""
        if not self.fresh[t]:
            return None, None
        before = t >= QUARTER and self.fresh[t - QUARTER]
        found = []
        for series in self.today:
            gained = series[t] - series[t - QUARTER] if before else -1
            if gained < 0:
                gained = series[t] if self.age[t] < QUARTER else None
            found.append(gained)
        return found

    def minutes(self, severity, usual, busiest):
        """When the alert's expression has a value. `usual` and `busiest` by the hour, None where unknown."""
        constants = self.constants
        floor, warning = constants.floor(severity), constants.warning
        least, lost = int(constants.fewest), self.hour[1]
        gained = [0] * QUARTER + list(map(sub, self.today[1][QUARTER:], self.today[1]))
        # Only where enough were lost at all, or the day is young.
        possible = [t for t in range(self.length) if lost[t] >= least or gained[t] >= least or gained[t] < 0
                    or self.age[t] < QUARTER]
        true = []
        for t in possible:
            if not self.fresh[t]:
                continue
            hour = (self.first + t) // HOUR
            threshold = max(floor, constants.factors[severity] * (usual[hour] or 0))
            reset = max(warning, constants.factors["warning"] * (usual[hour] or 0))
            fewest = max(constants.fewest, constants.of_busiest * (busiest[hour] or 0))
            calls_15, lost_15 = self.quarter(t)
            known = calls_15 and lost_15 is not None
            if known and lost_15 / calls_15 < reset:
                continue
            windows = [(self.hour[0][t], lost[t])] + ([(calls_15, lost_15)] if known else [])
            if any(k >= fewest and n and k >= threshold * n and lower_bound(k, n) >= threshold for n, k in windows):
                true.append(t)
        return true

    def no_calls(self, past):
        """When the expression of NoCalls has a value; `past(minute)` are the calls of the quarter and of the hour then."""
        true = []
        least = self.constants.no_calls_usual
        for t in range(self.length):
            now = self.quarter(t)[0], self.hour[0][t] if self.fresh[t] else None
            asked = [self._asked(t) and self._asked(t - QUARTER), self._asked(t)]
            for window in (0, 1):
                if now[window] or not asked[window]:
                    continue
                week, fortnight = past(self.first + t - WEEK)[window], past(self.first + t - 2 * WEEK)[window]
                if week is not None and week >= least and not (fortnight is not None and fortnight < least):
                    true.append(t)
                    break
        return true

    def _asked(self, t):
        return t >= 0 and any(self.success[self.first + t - back] == 1 for back in range(4) if t >= back)


def alerts(true, wait, keep):
    """From when to when an alert fires that is true at these minutes."""
    found = []
    since = last = None
    firing = None
    for t in [*true, math.inf]:
        if firing is not None and t > last + 1 + keep:
            found.append((firing, last + 1 + keep))
            firing = since = None
        if firing is None:
            if since is None or t != last + 1:
                since = t
            if t - since >= wait and t != math.inf:
                firing = t
        last = t
    return found


def usual_and_busiest(constants, pbx, hours, closed=True):
    """For each hour: the share that is usual from its first minute on, and the calls of the busiest hour of a week."""
    lost, calls = [], []
    for hour in range(hours):
        t = hour * HOUR
        there = pbx.source[t] is not None
        n, k = (pbx.hour[0][t], pbx.hour[1][t]) if there else (0, 0)
        calls.append(n)
        lost.append(min(k / n, constants.clipped) * n if n else 0)
    calls_to, lost_to = [0, *accumulate(calls)], [0, *accumulate(lost)]
    usual, busiest = [], []
    for hour in range(hours):
        end, start = hour - 24 + 1, max(0, hour - 14 * 24 + 1)
        known = calls_to[end] - calls_to[start] if end > 0 else 0
        usual.append((constants.added_lost + lost_to[end] - lost_to[start]) / (constants.added_calls + known)
                     if known else None)
        busiest.append(max(calls[max(0, hour - 7 * 24):hour + 1]))
    return usual, busiest
