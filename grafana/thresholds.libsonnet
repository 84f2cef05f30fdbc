// Where colours change: pairs of a value and the colour from there on.
local colors = (import 'panels.libsonnet').colors;

function(config) {
  // As the alerts have it.
  abandonRate: [
    [0, colors.green],
    [config.abandonRate.amber, colors.amber],
    [config.abandonRate.warning, colors.red],
    [config.abandonRate.critical, colors.darkRed],
  ],

  // There is no amber below the warning, and a rate just below it isn't green.
  missedRate: [[0, 'transparent'], [config.missedRate.warning, colors.red]],

  // Age of the newest answer: while it is fresh it counts, and when it is stale the exporter shows it no more.
  age: [[0, colors.green], [config.freshMinutes * 60, colors.amber], [config.staleSeconds, colors.red]],
}
