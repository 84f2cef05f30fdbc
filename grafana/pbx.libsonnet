// PBX Detail, for the analyst: how does one site do? And every field of 8x8's answer, in folded rows that follow from
// the field table.
local common = import 'calls.libsonnet';
local fields = import 'fields.libsonnet';
local panels = import 'panels.libsonnet';

// The metric without what all have in common, such as `inbound_calls_missed`.
local short(field) = field.metric[std.length('eightxeight_company_'):];

// In every answer that 8x8 has published these are 0 while there are thousands of inbound calls.
local unfilled = ['external', 'internal'];

// By the metric's name, so that a new field finds its place.
local groupOf(field) =
  local starts(prefix) = std.startsWith(short(field), prefix);
  if starts('external_') then 'external'
  else if starts('internal_') then 'internal'
  else if starts('extension_to_extension_') then 'extensions'
  else if field.unit == 'seconds' then 'times'
  else if starts('inbound_') then 'inbound'
  else if starts('outbound_') then 'outbound'
  else 'all';

local remedy(group, field) =
  local name = short(field);
  local ends(suffix) = std.endsWith(name, suffix);
  local has(part) = std.findSubstr(part, name) != [];
  if std.member(unfilled, group) then
    'In every answer that 8x8 has published this is 0. Where it is for you too, rest nothing on it.'
  else if group == 'outbound' then
    if ends('_calls') then 'Unlike the usual: ask the people on the phones what is different today.'
    else 'Nobody answers at the other end: see who is called, and at which hours.'
  else if group == 'extensions' then
    'Calls between colleagues. Unlike the usual: ask the people on the phones what is different today.'
  else if ends('_abandoned') || has('abandoned_time') then
    'Rising: people wait too long or call in vain. Staff the phones, or let calls ring elsewhere.'
  else if ends('_missed') then
    'Rising: see that phones are staffed and logged in, and where calls are forwarded to. Abandoned calls are among ' +
    'the missed ones, so never add the two.'
  else if ends('_answered') then "Falling while the calls don't: see who is logged in."
  else if has('ring_time') then 'Rising: too few people for the calls.'
  else if group == 'times' then 'Unlike the usual: ask the people on the phones what is different today.'
  else if has('voicemail') then 'See that somebody listens to them.'
  else 'None in working hours: call in from outside, and see Exporter Health.';

// The meaning, short enough for a narrow panel.
local title(meaning) =
  local start = std.foldl(function(text, mark) std.split(text, mark)[0], [':', ';', ','], meaning);
  std.strReplace(std.strReplace(start, ' that were ', ', '), ' that the caller abandoned', ', abandoned');

local conversions = {
  calls: "8x8's number as it is",
  ratio: "8x8's percentage / 100",
  seconds: "8x8's milliseconds / 1000",
};

local units = {
  calls: { unit: 'locale', decimals: 0, softMax: 5 },
  ratio: { unit: 'percentunit', decimals: 1, softMax: 1 },
  seconds: { unit: 'dthms', decimals: 0, softMax: 10 },
};

// Four or three in a line, whichever leaves fewer holes.
local width(count) =
  local holes(inLine) = (inLine - count % inLine) % inLine;
  if holes(3) < holes(4) then 8 else 6;

// The number of calls that a mean or a share is of; without such calls it says nothing.
local ofCalls = {
  avgRingTime: fields.totalCall,
  avgTalkTime: fields.totalAnswered,
  avgCallTime: fields.totalCall,
  avgAbandonedTime: fields.totalAbandoned,
  percentExternalInboundAnswered: fields.externalInboundTotal,
  percentExternalOutboundAnswered: fields.externalOutboundTotal,
};

