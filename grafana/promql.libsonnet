// PromQL for panels. 8x8's numbers are windowed gauges, so there is no `rate` of them: what is read is the newest
// number of each PBX, and totals are sums of readings an hour apart.
local indent(text, by) =
  std.join('\n', [std.repeat(' ', by) + line for line in std.split(text, '\n')]);

function(config) {
  local q = self,
  local ofExporter = 'job=~"$job", instance=~"$instance"',
  local ofAccount = ofExporter + ', account=~"$account"',
  local fresh = '%dm' % config.freshMinutes,

  // The window that the reader chose; the one whose readings an hour apart cover time without gap or overlap; the one
  // from midnight on.
  chosen: '$window',
  hour: '1h',
  today: 'today',

  // A metric of the process: it belongs to no account.
  process(metric): '%s{%s}' % [metric, ofExporter],

  // A metric of an account.
  account(metric, matchers=''): '%s{%s%s}' % [metric, ofAccount, if matchers == '' then '' else ', ' + matchers],

  local ofWindow(metric, window) = q.account(metric, 'window="%s"' % window),
  local company(field, window) = q.account(field.metric, 'pbx_id=~"$pbx", window="%s"' % window),

  // `unless … == 0` and not `and … == 1`: what `backfill` wrote has no collections.
  local byPbx(reading, window, offset='') = std.join('\n', [
    'max by (job, account, pbx_id, window) (',
    indent(reading, 4),
    '  unless on (job, account, instance, window)',
    '    (max_over_time(%s[%s]%s) == 0)' % [ofWindow('eightxeight_collection_success', window), fresh, offset],
    ')',
  ]),

  // A field for each PBX. Two exporters of one account see the same calls, hence the largest and not the sum; the one
  // whose collections fail shows old calls, hence only fresh ones.
  fresh(field, window): byPbx(company(field, window), window),

  // The same a week before. Points that `backfill` wrote can be an hour apart.
  weekBefore(field, window):
    local reading = 'last_over_time(%s[1h] offset 1w)' % company(field, window);
    byPbx(reading, window, ' offset 1w'),

  // The sum over the chosen PBXs.
  sum(series): 'sum(\n%s\n)' % indent(series, 2),

  // The sum over the chosen PBXs in the chosen window.
  now(field): q.sum(q.fresh(field, q.chosen)),

  // A quotient of sums; absent where the divisor is 0.
  ratio(dividend, divisor): '%s\n/\n(%s > 0)' % [dividend, divisor],

  // A share of calls where there are enough of them to say something, and where there are too few.
  shareOfMany(part, calls): '%s\n/\n(%s >= %d)' % [part, calls, config.fewestCalls],
  shareOfFew(part, calls): '%s\n/\n((%s > 0) < %d)' % [part, calls, config.fewestCalls],

  // The share of the inbound calls of each PBX.
  share(part, calls): q.shareOfMany(q.fresh(part, q.chosen), q.fresh(calls, q.chosen)),

  // The offset makes the full hour at the range's end count and the one at its start not: Grafana ends a past day a
  // millisecond early, and Prometheus 2 takes both ends of a range that ends exactly there.
  local overRange(fn, field) =
    '%s(\n  (\n%s\n  )[${__range}:1h] offset -1s\n)' % [fn, indent(q.fresh(field, q.hour), 4)],

  // The sum of a field over the chosen time and PBXs, from readings on the hour.
  total(field): q.sum(overRange('sum_over_time', field)),

  // For how many hours of the chosen time there is a reading, where there are most.
  hoursRead(field): 'max(\n%s\n)' % indent(overRange('count_over_time', field), 2),

  // A field in the clock hour around each moment, read at that hour's end.
  hourByHour(field):
    q.sum('last_over_time(\n  (\n%s\n  )[1h:1h] offset -1h\n)' % indent(q.fresh(field, q.hour), 6)),

  // Seconds since the newest good collection: that of the freshest exporter of each account.
  age(labels='', matchers=''):
    local newest = q.account('eightxeight_collection_last_success_timestamp_seconds', matchers);
    'max by (%s) (\n  time() - max by (job, account, window) (\n    %s\n  )\n)' % [labels, newest],
}
