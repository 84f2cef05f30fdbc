"""A PBX's callers, minute by minute, and what an exporter shows of them: the world in which the alerts are judged.

Calls are Poisson. How many there are and which share gives up fluctuate from day to day and within the hour, because at
a real PBX neither is constant. All of it follows from a seed.
"""

import math
import random
from bisect import bisect

QUARTER, HOUR, DAY = 15, 60, 1440
WEEK = 7 * DAY

# How busy the hours are, against the busiest one.
OFFICE = [0.002] * 7 + [0.1, 0.55, 0.9, 1, 0.95, 0.7, 0.75, 0.9, 0.85, 0.65, 0.3, 0.06, 0.02] + [0.002] * 4
ROUND_THE_CLOCK = [0.25, 0.2, 0.2, 0.2, 0.22, 0.28, 0.4, 0.55, 0.75, 0.9, 1, 1, 0.95, 0.95, 0.95, 0.9, 0.9, 0.85, 0.8,
                   0.7, 0.6, 0.5, 0.4, 0.3]
# Of an office at week-ends, of a line round the clock.
WEEKEND = {"office": 0.01, "24/7": 0.7}

# Standard deviations of the logarithm: of a day, and of a quarter of an hour, which resembles the one before.
VOLUME = (0.12, 0.12)
RATE = (0.15, 0.25)
RESEMBLES = 0.75
# Once a week a newsletter or a storm: the callers of 20 minutes are twice as many, and more of them give up.
BURST, BURST_CALLS, BURST_RATE = 20, 2.0, 1.4


class Calls:
    """Inbound and abandoned calls of each minute."""

    def __init__(self, seed, profile, busiest, rate, days):
        self.random = random.Random(seed)
        self.profile, self.busiest, self.rate = profile, busiest, rate
        self.days = days
        self.expected = []  # calls of a minute and share of abandoned, for each quarter of an hour
        self.inbound, self.abandoned = [], []
        self._live()

    def _live(self):
        dice = self.random
        shape = OFFICE if self.profile == "office" else ROUND_THE_CLOCK
        volume = rate = 0.0
        burst = None
        for day in range(self.days):
            if day % 7 == 0:
                burst = dice.randrange(7) * DAY // QUARTER + dice.randrange(8 * 4, 18 * 4) + day * DAY // QUARTER
            day_volume = math.exp(dice.gauss(-VOLUME[0] ** 2 / 2, VOLUME[0]))
            day_rate = math.exp(dice.gauss(-RATE[0] ** 2 / 2, RATE[0]))
            if day % 7 >= 5:
                day_volume *= WEEKEND[self.profile]
            for quarter in range(DAY // QUARTER):
                fresh = math.sqrt(1 - RESEMBLES ** 2)
                volume = RESEMBLES * volume + fresh * dice.gauss(0, VOLUME[1])
                rate = RESEMBLES * rate + fresh * dice.gauss(0, RATE[1])
                hour, part = divmod(quarter, 4)
                level = shape[hour] + (shape[(hour + 1) % 24] - shape[hour]) * part / 4
                calls = self.busiest / 60 * level * day_volume * math.exp(volume - VOLUME[1] ** 2 / 2)
                share = self.rate * day_rate * math.exp(rate - RATE[1] ** 2 / 2)
                at = day * DAY // QUARTER + quarter
                self.expected.append((calls, share))
                if at in (burst, burst + 1):
                    minutes = QUARTER if at == burst else BURST - QUARTER
                    self._come(calls * BURST_CALLS, share * BURST_RATE, minutes)
                    self._come(calls, share, QUARTER - minutes)
                else:
                    self._come(calls, share, QUARTER)

    def _come(self, calls, share, minutes):
        share = min(share, 0.95)
        self.abandoned += poisson(self.random, calls * share, minutes)
        answered = poisson(self.random, calls * (1 - share), minutes)
        self.inbound += [a + b for a, b in zip(self.abandoned[len(self.inbound):], answered)]

    def with_incident(self, start, length, share=None, times=1.0):
        """Inbound and abandoned calls of these minutes while `share` of `times` as many callers give up."""
        inbound, abandoned = [], []
        for minute in range(start, start + length):
            calls, usual = self.expected[minute // QUARTER]
            calls, lost = calls * times, usual if share is None else share
            gone = poisson(self.random, calls * lost, 1)[0]
            abandoned.append(gone)
            inbound.append(gone + poisson(self.random, calls * (1 - lost), 1)[0])
        return inbound, abandoned


_TABLES = {}


def poisson(dice, mean, count):
    """`count` numbers; the mean is rounded to 1 %, so that tables can be kept."""
    if mean < 1e-5:
        return [0] * count
    key = round(math.log(mean) * 100)
    table = _TABLES.get(key)
    if table is None:
        mean = math.exp(key / 100)
        probability = total = math.exp(-mean)
        table, number = [total], 0
        while probability > 1e-9 or number < mean:
            number += 1
            probability *= mean / number
            total += probability
            table.append(total)
        _TABLES[key] = table
    top = len(table) - 1
    return [min(bisect(table, dice.random()), top) for _ in range(count)]


class Exporter:
    """What Prometheus gets when it scrapes once a minute.

    `source[t]` is the minute whose answer is shown at `t`, or None when there are no series; `success[t]` is 1, 0, or
    None while the exporter doesn't run. While 8x8 fails, the last answer is shown for ten minutes more.
    """

    SERVED = 10

    def __init__(self, seed, minutes, troubles=True):
        dice = random.Random(f"{seed} exporter")
        self.source, self.success = list(range(minutes)), [1] * minutes
        if not troubles:
            return
        for _ in range(minutes // 400):  # one or two failed collections
            self.fails(dice.randrange(minutes), dice.randrange(1, 3))
        for _ in range(minutes // (30 * DAY) + 1):  # an outage of 8x8
            self.fails(dice.randrange(minutes), dice.randrange(15, 90))
        for _ in range(minutes // (10 * DAY) + 1):  # a restart
            self.stops(dice.randrange(minutes), dice.randrange(1, 4))

    def fails(self, start, length):
        last = self.source[start - 1] if start else None
        for t in range(start, min(start + length, len(self.source))):
            self.success[t] = 0
            self.source[t] = last if last is not None and t - last <= self.SERVED else None

    def stops(self, start, length):
        for t in range(start, min(start + length, len(self.source))):
            self.success[t] = self.source[t] = None