{
  local config = $._config,
  local promql = (import 'promql.libsonnet')(config),
  local thresholds = (import 'thresholds.libsonnet')(config),
  local shared = common(config),
  local legend = '{{pbx_id}} {{account}}',

  local one(group, field) = panels.lines + units[field.unit] + {
    local calls = std.get(ofCalls, field.api_field),
    title: title(field.meaning),
    shows: field.meaning + '. One line for each PBX, the %d highest of them; each point covers `$window`.' % config.worst,
    formula: '%s (`%s`)%s' % [
      conversions[field.unit],
      field.metric,
      if calls == null then '' else ', where %s is above 0' % calls.api_field,
    ],
    fields: [field],
    remedy: remedy(group, field),
    bridged: calls == null,
    custom+: { fillOpacity: 0 },
    noValue: if calls == null then super.noValue else 'No such calls, or no fresh data',
    queries: [[
      promql.ofWorst(
        promql.each(field) + if calls == null then '' else '\nand\n%s > 0' % promql.each(calls),
        field,
      ),
      legend,
    ]],
  },

  local times = panels.lines {
    local of(time, calls) = promql.ratio(promql.sum(time), promql.sum(calls)),
    title: 'Talking, ringing, waiting in vain ($window)',
    shows:
      'Time spent talking per answered call, ringing per call, and before callers gave up. A gap: there was no such ' +
      'call.',
    formula:
      'totalTalkTime / totalAnswered, totalRingTime / totalCall, totalAbandonedTime / totalAbandoned, each summed ' +
      'over the chosen PBXs: means of means would be wrong',
    fields: [fields.totalTalkTime, fields.totalRingTime, fields.totalAbandonedTime],
    remedy: 'Ringing rises: too few people. Waits shorten while more callers give up: they have lost patience.',
    size: [12, 8],
    unit: 'dthms',
    decimals: 0,
    queries: [
      [of(fields.totalTalkTime, fields.totalAnswered), 'Talk, per answered call'],
      [of(fields.totalRingTime, fields.totalCall), 'Ring, per call'],
      [of(fields.totalAbandonedTime, fields.totalAbandoned), 'Wait, per caller who gave up'],
    ],
  },

  local talking = panels.lines {
    local window(name) = 'max by (job, account, window) (%s)' %
                         promql.account('eightxeight_window_%s_timestamp_seconds' % name, 'window="$window"'),
    title: 'People talking at once ($window)',
    shows: 'How many calls were going on at once, on average over $window: how many people were busy talking.',
    formula: 'totalTalkTime / the length of the window, summed over the chosen PBXs',
    fields: [fields.totalTalkTime],
    remedy: 'Near the number of people who are logged in: nobody is free for the next caller.',
    size: [12, 8],
    unit: 'none',
    decimals: 1,
    queries: [[
      'sum(\n%s\n/ on (job, account, window) group_left ()\n(%s\n- %s)\n)' % [
        promql.each(fields.totalTalkTime),
        window('end'),
        window('start'),
      ],
      'Talking at once',
    ]],
  },

  // What the alerts decide by, as deploy/prometheus/rules records it.
  local why = panels.lines {
    local rate = 'eightxeight_company_inbound_calls_abandoned_per_inbound_calls',
    local of(series, more='') =
      '%s:%s{job=~"$job", account=~"$account", pbx_id=~"$pbx"%s}' % [series[0], rate + ':' + series[1], more],
    local bound(window) = 'max(%s)' % of(['account_pbx_id_window', 'lower_bound'], ', window="%s"' % window),
    title: 'Why an alert fires',
    shows:
      'The share of callers that is lost for sure, chance aside, over a quarter of an hour and over an hour: at the ' +
      'PBX where it is highest. The alert fires when one is above both the dashed threshold and 2.5 times the usual.',
    formula: "Wilson's lower bound of abandoned / inbound; the usual of two weeks, as the alert rules record them",
    metrics: [rate + ':lower_bound', rate + ':usual'],
    remedy: 'Choose one PBX. See docs/runbooks.md, EightXEightAbandonRateHigh.',
    size: [12, 8],
    unit: 'percentunit',
    decimals: 1,
    noValue: 'Needs the recording rules of deploy/prometheus/rules in Prometheus',
    softMax: 0.3,
    thresholds: [step for step in thresholds.abandonRate if step[0] >= config.abandonRate.warning],
    queries: [
      [bound('15min'), 'Lost for sure, 15 minutes'],
      [bound('1h'), 'Lost for sure, 1 hour'],
      ['2.5 * max(%s)' % of(['account_pbx_id', 'usual']), '2.5 times the usual'],
    ],
    overrides: [panels.override('2.5 times the usual', [
      panels.fixed(panels.colors.grey),
      ['custom.lineStyle', { fill: 'dash', dash: [8, 6] }],
    ])],
  },

  local missedRate = panels.lines {
    title: 'Missed rate ($window)',
    shows: 'The share of the inbound calls in the window $window that nobody answered, at the %d PBXs that missed most.' %
           config.worst,
    formula: 'inboundMissed / inboundTotal, where there are at least %d calls; the threshold of the alert is dashed' %
             config.fewestCalls,
    fields: [fields.inboundMissed, fields.inboundTotal],
    remedy: remedy('inbound', fields.inboundMissed),
    size: [12, 8],
    unit: 'percentunit',
    decimals: 1,
    thresholds: thresholds.missedRate,
    custom+: { fillOpacity: 0 },
    softMax: 0.3,
    bridged: true,
    noValue: 'No fresh data, or too few calls',
    queries: [[
      promql.ofWorst(
        promql.ratioOfMany(promql.each(fields.inboundMissed), promql.each(fields.inboundTotal)),
        fields.inboundMissed,
      ),
      legend,
    ]],
  },

  local theWindow = panels.text {
    title: 'What a window is',
    content: |||
      8x8 is asked about a window: the calls of the last hour
      (1h), or since midnight (today). Each number is of the
      whole window: lines move slowly, and a bad quarter of
      an hour is seen for an hour.

      Windows overlap: never add two readings of a line. The
      totals of Company Overview are added up from readings
      an hour apart.

      Missed calls are all that nobody answered; abandoned
      ones are those in which the caller gave up before.
    |||,
  },

  local row(group, title, more=[]) =
    local members = [field for field in fields.all if groupOf(field) == group];
    local isWhole(field) = std.endsWith(short(field), 'calls');
    // The whole before its parts.
    local sorted = std.filter(isWhole, members) + [field for field in members if !isWhole(field)];
    local all = [one(group, field) for field in sorted] + more;
    {
      title: title + ' ($window)',
      collapsed: true,
      panels: [panel { size: [width(std.length(all)), 7] } for panel in all],
    },

  grafanaDashboards+:: {
    'eightxeight-pbx.json': (import 'dashboard.libsonnet')(config) {
      uid: 'eightxeight-pbx',
      title: '8x8 / PBX Detail',
      description: "How does one site do? And every number of 8x8's Company Summary, for each PBX.",
      rows: [
        {
          title: 'How does this site do?',
          panels: shared.bands + [talking, times, shared.eachHour { size: [24, 8] }, why, missedRate],
        },
        row('inbound', 'Inbound'),
        row('outbound', 'Outbound'),
        row('extensions', 'Extension to extension'),
        row('all', 'All directions and voicemail', [theWindow]),
        row('times', 'Times'),
        row('external', 'From and to outside; 8x8 may not fill these'),
        row('internal', 'From and to inside; 8x8 may not fill these'),
      ],
    },
  },
}
