// PBX Detail, for the analyst: every field of 8x8's answer has a panel. The panels follow from the field table.
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
  calls: { unit: 'locale', decimals: 0 },
  ratio: { unit: 'percentunit', decimals: 1 },
  seconds: { unit: 's' },
};

// Four or three in a line, whichever leaves fewer holes.
local width(count) =
  local holes(inLine) = (inLine - count % inLine) % inLine;
  if holes(3) < holes(4) then 8 else 6;

{
  local config = $._config,
  local promql = (import 'promql.libsonnet')(config),
  local colors = (import 'thresholds.libsonnet')(config),
  local legend = '{{pbx_id}} {{account}}',

  local one(group, field) = panels.lines + units[field.unit] + {
    title: title(field.meaning),
    shows: field.meaning + ' in the last $window, for each PBX.',
    formula: '%s (`%s`)' % [conversions[field.unit], field.metric],
    fields: [field],
    remedy: remedy(group, field),
    bridged: true,
    queries: [[promql.fresh(field, promql.chosen), legend]],
  },

  local rate(title, part, thresholds) = panels.lines {
    local calls = fields.inboundTotal,
    title: title,
    shows: 'The share of the inbound calls in the last $window, for each PBX.',
    formula: (
      '%s / %s, where there are at least %d calls in the window; the threshold of the alert is dashed'
    ) % [part.api_field, calls.api_field, config.fewestCalls],
    fields: [part, calls],
    remedy: remedy('inbound', part),
    unit: 'percentunit',
    decimals: 1,
    thresholds: thresholds,
    custom+: { axisSoftMax: 0.3 },
    bridged: true,
    queries: [[promql.share(part, calls), legend]],
  },

  local row(group, title, more=[]) =
    local members = [field for field in fields.all if groupOf(field) == group];
    local isWhole(field) = std.endsWith(short(field), 'calls');
    // The whole before its parts.
    local sorted = std.filter(isWhole, members) + [field for field in members if !isWhole(field)];
    local all = [one(group, field) for field in sorted] + more;
    {
      title: title,
      collapsed: std.member(unfilled, group),
      panels: [panel { size: [width(std.length(all)), 7] } for panel in all],
    },

  grafanaDashboards+:: {
    'eightxeight-pbx.json': (import 'dashboard.libsonnet')(config) {
      uid: 'eightxeight-pbx',
      title: '8x8 / PBX Detail',
      description: "Every number of 8x8's Company Summary, for each PBX.",
      rows: [
        row('inbound', 'Inbound', [
          rate('Abandon rate', fields.inboundAbandoned, colors.abandonRate),
          rate('Missed rate', fields.inboundMissed, colors.missedRate),
        ]),
        row('outbound', 'Outbound'),
        row('extensions', 'Extension to extension'),
        row('all', 'All directions and voicemail', [panels.windows]),
        row('times', 'Times'),
        row('external', 'From and to outside (8x8 may not fill these)'),
        row('internal', 'From and to inside (8x8 may not fill these)'),
      ],
    },
  },
}
