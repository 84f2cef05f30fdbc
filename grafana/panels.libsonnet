// Panels. Each is one of these kinds with its own `title`, `queries` and so on; what a kind has with `::` isn't in the
// dashboard's file itself, but what is there is made of it.
local colors = {
  // Grafana paints what has no data with the lowest step, and no data is never green.
  grey: '#6b7280',
  // Of what is in the background and still to be seen.
  lightGrey: '#9ca3af',
  green: 'green',
  amber: 'orange',
  red: 'red',
  darkRed: 'dark-red',
  blue: 'blue',
};

local datasource = { type: 'prometheus', uid: '${datasource}' };

local code(names) = std.join(', ', ['`%s`' % name for name in names]);

// Grafana's `thresholds`: what has no data, then each colour from its value on.
local thresholds(steps, noData=colors.grey) = {
  mode: 'absolute',
  steps: [{ color: noData, value: null }] + [{ color: step[1], value: step[0] } for step in steps],
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

  // Expressions with their legends, and for a line the least distance of its points.
  queries:: error 'queries',
  instant:: true,
  format:: 'time_series',
  datasource: datasource,
  targets: std.mapWithIndex(function(i, query) {
    refId: std.char(std.codepoint('A') + i),
    expr: query[0],
    legendFormat: query[1],
    [if std.length(query) > 2 then 'interval']: query[2],
    format: p.format,
    instant: p.instant,
    range: !p.instant,
    editorMode: 'code',
    datasource: datasource,
  }, p.queries),

  // By Grafana's name for it; without decimals Grafana chooses how many are worth showing.
  unit:: error 'unit',
  decimals:: null,
  // What an empty panel says.
  noValue:: 'No fresh data: see Exporter Health',
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

// Properties, pairs of an id and a value, of what has this name.
local override(name, properties, matcher='byName') = {
  matcher: { id: matcher, options: name },
  properties: [{ id: property[0], value: property[1] } for property in properties],
};

local sorted(field, desc=false) = { id: 'sortBy', options: { fields: {}, sort: [{ field: field, desc: desc }] } };

local colored = panel {
  // Pairs of a value and the colour from there on.
  thresholds:: [[0, colors.blue]],
  noDataColor:: colors.grey,
  defaults+:: { color: { mode: 'thresholds' }, thresholds: thresholds($.thresholds, $.noDataColor) },
};

{
  colors: colors,
  sorted: sorted,

  // Fields with Unix times as times.
  times(fields): { id: 'convertFieldType', options: { fields: {}, conversions: [
    { targetField: field, destinationType: 'time', dateFormat: 'X' }
    for field in fields
  ] } },

  // By their number.
  weekdays: { '1': 'Mon', '2': 'Tue', '3': 'Wed', '4': 'Thu', '5': 'Fri', '6': 'Sat', '7': 'Sun' },

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
    local p = self,
    type: 'table',
    format: 'table',
    // What a cell without a number says, and one without a text.
    noNumber:: '–',
    custom: { minWidth: 60 },
    options: { cellHeight: 'sm', showHeader: true },
    fieldConfig+: {
      overrides: [
        override('number', [['noValue', p.noNumber]], 'byType'),
        override('string', [['noValue', ' ']], 'byType'),
      ] + p.overrides,
    },
  },

  // Cells that are coloured by their numbers. The fields whose values make the rows and the columns, and what these
  // values are called.
  matrix: $.table {
    local p = self,
    // Transformations before.
    prepared:: [sorted(p.columns)],
    rows:: error 'rows',
    columns:: error 'columns',
    rowNames:: {},
    columnNames:: {},
    local corner = '%s\\%s' % [p.rows, p.columns],
    noNumber:: ' ',
    custom+: { minWidth: 50, align: 'center', cellOptions: { type: 'color-background', mode: 'basic' } },
    transformations: p.prepared + [
      { id: 'groupingToMatrix', options: {
        rowField: p.rows,
        columnField: p.columns,
        valueField: 'Value #A',
        emptyValue: 'null',
      } },
      sorted(corner),
    ],
    overrides: [override(corner, [
      ['displayName', ' '],
      ['unit', 'string'],
      ['custom.width', 44],
      ['custom.cellOptions', { type: 'auto' }],
      ['mappings', [{ type: 'value', options: {
        [name]: { text: p.rowNames[name] }
        for name in std.objectFields(p.rowNames)
      } }]],
    ])] + [
      override(name, [['displayName', p.columnNames[name]]])
      for name in std.objectFields(p.columnNames)
    ],
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
    // What the axis shows at least.
    softMax:: null,
    custom: {
      drawStyle: 'line',
      lineWidth: 2,
      fillOpacity: 5,
      showPoints: 'auto',
      spanNulls: if p.bridged then 61 * 60 * 1000 else false,
      axisSoftMin: 0,
      [if p.softMax != null then 'axisSoftMax']: p.softMax,
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

  // Bars upon each other.
  bars: $.lines {
    custom+: {
      drawStyle: 'bars',
      fillOpacity: 70,
      lineWidth: 0,
      barAlignment: 1,
      showPoints: 'never',
      stacking: { mode: 'normal', group: 'A' },
    },
  },

  // Words.
  text: placed {
    local p = self,
    type: 'text',
    title: '',
    content:: error 'content',
    options: { mode: 'markdown', content: std.rstripChars(p.content, '\n') },
  },

  override: override,

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
