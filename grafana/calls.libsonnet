// What Company Overview and PBX Detail have in common: inbound calls beside the usual, and what became of them.
local fields = import 'fields.libsonnet';
local panels = import 'panels.libsonnet';
local colors = panels.colors;

local inbound = fields.inboundTotal;
local answered = fields.inboundAnswered;
local missed = fields.inboundMissed;
local abandoned = fields.inboundAbandoned;

function(config) {
  local promql = (import 'promql.libsonnet')(config),
  local thresholds = (import 'thresholds.libsonnet')(config),

  // By offset and window, each summed over the chosen PBXs.
  local of(field) = function(offset='', window=promql.chosen) promql.sum(field, window, offset),
  inbound: of(inbound),

  // They add up to the inbound calls.
  outcomes: [
    ['Answered', of(answered), colors.green],
    [
      'Rang out or voicemail',
      function(offset='', window=promql.chosen)
        '(%s - %s)' % [of(missed)(offset, window), of(abandoned)(offset, window)],
      colors.amber,
    ],
    ['Abandoned', of(abandoned), colors.red],
  ],

  // A line and the range of the weeks before.
  local band(now) = panels.lines {
    local hidden = [['custom.lineWidth', 0], ['custom.showPoints', 'never']],
    size: [24, 8],
    bridged: true,
    noValue: 'No fresh data: see Exporter Health, or run check',
    queries: [
      [promql.aggregated('max(', now), 'Range of %d weeks' % config.weeks, '30m'],
      [promql.aggregated('min(', now), 'Lowest of %d weeks' % config.weeks, '30m'],
      [promql.aggregated('quantile(0.5,', now), 'Usual', '30m'],
      [now, 'Now'],
    ],
    custom+: { fillOpacity: 0 },
    overrides: [
      panels.override('/^Range/', hidden + [
        panels.fixed(colors.lightGrey),
        ['custom.fillBelowTo', 'Lowest of %d weeks' % config.weeks],
        ['custom.fillOpacity', 50],
      ], 'byRegexp'),
      panels.override('/^Lowest/', hidden + [
        panels.fixed(colors.lightGrey),
        ['custom.hideFrom', { legend: true, tooltip: false, viz: false }],
      ], 'byRegexp'),
      panels.override('Usual', [
        panels.fixed(colors.lightGrey),
        ['custom.lineWidth', 1],
        ['custom.showPoints', 'never'],
        ['custom.lineStyle', { fill: 'dash', dash: [8, 6] }],
      ]),
      panels.override('Now', [panels.fixed(colors.blue), ['custom.lineWidth', 3]]),
    ],
  },

  local theBand = (
    'The band is the range of the same half hour in the %d weeks before, dashed its middle. No band: there is no ' +
    'week of history yet; `backfill` fetches it.'
  ) % config.weeks,

  bands: [
    band(promql.sum(inbound)) {
      title: 'Inbound calls ($window) and the usual range',
      shows: 'At each moment, the inbound calls in the $window before it. ' + theBand,
      formula: 'inbound calls, summed over the chosen PBXs; the same with offset 1w to %dw' % config.weeks,
      fields: [inbound],
      remedy: 'Above the band: plan for a busy day. Below it: call in from outside.',
      unit: 'locale',
      decimals: 0,
    },
    band(promql.ratioOfMany(promql.sum(abandoned), promql.sum(inbound))) {
      title: 'Abandon rate ($window) and the usual range',
      shows: 'At each moment, the abandon rate in the $window before it. ' + theBand,
      formula: 'abandoned / inbound calls, each summed over the chosen PBXs, where there are at least %d calls' %
               config.fewestCalls,
      fields: [abandoned, inbound],
      remedy: 'Above the band: more callers give up than usual. Put more people on the phones.',
      unit: 'percentunit',
      decimals: 1,
      softMax: 0.1,
      thresholds: thresholds.abandonRate,
    },
  ],

  eachHour: panels.bars {
    title: 'Inbound calls in each clock hour',
    shows:
      'What became of the calls of each hour. The parts add up to the inbound calls; together the hours are the ' +
      "totals. The hour that runs isn't shown.",
    formula:
      'the reading of the window `1h` at the end of each hour, summed over the chosen PBXs; rang out or voicemail = ' +
      'missed - abandoned',
    fields: [answered, missed, abandoned],
    remedy: 'Plan people for the high hours. A gap is an hour without a reading.',
    size: [24, 9],
    unit: 'locale',
    decimals: 0,
    interval: '1h',
    noValue: 'Needs the window 1h, and a first full hour',
    queries: [
      [promql.hourly(answered), 'Answered'],
      ['%s\n-\n%s' % [promql.hourly(missed), promql.hourly(abandoned)], 'Rang out or voicemail'],
      [promql.hourly(abandoned), 'Abandoned'],
    ],
    overrides: [panels.override(outcome[0], [panels.fixed(outcome[2])]) for outcome in $.outcomes],
  },
}
