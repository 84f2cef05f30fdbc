// PromQL for panels. 8x8's numbers are windowed gauges, so there is no `rate` of them: what is read is the newest
// number of each PBX, and totals are sums of readings an hour apart.
function(config) {
  local q = self,
  local ofExporter = 'job=~"$job", instance=~"$instance"',

  // The window that the reader chose; the one whose readings an hour apart cover time without gap or overlap; the one
  // from midnight on.
  chosen: '$window',
  hour: '1h',
  today: 'today',

  // A metric of the process: it belongs to no account.
  process(metric): '%s{%s}' % [metric, ofExporter],

  // A metric of an account.
  account(metric, matchers=''):
    '%s{%s, account=~"$account"%s}' % [metric, ofExporter, if matchers == '' then '' else ', ' + matchers],

  // A field for each PBX. Two exporters of one account see the same calls, hence the largest and not the sum. Points
  // that `backfill` wrote can be an hour apart: what is weeks past is looked for in an hour.
  each(field, window=q.chosen, offset='', within=if offset == '' then '' else '1h'):
    local selector = q.account(field.metric, 'pbx_id=~"$pbx", window="%s"' % window);
    local past = if offset == '' then '' else ' offset ' + offset;
    local reading = if within == '' then selector + past else 'last_over_time(%s[%s]%s)' % [selector, within, past];
    'max by (job, account, pbx_id, window) (%s)' % reading,

  // A reading on the hour for each PBX, as a subquery takes it. Without the five minutes VictoriaMetrics would look
  // back a whole step, and one failed scrape would hide an hour.
  local onTheHour(field) = q.each(field, q.hour, within='5m'),

  // The sum over the chosen PBXs.
  sum(field, window=q.chosen, offset=''): 'sum(%s)' % q.each(field, window, offset),

  // Only the PBXs that had most of a field in a window of the chosen time.
  ofWorst(series, field):
    local most = 'max by (job, account, pbx_id) (max_over_time(%s[$__range] @ end()))' %
                 q.account(field.metric, 'pbx_id=~"$pbx", window="%s"' % q.chosen);
    '%s\nand on (job, account, pbx_id)\ntopk(%d, %s)' % [series, config.worst, most],

  // A quotient; absent where the divisor is 0, or where there are too few calls to say something.
  ratio(dividend, divisor): '%s\n/\n(%s > 0)' % [dividend, divisor],
  ratioOfMany(part, calls): '%s\n/\n(%s >= $few_calls)' % [part, calls],
  ratioOfFew(part, calls): '%s\n/\n((%s > 0) < $few_calls)' % [part, calls],

  // A number of each of the weeks before, as a vector that can be aggregated. `of` gives it for a week.
  local weeks(of) = std.join('\nor\n', [
    'label_replace(%s, "week", "%d", "", "")' % [of(week), week]
    for week in std.range(1, config.weeks)
  ]),

  // The middle of the same hour of the weeks before: one incident, or one holiday, doesn't move it far. `of` gives an
  // expression for an offset.
  usual(of, by=''):
    'quantile%s (0.5,\n%s\n)' % [if by == '' then '' else ' by (%s)' % by, weeks(function(week) of('%dw' % week))],

  // The same of every moment: the reading of the half hour that is nearest, since four weeks of sixty PBXs are many
  // samples. A reading of `backfill` is in any range of an hour.
  aggregated(function_, expr): '%s\n%s\n)' % [
    function_,
    weeks(function(week) 'last_over_time((%s)[59m:30m] offset %dd23h45m)' % [expr, 7 * week - 1]),
  ],

  // Calls in the last quarter of an hour: `today` less what it was then, each account for itself, so that one that
  // comes back after an outage doesn't bring its whole day along.
  quarter(field):
    local of(offset) = 'sum by (job, account) (%s)' % q.each(field, q.today, offset, within='');
    'sum(clamp_min(\n  %s\n  - %s,\n  0\n))' % [of(''), of('15m')],

  // The sum of a field over the chosen time and PBXs, from readings on the hour. The offset makes the full hour at the
  // range's end count and the one at its start not: Grafana ends a past day a millisecond early, and Prometheus 2 takes
  // both ends of a range that ends exactly there.
  total(field): 'sum(sum_over_time(\n  (%s)[${__range}:1h] offset -1s\n))' % onTheHour(field),

  // For how many hours of the chosen time there is a reading: the account with the fewest, which may have none at all.
  hoursRead(field):
    local readings = 'max by (job, account) (last_over_time(%s[5m]))' % q.account(field.metric, 'window="1h"');
    local read = 'count_over_time((%s)[${__range}:1h] offset -1s)' % readings;
    local none = 'max by (job, account) (0 * max_over_time(%s[$__range]))' % q.account('eightxeight_up');
    'min(\n  %s\n  or %s\n)' % [read, none],

  // A number in the clock hour that begins at each moment, read at that hour's end. Half an hour of range finds no
  // other hour's reading, so the hour that runs is absent.
  hourly(field): 'last_over_time(\n  (sum(%s))[30m:1h] offset -1h\n)' % onTheHour(field),

  // The midnight at which the day of each reading began, in the company's own time zone.
  local midnight = 'max by (job, account) (max_over_time(%s[1h]))' %
                   q.account('eightxeight_window_start_timestamp_seconds', 'window="today"'),

  // The calls of the weeks, read on the hour, by weekday (1 is Monday) and by the hour at which they began. `of` makes
  // one number of many: their mean or their sum. Midnight and 13 hours more lie in the same day of UTC from Hawaii to
  // New Zealand.
  byHourOfWeek(field, of):
    local hour = 'count_values by (job, account) ("hour", floor((time() - 1 - %s) / 3600))' % midnight;
    local weekday = '(day_of_week(%s + 46800) + 6) %% 7 + 1' % midnight;
    // Two digits, which a table sorts.
    'label_replace(\n%s,\n"hour", "0$1", "hour", "(.)"\n)' % std.join('\n', [
      'sum by (weekday, hour) (%s_over_time((' % of,
      '  sum by (job, account) (%s)' % onTheHour(field),
      '  * on (job, account) group_right ()',
      '  count_values by (job, account, hour) ("weekday",',
      '    (%s)' % weekday,
      '    * on (job, account) group_right ()',
      '    %s' % hour,
      '  )',
      ')[%dw:1h] offset -1s))' % config.weeks,
    ]),

  // The same by day: the Unix time of its noon, which is the same day in every zone near the company's.
  local day = 'count_values by (job, account) ("day", %s + 43200)' % midnight,
  local days = '[%dd:1h] offset -1s))' % (7 * (config.weeks + 1) + 1),
  byDay(field):
    std.join('\n', [
      'sum by (day) (sum_over_time((',
      '  sum by (job, account) (%s)' % onTheHour(field),
      '  * on (job, account) group_right ()',
      '  ' + day,
      ')' + days,
    ]),

  // Only days that are over and lie wholly within these weeks; one has 23 hours when the clocks go forward. The label
  // `week` is another `day`.
  fullDays(byDay): std.join('\n', [
    'label_replace(',
    byDay,
    'and on (day)',
    'max by (day) (count_over_time((',
    '  ' + day,
    ')%s >= 23,' % days,
    '"week", "$1", "day", "(.*)"',
    ')',
  ]),

  // Seconds since the newest good collection: that of the freshest exporter of each account.
  local newest(matchers) = 'max by (job, account, window) (%s)' %
                           q.account('eightxeight_collection_last_success_timestamp_seconds', matchers),
  age(labels, matchers=''): 'max by (%s) (\n  time() - %s\n)' % [labels, newest(matchers)],

  // The worst of them: nothing while an account waits for its first answer.
  oldest(matchers=''):
    local asked = 'max by (job, account, window) (%s)' % q.account('eightxeight_collection_success', matchers);
    'max(\n  time() - %s\n)\nunless on ()\n(\n  %s\n  unless %s\n)' % [newest(matchers), asked, newest(matchers)],
}
