// Panels. Each is one of these kinds with its own `title`, `queries` and so on; what a kind has with `::` isn't in the
// dashboard's file itself, but what is there is made of it.
local colors = {
  // Grafana paints what has no data with the lowest step, and no data is never green.
  grey: '#6b7280',
  green: 'green',
  amber: 'orange',
  red: 'red',
  darkRed: 'dark-red',
  blue: 'blue',
};

local datasource = { type: 'prometheus', uid: '${datasource}' };

local code(names) = std.join(', ', ['`%s`' % name for name in names]);

// Grafana's `thresholds`: grey, then each colour from its value on.
local thresholds(steps) = {
  mode: 'absolute',
  steps: [{ color: colors.grey, value: null }] + [{ color: step[1], value: step[0] } for step in steps],
};

local placed = {
  // Columns, of which there are 24, and Grafana's rows of 30 pixels and a gap.
  size:: [6, 8],
  gridPos: { w: $.size[0], h: $.size[1] },
};

local panel = placed {
  local p = self,

  // What a reader is told: what is shown, how it is calculated, out of which of 8x8's fields or of which metrics, and
  // what to do when it looks bad.
  shows:: error 'what it shows',
  formula:: error 'how it is calculated',
  fields:: [],
  metrics:: [],
  remedy:: error 'what to do',
  description:
    local source =
      if p.fields == [] then '**Metrics:** ' + code(p.metrics)
      else "**8x8's fields:** " + code([field.api_field for field in p.fields]);
    std.join('\n\n', [p.shows, '**Formula:** ' + p.formula, source, '**What to do:** ' + p.remedy]),

  // Pairs of an expression and its legend.
  queries:: error 'queries',
  instant:: true,
  format:: 'time_series',
  datasource: datasource,
  targets: std.mapWithIndex(function(i, query) {
    refId: std.char(std.codepoint('A') + i),
    expr: query[0],
    legendFormat: query[1],
    format: p.format,
    instant: p.instant,
    range: !p.instant,
    editorMode: 'code',
    datasource: datasource,
  }, p.queries),

  // By Grafana's name for it; without decimals Grafana chooses how many are worth showing.
  unit:: error 'unit',
  decimals:: null,
  noValue:: 'No data',
  defaults:: {},
  custom:: {},
  overrides:: [],
  fieldConfig: {
    defaults: {
      unit: p.unit,
      [if p.decimals != null then 'decimals']: p.decimals,
      noValue: p.noValue,
      custom: p.custom,
    } + p.defaults,
    overrides: p.overrides,
  },
  options: {},
  transformations: [],
};

local colored = panel {
  // Pairs of a value and the colour from there on.
  thresholds:: [[0, colors.blue]],
  defaults+:: { color: { mode: 'thresholds' }, thresholds: thresholds($.thresholds) },
};

{
  colors: colors,
  datasource: datasource,
  thresholds: thresholds,

  // A number. It is asked for as it is now: the last of a series would outlive the data.
  stat: colored {
    type: 'stat',
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'center',
      textMode: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  },

  // A row for each PBX, or whatever the queries have in common.
  table: colored {
    type: 'table',
    format: 'table',
    custom: { minWidth: 60 },
    options: { cellHeight: 'sm', showHeader: true },
  },

  // Lines over time.
  lines: panel {
    local p = self,
    type: 'timeseries',
    instant: false,
    // Drawn as dashed lines, but none along the axis; the series keep their own colours.
    thresholds:: [],
    // Lines go on over holes of an hour: points that `backfill` wrote are so far apart.
    bridged:: false,
    custom: {
      drawStyle: 'line',
      lineWidth: 2,
      fillOpacity: 5,
      showPoints: 'auto',
      spanNulls: if p.bridged then 61 * 60 * 1000 else false,
      axisSoftMin: 0,
      thresholdsStyle: { mode: if p.thresholds == [] then 'off' else 'dashed' },
    },
    defaults: {
      color: { mode: 'palette-classic' },
      [if p.thresholds != [] then 'thresholds']: thresholds([step for step in p.thresholds if step[0] != 0]),
    },
    options: {
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },

  // For whoever looks at numbers of windows.
  windows: placed {
    type: 'text',
    title: 'What a window is',
    local content = |||
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
    options: { mode: 'markdown', content: std.rstripChars(content, '\n') },
  },

  // Properties, pairs of an id and a value, of what has this name.
  override(name, properties, matcher='byName'): {
    matcher: { id: matcher, options: name },
    properties: [{ id: property[0], value: property[1] } for property in properties],
  },

  // A colour that no threshold changes.
  fixed(color): ['color', { mode: 'fixed', fixedColor: color }],

  // One table of several queries, whose values get names; columns that are left out, and what others are called.
  merge: { id: 'merge', options: {} },
  names(columns): {
    ['Value #' + std.char(std.codepoint('A') + i)]: columns[i]
    for i in std.range(0, std.length(columns) - 1)
  },
  organize(hidden, names): {
    id: 'organize',
    options: { excludeByName: { [name]: true for name in hidden }, renameByName: names, indexByName: {} },
  },
}
