// The dashboards as a mixin: `grafanaDashboards` has a dashboard for each file name, `_config` what can be changed.
(import 'config.libsonnet') +
(import 'overview.libsonnet') +
(import 'pbx.libsonnet') +
(import 'exporter.libsonnet')
