// The dashboards and alerts as a mixin: `grafanaDashboards` has a dashboard for each file name, `prometheusAlerts` the
// groups of rules, `_config` what can be changed of the dashboards.
local rules = [
  std.parseYaml(importstr '../deploy/prometheus/rules/company.yml'),
  std.parseYaml(importstr '../deploy/prometheus/rules/exporter.yml'),
];

(import 'config.libsonnet') +
(import 'overview.libsonnet') +
(import 'pbx.libsonnet') +
(import 'exporter.libsonnet') +
{ prometheusAlerts+:: { groups+: std.flatMap(function(file) file.groups, rules) } }
