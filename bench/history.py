"""Weeks of a company's life as OpenMetrics for promtool: calls are drawn minute by minute, and the gauges that an exporter
would have shown follow from them."""

import itertools
import math
import random
import time

HOUR, DAY = 60, 1440
"""In minutes."""
INBOUND, ANSWERED, MISSED, ABANDONED, TALKING, RINGING, WAITING = range(7)
METRICS = {
    "inbound_calls": INBOUND,
    "inbound_calls_answered": ANSWERED,
    "inbound_calls_missed": MISSED,
    "inbound_calls_abandoned": ABANDONED,
    "calls": INBOUND,
    "calls_answered": ANSWERED,
    "talk_time_seconds": TALKING,
    "ring_time_seconds": RINGING,
    "abandoned_time_seconds": WAITING,
}


class Pbx:
    """A PBX with its calls of each minute."""

    def __init__(self, labels, size, start, minutes, seed, spike=0):
        draw = random.Random(seed)
        self.labels = labels
        counts = [[0.0] * (minutes + 1) for _ in range(7)]
        for minute in range(minutes):
            when = time.gmtime(start + 60 * minute)
            at_work = when.tm_wday < 5 and 7 <= when.tm_hour < 19
            mean = size / 60 * ((0.7 + 0.3 * math.sin(when.tm_hour)) if at_work else 0.05)
            lost = 0.03
            if minute >= minutes - spike:
                mean, lost = 2 * mean, 0.35
            calls = max(0, round(draw.gauss(mean, math.sqrt(mean))))
            outcomes = [draw.random() for _ in range(calls)]
            abandoned = sum(outcome < lost for outcome in outcomes)
            answered = sum(outcome >= lost + 0.07 for outcome in outcomes)
            seconds = [180 * answered, 12 * calls, 40 * abandoned]
            for kind, number in enumerate([calls, answered, calls - answered, abandoned, *seconds]):
                counts[kind][minute + 1] = number
        self.until = [list(itertools.accumulate(count)) for count in counts]

    def between(self, kind, first, last):
        """The true number of the minutes from `first` to before `last`."""
        until = self.until[kind]
        return until[max(0, last)] - until[max(0, first)]


def write(out, pbxs, start, minutes, *, metrics=METRICS, step=1, keep=None, absent=range(0), down=range(0)):
    """All samples of the PBXs, `step` minutes apart; `keep` names how many minutes of a metric and window are kept.
    Nothing is shown in the minutes of `absent`; in those of `down` 8x8 fails and the last answer is shown."""
    accounts = sorted({pbx.labels.split("pbx_id", 1)[0] for pbx in pbxs})
    shown = [minute for minute in range(0, minutes + 1, step) if minute not in absent]

    def series(name, value, length=None):
        times = shown if length is None else [minute for minute in shown if minute >= minutes - length]
        answered = ((min(minute, down[0] - 1) if minute in down else minute, minute) for minute in times)
        lines = (f"{name} {value(asked):.10g} {start + 60 * minute}\n" for asked, minute in answered)
        out.writelines(lines)

    for window in ("1h", "today"):
        begin = (lambda minute: minute - HOUR) if window == "1h" else (lambda minute: (minute - 1) // DAY * DAY)
        for metric, kind in metrics.items():
            length = (keep or {}).get((metric, window))
            for pbx in pbxs:
                name = f'eightxeight_company_{metric}{{{pbx.labels},window="{window}"}}'
                series(name, lambda minute, k=kind, p=pbx, b=begin: p.between(k, b(minute), minute), length)
        for account in accounts:
            labels = f'{account}window="{window}"'
            series(f"eightxeight_window_start_timestamp_seconds{{{labels}}}", lambda m, b=begin: start + 60 * b(m))
            series(f"eightxeight_window_end_timestamp_seconds{{{labels}}}", lambda m: start + 60 * m)
            for minute in range(0, minutes + 1, step):
                failed, when = minute in down, start + 60 * minute
                last = start + 60 * (down[0] - 1) if failed else when
                out.write(f"eightxeight_collection_last_success_timestamp_seconds{{{labels}}} {last} {when}\n")
                out.write(f"eightxeight_collection_success{{{labels}}} {int(not failed)} {when}\n")
    for account in accounts:
        for minute in range(0, minutes + 1, step):
            when = start + 60 * minute
            for name, value in [("up", 1), ("eightxeight_up", int(minute not in down))]:
                out.write(f"{name}{{{account.rstrip(',')}}} {value} {when}\n")
    out.write("# EOF\n")
