// What the dashboards have in common: variables, links, annotations, and panels put onto the grid.
local panels = import 'panels.libsonnet';

local columns = 24;

// Each panel at the first free place from the top and then the left, and the line below them all.
local place(panels, top) =
  local add(grid, panel) =
    local w = panel.gridPos.w;
    local levels = [std.foldl(std.max, grid.levels[x:x + w], top) for x in std.range(0, columns - w)];
    local y = std.foldl(std.min, levels, levels[0]);
    local x = std.find(y, levels)[0];
    local below = y + panel.gridPos.h;
    {
      panels: grid.panels + [panel { gridPos+: { x: x, y: y } }],
      levels: [if c >= x && c < x + w then below else grid.levels[c] for c in std.range(0, columns - 1)],
      end: std.max(grid.end, below),
    };
  std.foldl(add, panels, { panels: [], levels: std.repeat([top], columns), end: top });

// Rows of panels below each other, each panel with an id.
local arrange(rows) =
  local add(grid, row) =
    // Without a title there is no line for it.
    local titled = std.objectHas(row, 'title');
    local placed = place(row.panels, grid.end + if titled then 1 else 0);
    local inner = std.mapWithIndex(function(i, panel) panel { id: grid.id + 1 + i }, placed.panels);
    local collapsed = std.get(row, 'collapsed', false);
    local head = {
      id: grid.id,
      type: 'row',
      title: row.title,
      collapsed: collapsed,
      gridPos: { x: 0, y: grid.end, w: columns, h: 1 },
      panels: if collapsed then inner else [],
    };
    {
      panels: grid.panels + (if titled then [head] else []) + if collapsed then [] else inner,
      id: grid.id + 1 + std.length(inner),
      end: placed.end,
    };
  std.foldl(add, rows, { panels: [], id: 1, end: 0 }).panels;

// What Grafana wants of every variable.
local variable = { regex: '', hide: 0, multi: false, includeAll: false, current: {}, options: [] };

local query(name, label, selector, of) = variable {
  name: name,
  label: label,
  type: 'query',
  datasource: panels.datasource,
  definition: 'label_values(%s, %s)' % [selector, of],
  query: { qryType: 1, query: $.definition, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
  // When the time range changes.
  refresh: 2,
  sort: 1,
  skipUrlSync: false,
};

// Several values, at first all.
local many = {
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: ['All'], value: ['$__all'], selected: true },
};

local variables(metric, ofCalls, config) =
  // Exporter Health doesn't ask for a PBX or a window; a link to the other dashboards hands them on.
  local hidden = if ofCalls then {} else { hide: 2 };
  local calls = 'eightxeight_company_calls{job=~"$job", instance=~"$instance", account=~"$account"}';
  [
    variable { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1 },
    query('job', 'Job', metric, 'job') + many,
    query('instance', 'Instance', metric + '{job=~"$job"}', 'instance') + many,
    // With a single account there is no such label.
    query('account', 'Account', metric + '{job=~"$job", instance=~"$instance"}', 'account') + many { allValue: '.*' },
    query('pbx', 'PBX', calls, 'pbx_id') + many + hidden,
    query('window', 'Window', calls, 'window') { current: { text: '1h', value: '1h', selected: true } } + hidden,
    variable {
      local calls = std.toString(config.fewestCalls),
      name: 'few_calls',
      type: 'constant',
      hide: 2,
      query: calls,
      current: { text: calls, value: calls, selected: true },
    },
  ];

// Alerts about calls have no instance and some about the exporter no PBX, hence the empty alternatives.
local firing = 'ALERTS{alertname=~"EightXEight.+", alertstate="firing", job=~"$job|", instance=~"$instance|", ' +
               'account=~"$account|", pbx_id=~"$pbx|"}';

local annotations = [
  {
    name: 'Annotations & Alerts',
    type: 'dashboard',
    builtIn: 1,
    enable: true,
    hide: true,
    iconColor: 'rgba(0, 211, 255, 1)',
    datasource: { type: 'grafana', uid: '-- Grafana --' },
  },
  {
    name: 'Alerts',
    enable: true,
    hide: false,
    iconColor: 'red',
    datasource: panels.datasource,
    expr: firing,
    step: '60s',
    titleFormat: '{{alertname}} ({{severity}})',
    textFormat: '{{pbx_id}} {{window}} {{instance}}',
    tagKeys: 'alertname,pbx_id,window,severity',
    useValueForTime: false,
  },
];

// What fires, in one line above all else.
local alerts = panels.stat {
  title: 'Firing alerts',
  shows: 'What fires now, and how often: an alert about calls fires for each PBX.',
  formula: 'the series of `ALERTS` that fire, by name and severity',
  metrics: ['ALERTS'],
  remedy: 'See docs/runbooks.md under the name of the alert.',
  size: [columns, 3],
  unit: 'none',
  decimals: 0,
  noValue: 'No alert fires',
  // A panel can't vanish; this one is quiet.
  noDataColor: 'transparent',
  thresholds: [[1, panels.colors.red]],
  options+: { colorMode: 'background', textMode: 'value_and_name' },
  overrides: [
    panels.override('/[(]%s[)]$/' % severity[0], [panels.fixed(severity[1])], 'byRegexp')
    for severity in [['critical', panels.colors.darkRed], ['warning', panels.colors.amber]]
  ],
  queries: [['count by (alertname, severity) (%s)' % firing, '{{alertname}} ({{severity}})']],
};

function(config) {
  local dashboard = self,

  // Rows: a title, its panels, and whether it is `collapsed`.
  rows:: error 'rows',
  // The metric whose labels fill the variables, and whether the reader chooses PBXs and a window.
  labelsOf:: 'eightxeight_company_calls',
  ofCalls:: true,

  tags: [config.dashboardTag],
  schemaVersion: 39,
  version: 1,
  editable: false,
  graphTooltip: 1,
  time: { from: 'now-24h', to: 'now' },
  timezone: 'browser',
  refresh: config.dashboardRefresh,
  fiscalYearStartMonth: 0,
  liveNow: false,
  links: [{
    type: 'dashboards',
    tags: dashboard.tags,
    title: '8x8',
    tooltip: 'The other dashboards, with this time and these choices',
    icon: 'external link',
    asDropdown: false,
    includeVars: true,
    keepTime: true,
    targetBlank: false,
    url: '',
  }],
  annotations: { list: annotations },
  templating: { list: variables(dashboard.labelsOf, dashboard.ofCalls, config) },
  panels: arrange([{ panels: [alerts] }] + dashboard.rows),
}
