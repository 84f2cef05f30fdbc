// Exporter Health, for the operator: is it working, and if not, what to do?
local panels = import 'panels.libsonnet';
local colors = panels.colors;

// Legends of what there is for each window, for each window of each exporter, and for each account of each exporter.
local ofWindow = '{{window}} {{account}}';
local ofInstance = '{{window}} {{account}} {{instance}}';
local ofAccount = '{{account}} {{instance}}';

local noExporter = 'No exporter: does Prometheus scrape one?';
local stat = panels.stat { size: [8, 3], options+: { colorMode: 'background' }, noValue: noExporter };
local lines = panels.lines { size: [8, 7], noValue: noExporter };
local counts = lines { unit: 'none', decimals: 0, softMax: 1 };
local seconds = lines { unit: 's', softMax: 1 };
// Of minutes and hours.
local minutes = lines { unit: 'dthms', decimals: 0, softMax: 60 };
// Bars in red: a failure is never green.
local failed = {
  custom+: { drawStyle: 'bars', fillOpacity: 80, lineWidth: 0 },
  defaults+: { color: { mode: 'shades', fixedColor: colors.red } },
};
local perMinute = lines { unit: 'reqpm', softMax: 1 };

// A 0 or 1 in words, each with its colour.
local verdict(zero, one) = stat {
  unit: 'none',
  decimals: 0,
  thresholds: [],
  defaults+: {
    mappings: [{
      type: 'value',
      options: {
        '0': { text: zero[0], color: zero[1], index: 0 },
        '1': { text: one[0], color: one[1], index: 1 },
      },
    }],
  },
};

