// What differs from one installation to the next. A panel's colours change at the thresholds of the alerts in
// deploy/prometheus/rules; tests/behaviour/dashboards holds the two together.
{
  _config+:: {
    // Abandoned and missed inbound calls per inbound call.
    abandonRate: { amber: 0.05, warning: 0.1, critical: 0.25 },
    missedRate: { warning: 0.3 },
    // A rate over fewer inbound calls says little: two lost of three would be 67 %.
    fewestCalls: 20,

    // With how many weeks before the dashboards compare.
    weeks: 4,
    // How many PBXs a chart shows at most.
    worst: 8,

    // How long after its last good collection a window's data counts.
    freshMinutes: 3,
    // The age from which the exporter shows no calls any more: its --collect.max-staleness.
    staleSeconds: 600,

    // By it the dashboards find each other.
    dashboardTag: 'eightxeight',
    dashboardRefresh: '1m',
  },
}