{
  local promql = (import 'promql.libsonnet')($._config),
  local thresholds = (import 'thresholds.libsonnet')($._config),

  local process = promql.process,
  local account = promql.account,
  local rate(metric) = 'rate(%s[$__rate_interval])' % account(metric),

  local lastSuccess = 'eightxeight_collection_last_success_timestamp_seconds',
  local failures = 'eightxeight_api_request_failures_total',
  local backoff = 'eightxeight_api_backoff_until_timestamp_seconds',
  local nextLogin = 'eightxeight_api_next_login_timestamp_seconds',

  // A metric as it is, by its selector and legend.
  local asItIs(metric, selected, legend) = {
    formula: metric + ' as it is',
    metrics: [metric],
    queries: [[selected(metric), legend]],
  },

  local summary = [
    verdict(['Down', colors.red], ['All up', colors.green]) {
      title: 'Scrapes',
      shows: 'Whether Prometheus reaches all chosen exporters.',
      formula: 'the smallest `up`',
      metrics: ['up'],
      remedy: "Down: see whether the process runs, what its log says last, and Prometheus' page Targets.",
      noValue: 'No target',
      queries: [['min(%s)' % process('up'), '']],
    },
    verdict(['Failing', colors.red], ['Working', colors.green]) {
      title: 'Collections',
      shows: 'Whether the newest collection of every window of every chosen account worked.',
      formula: 'the smallest eightxeight_up',
      metrics: ['eightxeight_up'],
      remedy: 'Failing: the failures below say why; `eightxeight-exporter check` says what to do.',
      queries: [['min(%s)' % account('eightxeight_up'), '']],
    },
    stat {
      title: 'Data age',
      shows:
        "How old the oldest window's newest answer is. Amber: not fresh any more, so no alert about calls looks at " +
        'it. Red: older than the exporter serves by default.',
      formula: 'now less the time of the last good collection, the worst window; none while an account waits for its first',
      metrics: [lastSuccess],
      remedy: 'Amber or red: see which failures rise below.',
      unit: 's',
      thresholds: thresholds.age,
      noValue: 'No answer yet',
      queries: [[promql.oldest(), '']],
    },
    verdict(['Not refused', colors.green], ['Refused', colors.red]) {
      title: 'Credentials',
      shows: "Whether 8x8's last word on the API key, the user or the password was no.",
      formula: 'the largest eightxeight_credentials_refused',
      metrics: ['eightxeight_credentials_refused'],
      remedy:
        "Refused: put the right ones into the secrets' files. A change is noticed by itself; until then the " +
        'exporter tries less and less often, so that 8x8 does not lock the user.',
      queries: [['max(%s)' % account('eightxeight_credentials_refused'), '']],
    },
    stat {
      title: 'Failed requests in the chosen time',
      shows: 'Requests to 8x8 that failed in the chosen time.',
      formula: 'increase over the chosen time, summed',
      metrics: [failures],
      remedy: 'A few a day are usual on the internet. Many: the reasons are below.',
      unit: 'locale',
      decimals: 0,
      thresholds: [[0, colors.green], [0.5, colors.amber]],
      queries: [['round(sum(increase(%s[$__range])))' % account(failures), '']],
    },
    verdict(['Old: reload failed', colors.red], ['In force', colors.green]) {
      local successful = 'eightxeight_exporter_config_last_reload_successful',
      title: 'Configuration',
      shows: 'Whether the last reload of the configuration worked.',
      formula: 'the smallest ' + successful,
      metrics: [successful],
      remedy: 'Old: run `eightxeight-exporter --config.check`, correct what it names, reload.',
      queries: [['min(%s)' % process(successful), '']],
    },
  ],

  // What an operator asks at three in the morning: what is wrong, what is to be done, and when does it go on by itself?
  local reason = panels.table {
    local reasons = {
      bad_api_key: "8x8 doesn't know the API key: compare the file with Admin Console, API Keys",
      bad_credentials: '8x8 refused user name or password: try them once in a browser, then correct the file',
      credentials_refused: '8x8 refused key, user name or password: correct the file; the status page says which',
      unauthorized: '8x8 refused the token: passes by itself; if it stays, ask 8x8',
      forbidden: 'No access to a PBX: compare --api.pbx-id with the names in Admin Console',
      no_permission: 'The user lacks Supervisor access to Analytics: grant it in Admin Console',
      rate_limited: '8x8 limits the rate: fewer windows, a longer --collect.interval',
      bad_request: '8x8 rejected the request: compare --api.pbx-id with the names in Admin Console',
      server_error: "8x8 returned an internal error: wait, and see 8x8's status page",
      timeout: 'No answer in time: wait; if it stays, raise --api.timeout',
      connect: 'No connection: check DNS, network, firewall and HTTPS_PROXY',
      tls: 'TLS failed: check the clock, CA certificates, and --api.ca-file behind a proxy',
      too_large: 'The answer is too large: ask for fewer PBXs with --api.pbx-id',
      decode: "The answer isn't 8x8's: check --api.url and proxies",
      other: "The answer isn't 8x8's: check --api.url and proxies",
    },
    title: 'Why it fails now',
    shows: 'The most frequent reason of failed requests in the last 15 minutes, and what to do about it.',
    formula: 'the largest increase over 15 minutes, by reason',
    metrics: [failures, 'eightxeight_credentials_refused'],
    remedy: '`eightxeight-exporter check` tests every step in turn and explains how to fix what fails.',
    size: [24, 4],
    unit: 'none',
    decimals: 0,
    noValue: 'No request failed in the last 15 minutes',
    // After a refusal the next login, and with it the next failure, is long away.
    local refused = 'max(%s == 1)' % account('eightxeight_credentials_refused'),
    queries: [['label_replace(\n%s\nor on ()\n%s,\n"remedy", "$1", "reason", "(.*)"\n)' % [
      'topk(1, sum by (reason) (increase(%s[15m])) > 0)' % account(failures),
      'label_replace(%s, "reason", "credentials_refused", "", "")' % refused,
    ], '']],
    transformations: [
      panels.organize(['Time'], { reason: 'Reason', remedy: 'What to do', 'Value #A': 'Failed requests' }),
    ],
    overrides: [
      panels.override('Reason', [['custom.width', 140]]),
      panels.override('Failed requests', [['custom.width', 120]]),
      panels.override('What to do', [['mappings', [{ type: 'value', options: {
        [name]: { text: reasons[name] }
        for name in std.objectFields(reasons)
      } }]]]),
    ],
  },

  local nextTry = stat {
    title: 'Next try',
    shows: 'How long the exporter waits before it asks 8x8 again after a failure, or logs in again after a refusal.',
    formula: 'the later one of the two moments, less now; the account that waits longest',
    metrics: [backoff, nextLogin],
    remedy: 'A wait for a login ends at once when the content of a secret changes.',
    size: [6, 8],
    unit: 'dthms',
    decimals: 0,
    noValue: 'Nothing to wait for',
    thresholds: [[0, colors.amber]],
    queries: [['clamp_min(max(%s or %s) - time(), 0)' % [account(nextLogin), account(backoff)], '']],
  },

  local worked = panels.table {
    local success = 'eightxeight_collection_success',
    local by(expr) = 'max by (instance, account, window) (%s)' % expr,
    title: 'Each account and window',
    shows:
      'Whether the newest collection worked, how old the newest answer is, and when 8x8 is asked again after a ' +
      'failure.',
    formula: 'collection_success; now less the last success; the hold less now',
    metrics: [success, lastSuccess, backoff],
    remedy: "Open the exporter's status page by its name: it says what is wrong.",
    size: [18, 8],
    unit: 's',
    decimals: 0,
    noValue: noExporter,
    queries: [
      [by(account(success)), ''],
      [by('time() - ' + account(lastSuccess)), ''],
      [
        by('0 * %s\n+ on (job, instance, account) group_left ()\nclamp_min(%s - time(), 0)' % [
          account(success),
          account(backoff),
        ]),
        '',
      ],
    ],
    transformations: [
      panels.merge,
      panels.organize(['Time'], panels.names(['Collection', 'Age', 'Next try in']) {
        instance: 'Exporter',
        account: 'Account',
        window: 'Window',
      }),
      panels.sorted('Collection'),
    ],
    local cell = ['custom.cellOptions', { type: 'color-background', mode: 'basic' }],
    overrides: [
      panels.override('Window', [['custom.width', 90]]),
      panels.override('Exporter', [['links', [{ title: 'Its status page', url: 'http://${__value.raw}/' }]]]),
      panels.override('Collection', [cell, ['custom.width', 110], ['mappings', [{ type: 'value', options: {
        '0': { text: 'failed', color: colors.red, index: 0 },
        '1': { text: 'worked', color: colors.green, index: 1 },
      } }]]]),
      panels.override('Age', [
        cell,
        ['custom.width', 110],
        ['unit', 'dthms'],
        ['thresholds', panels.thresholds(thresholds.age)],
        ['color', { mode: 'thresholds' }],
      ]),
      panels.override('Next try in', [['unit', 'dthms'], ['custom.width', 110]]),
    ],
  },

  local failing = [
    lines + failed + {
      title: 'Collections that failed',
      shows: 'How long collections of the window failed, as a share of the time. Nothing is drawn while all work.',
      formula: '1 - the mean of eightxeight_collection_success',
      metrics: ['eightxeight_collection_success'],
      remedy: 'Short bars now and then are usual on the internet. A block: see the failures by reason.',
      unit: 'percentunit',
      decimals: 0,
      softMax: 1,
      noValue: 'No collection failed, or no exporter',
      queries: [['1 - avg_over_time(%s[$__interval]) > 0' % account('eightxeight_collection_success'), ofInstance]],
    },
    perMinute + failed + {
      title: 'Failed requests per minute by reason',
      shows: 'What went wrong with requests to 8x8. Nothing is drawn while none fails.',
      formula: 'rate per second * 60, summed over exporters',
      metrics: [failures],
      remedy: '`eightxeight-exporter check` explains the present reason and says what to do.',
      size: [16, 7],
      custom+: { stacking: { mode: 'normal', group: 'A' } },
      options+: {
        legend+: { displayMode: 'table', placement: 'right', calcs: ['max'], sortBy: 'Max', sortDesc: true },
      },
      noValue: 'No request failed, or no exporter',
      queries: [['sum by (reason) (%s) * 60 > 0' % rate(failures), '{{reason}}']],
    },
  ],

  local windowEnd = 'eightxeight_window_end_timestamp_seconds',
  local windowStart = 'eightxeight_window_start_timestamp_seconds',

  local freshness = [
    minutes {
      title: 'Data age by window',
      shows:
        'How old the newest answer is at each moment. A saw is healthy: it rises until the next answer comes. ' +
        'Dashed: not fresh any more, and stale.',
      formula: 'now less the time of the last good collection',
      metrics: [lastSuccess],
      remedy: 'A rising line: collections fail. See the failures by reason.',
      thresholds: thresholds.age,
      queries: [[promql.age('account, window'), ofWindow]],
    },
    seconds + asItIs('eightxeight_collection_duration_seconds', account, ofInstance) + {
      title: 'Duration of a collection',
      shows: 'How long the newest collection took, logins and waits for the budget included.',
      remedy:
        "Longer than Prometheus' scrape timeout: scrapes get the answer before. Near the interval: take a longer " +
        'one, or fewer windows.',
    },
    minutes {
      title: 'Length of a window',
      shows: 'The period that the numbers cover. A rolling window is a flat line, `today` rises until midnight.',
      formula: 'end - start',
      metrics: [windowEnd, windowStart],
      remedy: '`today` begins at another hour than your midnight: set --collect.time-zone.',
      queries: [['%s\n- %s' % [account(windowEnd), account(windowStart)], ofInstance]],
    },
    minutes {
      title: 'End of a window behind now',
      size: [12, 7],
      shows: "How far back the newest moment lies that the numbers cover: --collect.delay and the data's age.",
      formula: 'now - end',
      metrics: [windowEnd],
      remedy: 'Rising: collections fail.',
      queries: [['time() - ' + account(windowEnd), ofInstance]],
    },
    counts + asItIs('eightxeight_pbxes', account, ofInstance) + {
      size: [12, 7],
      title: 'PBXs in the answer',
      shows: 'How many PBXs 8x8 answers with.',
      remedy: "One is missing: 8x8 may leave out PBXs without calls; else see the user's permissions.",
    },
  ],

  local asked = 'eightxeight_api_requests_total',
  local duration = 'eightxeight_api_request_duration_seconds',
  local byEndpoint(suffix) = 'sum by (endpoint) (%s)' % rate(duration + suffix),
  // Without requests a mean would be 0 / 0.
  local someRequests = '(%s > 0)' % byEndpoint('_count'),
  local tokenExpiry = 'eightxeight_token_expiry_timestamp_seconds',

  local requests = [
    perMinute {
      title: 'Requests per minute',
      shows: 'Logins (token) and reports (compsum).',
      formula: 'rate per second * 60, summed over exporters',
      metrics: [asked],
      remedy: 'Near --api.max-requests-per-minute: take a longer interval or fewer windows.',
      queries: [['sum by (endpoint) (%s) * 60' % rate(asked), '{{endpoint}}']],
    },
    seconds {
      title: 'Duration of requests',
      shows: 'How long 8x8 takes: the mean, and what 95 % stay below.',
      formula: 'rate of _sum / rate of _count; histogram_quantile(0.95) of the buckets',
      metrics: [duration],
      remedy: 'Rising: 8x8 or the way to it is slow. Near --api.timeout: requests will fail.',
      queries: [
        ['%s\n/\n%s' % [byEndpoint('_sum'), someRequests], '{{endpoint}} mean'],
        [
          'histogram_quantile(0.95, sum by (endpoint, le) (%s))\nand\n%s' % [rate(duration + '_bucket'), someRequests],
          '{{endpoint}} 95 %',
        ],
      ],
    },
    counts + asItIs('eightxeight_api_budget_remaining_requests', account, ofAccount) + {
      title: 'Budget left',
      shows: 'Requests that may be sent now within the budget of the last minute.',
      remedy:
        'At 0 collections wait for their turn: raise --api.max-requests-per-minute if 8x8 allows it, take a longer ' +
        'interval or fewer windows.',
      defaults+: { min: 0 },
    },
    minutes {
      title: 'Waits',
      shows:
        'Seconds until 8x8 is asked again after failures, and until a login is tried again after 8x8 refused one. ' +
        'Nothing is shown while there is nothing to wait for.',
      formula: 'the moment - now',
      metrics: [backoff, nextLogin],
      remedy: 'A wait for a login: correct the credentials; a change ends the wait.',
      noValue: 'Nothing to wait for, or no data',
      queries: [
        ['clamp_min(%s - time(), 0)' % account(backoff), 'next request {{account}} {{instance}}'],
        ['clamp_min(%s - time(), 0)' % account(nextLogin), 'next login {{account}} {{instance}}'],
      ],
    },
    minutes {
      title: 'Life left of the token',
      shows: 'A saw is healthy: the token is renewed a minute before it expires.',
      formula: 'expiry - now',
      metrics: [tokenExpiry],
      remedy: 'No line: there is no token, since logins fail or nobody scrapes.',
      queries: [[account(tokenExpiry) + ' - time()', ofAccount]],
    },
    seconds + asItIs('eightxeight_api_clock_skew_seconds', account, ofAccount) + {
      title: 'Clock skew',
      shows: "The exporter's clock less that of 8x8's Date header.",
      remedy: 'More than a few seconds: windows end too early or too late. Synchronise the clock.',
    },
  ],

  local cacheHits = 'eightxeight_cache_hits_total',
  local cacheRequests = 'eightxeight_cache_requests_total',
  local byExporter(metric) = 'sum by (account, instance) (%s)' % rate(metric),
  local byWindow(metric) = 'max by (account, window) (%s)' % account(metric),

  local answers = [
    lines {
      title: 'Cache hits',
      shows: 'The share of windows that a scrape got without a request to 8x8.',
      formula: 'rate of hits / rate of requests',
      metrics: [cacheHits, cacheRequests],
      remedy:
        'With one Prometheus about 0 in scrape mode, about 0.5 with two. Above: the interval is longer than the ' +
        'scrape interval.',
      unit: 'percentunit',
      decimals: 0,
      defaults+: { min: 0, max: 1 },
      queries: [[promql.ratio(byExporter(cacheHits), byExporter(cacheRequests)), ofAccount]],
    },
    counts {
      local drift = [
        ['eightxeight_answer_unknown_fields', 'unknown fields'],
        ['eightxeight_answer_missing_fields', 'missing values'],
        ['eightxeight_answer_rejected_values', 'unreadable values'],
        ['eightxeight_answer_duplicate_pbxes', 'duplicate PBXs'],
        ['eightxeight_answer_absent_pbxes', 'absent PBXs'],
      ],
      title: 'Drift of the answer from the field table',
      shows: "Fields that the exporter doesn't know, values that are absent or unreadable, PBXs given twice or not at all.",
      formula: 'the largest of the exporters, by window',
      metrics: [metric[0] for metric in drift],
      remedy: 'Above 0: 8x8 changed its answer. See whether a newer exporter knows it; report it if not. Absent PBXs: check --api.pbx-id.',
      defaults+: { min: 0 },
      queries: [[byWindow(metric[0]), '%s %s' % [metric[1], ofWindow]] for metric in drift],
    },
    counts {
      title: "Sums that don't hold",
      shows: "Sums that hold in 8x8's documentation and not in the answer, such as inbound = answered + missed.",
      formula: 'the largest of the exporters, by window',
      metrics: ['eightxeight_answer_inconsistencies'],
      remedy: "Nothing is dropped for it. Compare with 8x8's own reports before you rely on the totals.",
      defaults+: { min: 0 },
      queries: [[byWindow('eightxeight_answer_inconsistencies'), ofWindow]],
    },
  ],

  local started = 'process_start_time_seconds',
  local loaded = 'eightxeight_exporter_config_last_reload_success_timestamp_seconds',

  local theProcess = [
    lines {
      title: 'CPU',
      shows: 'Processor time: 100 % is one core.',
      formula: 'rate of process_cpu_seconds_total',
      metrics: ['process_cpu_seconds_total'],
      remedy: 'Far above 1 %: see how many scrape, and how many PBXs there are.',
      unit: 'percentunit',
      queries: [['rate(%s[$__rate_interval])' % process('process_cpu_seconds_total'), '{{instance}}']],
    },
    lines + asItIs('process_resident_memory_bytes', process, '{{instance}}') + {
      title: 'Memory',
      shows: 'Resident memory.',
      remedy: 'Rising for days without more PBXs: report it.',
      unit: 'bytes',
      decimals: 1,
    },
    counts {
      title: 'File descriptors',
      shows: 'Open ones and how many may be open.',
      formula: 'process_open_fds and process_max_fds as they are',
      metrics: ['process_open_fds', 'process_max_fds'],
      remedy: 'Near the limit: clients hold connections open. See who connects.',
      custom+: { scaleDistribution: { type: 'log', log: 10 } },
      queries: [
        [process('process_open_fds'), 'open {{instance}}'],
        [process('process_max_fds'), 'limit {{instance}}'],
      ],
      overrides: [panels.override('/^limit/', [panels.fixed(colors.grey)], 'byRegexp')],
    },
    seconds {
      title: 'Time since the start and the last reload',
      shows: 'A drop is a restart, or a new configuration.',
      formula: 'now - start, now - load of the configuration in force',
      metrics: [started, loaded],
      remedy: "Restarts that nobody ordered: see the log's last lines before each.",
      queries: [
        ['time() - ' + process(started), 'started {{instance}}'],
        ['time() - ' + process(loaded), 'configured {{instance}}'],
      ],
    },
    counts + asItIs('process_threads', process, '{{instance}}') + {
      title: 'Threads',
      shows: 'Threads of the process.',
      remedy: 'Hundreds: something blocks. Report it with a log at level debug.',
    },
    panels.table {
      title: 'Version',
      noValue: noExporter,
      shows: 'The build of each exporter, and whether its 8x8 is a simulated one.',
      formula: 'the labels of eightxeight_exporter_build_info, with (demo) where there is eightxeight_exporter_demo',
      metrics: ['eightxeight_exporter_build_info', 'eightxeight_exporter_demo'],
      remedy: 'Different builds side by side: finish the update.',
      size: [8, 7],
      unit: 'none',
      decimals: 0,
      local build = process('eightxeight_exporter_build_info'),
      local demo = process('eightxeight_exporter_demo'),
      queries: [[
        'label_replace(%s and on (job, instance) %s, "version", "$1 (demo)", "version", "(.+)") or (%s unless on (job, instance) %s)'
        % [build, demo, build, demo],
        '',
      ]],
      transformations: [panels.organize(['Time', '__name__', 'Value', 'Value #A', 'job'], {
        instance: 'Exporter',
        version: 'Version',
        revision: 'Revision',
        rustversion: 'Rust',
      })],
    },
  ],

  grafanaDashboards+:: {
    'eightxeight-exporter.json': (import 'dashboard.libsonnet')($._config) {
      uid: 'eightxeight-exporter',
      title: '8x8 / Exporter Health',
      description: 'Is the exporter working, is 8x8, and what is to be done?',
      time+: { from: 'now-6h' },
      labelsOf: 'eightxeight_up',
      ofCalls: false,
      rows: [
        { title: 'What is wrong, and what to do?', panels: [reason, worked, nextTry] },
        { title: 'Is it working?', panels: summary + failing },
        { title: 'Freshness', panels: freshness, collapsed: true },
        { title: 'Requests to 8x8', panels: requests, collapsed: true },
        { title: 'Cache and answers', panels: answers, collapsed: true },
        { title: 'The process', panels: theProcess, collapsed: true },
      ],
    },
  },
}
