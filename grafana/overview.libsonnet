// Company Overview, for the contact centre's lead: are callers being lost right now, and is today normal?
local fields = import 'fields.libsonnet';
local panels = import 'panels.libsonnet';
local colors = panels.colors;

local inbound = fields.inboundTotal;
local answered = fields.inboundAnswered;
local missed = fields.inboundMissed;
local abandoned = fields.inboundAbandoned;

local takeMoreCalls =
  "Put more people on the phones, or let what they can't take ring elsewhere. The table below says which PBX it is.";

local percent(share) = '%g %%' % (share * 100);

local calls = { unit: 'locale', decimals: 0 };
local share = { unit: 'percentunit', decimals: 1 };
local seconds = { unit: 's', decimals: 1 };

{
  local config = $._config,
  local promql = (import 'promql.libsonnet')(config),
  local thresholds = (import 'thresholds.libsonnet')(config),

  local abandonRate = panels.stat + share + {
    title: 'Callers lost: abandon rate',
    shows: 'Of the inbound calls in the last $window, the share in which the caller gave up before anybody answered.',
    formula: (
      'abandoned / inbound calls, each summed over the chosen PBXs. Amber from %s, red from %s (the warning), dark ' +
      'red from %s (the critical alert). Grey with fewer than %d calls: two lost of three would be 67 %%.'
    ) % ([percent(config.abandonRate[step]) for step in ['amber', 'warning', 'critical']] + [config.fewestCalls]),
    fields: [abandoned, inbound],
    remedy: takeMoreCalls,
    size: [6, 8],
    thresholds: thresholds.abandonRate,
    options+: { colorMode: 'background' },
    noValue: 'No fresh data',
    queries: [
      [promql.shareOfMany(promql.now(abandoned), promql.now(inbound)), 'Abandon rate'],
      [promql.shareOfFew(promql.now(abandoned), promql.now(inbound)), 'Abandon rate, few calls'],
    ],
    overrides: [panels.override('B', [panels.fixed(colors.grey)], 'byFrameRefID')],
  },

  local worst = panels.stat + share + {
    title: 'Worst PBXs',
    shows: 'The abandon rate in the last $window where it is highest.',
    formula: (
      'abandoned / inbound calls of each PBX with at least %d calls in the window, the three largest'
    ) % config.fewestCalls,
    fields: [abandoned, inbound],
    remedy: 'Look at the worst first: staff it, or let its calls ring elsewhere.',
    size: [6, 8],
    thresholds: thresholds.abandonRate,
    options+: { colorMode: 'background', textMode: 'value_and_name', orientation: 'vertical' },
    noValue: 'No PBX with enough fresh calls',
    queries: [['sort_desc(topk(3,\n%s\n))' % promql.share(abandoned, inbound), '{{pbx_id}} {{account}}']],
  },

  // Small ones, of which four stand beside a large one.
  local count(title, field, shows, remedy) = panels.stat + calls + {
    title: title,
    shows: shows,
    formula: 'the newest number of each chosen PBX, summed',
    fields: [field],
    remedy: remedy,
    size: [3, 4],
    queries: [[promql.now(field), title]],
  },

  local mean(title, time, of, shows, remedy) = panels.stat + seconds + {
    title: title,
    shows: shows,
    formula: (
      '%s / %s, each summed over the chosen PBXs: means of means would be wrong'
    ) % [time.api_field, of.api_field],
    fields: [time, of],
    remedy: remedy,
    size: [3, 4],
    queries: [[promql.ratio(promql.now(time), promql.now(of)), title]],
  },

  local numbers = [
    count('Inbound calls',
          inbound,
          'Inbound calls in the last $window.',
          'None in working hours: call in from outside, and see Exporter Health.'),
    count('Answered',
          answered,
          'Inbound calls in the last $window that were answered.',
          'Far below the inbound calls: see who is logged in.'),
    count('Missed',
          missed,
          'Inbound calls in the last $window that nobody answered. Abandoned calls and those that went to voicemail ' +
          'are among them, so never add the two.',
          'See that phones are staffed and logged in, and that forwarding leads to somebody.'),
    count('Abandoned',
          abandoned,
          'Inbound calls in the last $window in which the caller gave up. They are missed calls too.',
          'Judge the rate, not the number: it is on the left.'),
    count('Voicemail',
          fields.totalVm,
          'Calls in the last $window that went to voicemail.',
          'Somebody has to listen to them: see that somebody does.'),
    mean('Talk time',
         fields.totalTalkTime,
         fields.totalAnswered,
         'Time spent talking per answered call, of any direction, in the last $window.',
         'Much longer than usual: something makes calls difficult today. Ask the people on the phones.'),
    mean('Ring time',
         fields.totalRingTime,
         fields.totalCall,
         "Time spent ringing per call, of any direction, in the last $window. 8x8 doesn't say what it divides its " +
         'own avgRingTime by, so the two can differ.',
         'Rising: too few people for the calls.'),
    panels.stat {
      title: 'Data age',
      shows: (
        'How old the newest answer of 8x8 for the window $window is. What is older than %dm is not shown here as if ' +
        'it were now.'
      ) % config.freshMinutes,
      formula: "now less the time of the last good collection; the oldest account's",
      metrics: ['eightxeight_collection_last_success_timestamp_seconds'],
      remedy: 'Amber or red: 8x8 or the exporter fails. See Exporter Health.',
      size: [3, 4],
      unit: 's',
      decimals: 0,
      thresholds: thresholds.age,
      options+: { colorMode: 'background' },
      noValue: 'No answer yet',
      queries: [[promql.age(matchers='window="$window"'), 'Age']],
    },
  ],

  local rateOverTime = panels.lines + share + {
    title: 'Abandon rate of each PBX',
    shows:
      'At each moment, the rate in the $window before it. Dashed: amber, the warning, the critical alert. A gap is ' +
      'more than an hour without fresh data or with too few calls.',
    formula: (
      'abandoned / inbound calls of each PBX, where there are at least %d calls in the window'
    ) % config.fewestCalls,
    fields: [abandoned, inbound],
    remedy: takeMoreCalls,
    size: [12, 9],
    thresholds: thresholds.abandonRate,
    custom+: { axisSoftMax: 0.3 },
    bridged: true,
    queries: [[promql.share(abandoned, inbound), '{{pbx_id}} {{account}}']],
  },

  local callsOverTime = panels.lines + calls + {
    local lines = [
      ['Inbound', inbound, colors.blue],
      ['Answered', answered, colors.green],
      ['Missed', missed, colors.amber],
      ['Abandoned', abandoned, colors.red],
    ],
    title: 'Inbound calls and what became of them',
    shows:
      'At each moment, the calls in the $window before it. Inbound = answered + missed; abandoned calls are among ' +
      'the missed ones.',
    formula: 'the number of each chosen PBX, summed',
    fields: [line[1] for line in lines],
    remedy:
      "Inbound rises and answered doesn't: more people are needed. Inbound falls to nothing: call in from outside.",
    size: [12, 9],
    bridged: true,
    queries: [[promql.now(line[1]), line[0]] for line in lines],
    overrides: [panels.override(line[0], [panels.fixed(line[2])]) for line in lines],
  },

  local eachPbx = panels.table + calls + {
    local talkTime = fields.totalTalkTime,
    local talks = fields.totalAnswered,
    local of(field) = promql.fresh(field, promql.chosen),
    local columns = [
      ['Abandon rate', promql.share(abandoned, inbound)],
      ['Inbound', of(inbound)],
      ['Answered', of(answered)],
      ['Abandoned', of(abandoned)],
      ['Missed', of(missed)],
      ['Missed rate', promql.share(missed, inbound)],
      ['Voicemail', of(fields.totalVm)],
      ['Talk time', promql.ratio(of(talkTime), of(talks))],
    ],
    local rate(name, thresholds) = panels.override(name, [
      ['unit', 'percentunit'],
      ['decimals', 1],
      ['noValue', 'few calls'],
      ['thresholds', panels.thresholds(thresholds)],
      ['color', { mode: 'thresholds' }],
      ['custom.cellOptions', { type: 'color-background', mode: 'basic' }],
    ]),
    // The dashboard of a row's PBX with the reader's other choices.
    local kept = ['datasource', 'job', 'instance', 'account', 'window'],
    local details = '/d/eightxeight-pbx?${__url_time_range}&%s&var-pbx=${__value.raw:percentencode}' %
                    std.join('&', ['${%s:queryparam}' % name for name in kept]),
    title: 'Each PBX, worst first',
    shows: "The last $window at each PBX. A PBX's name leads to its details.",
    formula: (
      'abandon rate = abandoned / inbound, missed rate = missed / inbound, both only with at least %d calls; talk ' +
      'time = totalTalkTime / totalAnswered'
    ) % config.fewestCalls,
    fields: [inbound, answered, missed, abandoned, fields.totalVm, talkTime, talks],
    remedy: 'Begin at the top.',
    size: [17, 8],
    noValue: '–',
    queries: [[column[1], ''] for column in columns],
    transformations: [
      panels.merge,
      panels.organize(['Time', 'job', 'window'], panels.names([column[0] for column in columns]) {
        pbx_id: 'PBX',
        account: 'Account',
      }),
      { id: 'sortBy', options: { fields: {}, sort: [{ field: 'Abandon rate', desc: true }] } },
    ],
    overrides: [
      panels.override('Talk time', [['unit', 's'], ['decimals', 1]]),
      rate('Abandon rate', thresholds.abandonRate),
      rate('Missed rate', thresholds.missedRate),
      panels.override('PBX', [['links', [{ title: 'Details of this PBX', url: details }]]]),
    ],
  },

  local todaysCaveat =
    "Needs the window `today` among the exporter's windows. In the week after the clocks change, a week before is " +
    'an hour off.',

  local sinceMidnight = panels.lines + calls + {
    title: 'Inbound calls since midnight',
    shows: 'Inbound calls since midnight, and what they were a week before at this time of day. ' + todaysCaveat,
    formula: 'the window `today`, summed over the chosen PBXs; dashed the same with offset 1w',
    fields: [inbound],
    remedy: 'Well above the dashed line: a busy day, plan for it. Well below: see whether calls reach you.',
    size: [14, 8],
    bridged: true,
    queries: [
      [promql.sum(promql.fresh(inbound, promql.today)), 'Today'],
      [promql.sum(promql.weekBefore(inbound, promql.today)), 'A week before'],
    ],
    overrides: [
      panels.override('Today', [panels.fixed(colors.blue)]),
      panels.override('A week before', [
        panels.fixed(colors.grey),
        ['custom.lineStyle', { fill: 'dash', dash: [10, 10] }],
        ['custom.fillOpacity', 0],
      ]),
    ],
  },

  local todaySoFar = panels.table + calls + {
    local rows = [
      ['Inbound calls', inbound],
      ['Answered', answered],
      ['Missed', missed],
      ['Abandoned', abandoned],
      ['Voicemail', fields.totalVm],
    ],
    local column(of) = std.join('\nor\n', [
      'label_replace(%s, "calls", "%s", "", "")' % [promql.sum(of(row[1], promql.today)), row[0]]
      for row in rows
    ]),
    local today = column(promql.fresh),
    local before = column(promql.weekBefore),
    title: 'Today so far and a week before',
    shows: todaysCaveat,
    formula:
      'the window `today` now and with offset 1w, summed over the chosen PBXs; change = today / a week before - 1',
    fields: [row[1] for row in rows],
    remedy: 'Abandoned calls grow faster than inbound ones: there are too few people for them.',
    size: [10, 8],
    noValue: '–',
    queries: [
      [today, ''],
      [before, ''],
      ['(%s\n)\n/ on (calls)\n(\n(%s\n) > 0) - 1' % [today, before], ''],
    ],
    transformations: [
      panels.merge,
      panels.organize(['Time'], panels.names(['Today', 'A week before', 'Change']) { calls: 'Calls' }),
    ],
    overrides: [panels.override('Change', [['unit', 'percentunit'], ['decimals', 0]])],
  },

  local small = { size: [4, 4] },

  local total(title, field, shows) = panels.stat + calls + small + {
    title: title,
    shows: shows + " Hours that couldn't be read are missing: see Hours read.",
    formula:
      'sum_over_time(…{window="1h"}[range:1h]): one reading on each full hour covers time without gap or overlap; ' +
      'then summed over the chosen PBXs',
    fields: [field],
    remedy: 'Choose whole days or weeks to compare them.',
    queries: [[promql.total(field), title]],
  },

  local totals = [
    total('Inbound, total', inbound, 'Inbound calls in the chosen time.'),
    total('Answered, total', answered, 'Answered inbound calls in the chosen time.'),
    total('Missed, total', missed, 'Missed inbound calls in the chosen time, abandoned ones among them.'),
    total('Abandoned, total', abandoned, 'Abandoned inbound calls in the chosen time.'),
    panels.stat + share + small + {
      title: 'Abandon rate, total',
      shows: 'Of the inbound calls in the chosen time, the share in which the caller gave up.',
      formula: 'total of abandoned / total of inbound calls',
      fields: [abandoned, inbound],
      remedy: "Red over a week and not only for an hour: the staffing plan doesn't fit the calls.",
      thresholds: thresholds.abandonRate,
      queries: [[promql.ratio(promql.total(abandoned), promql.total(inbound)), 'Abandon rate']],
    },
    panels.stat + small + {
      title: 'Hours read',
      shows: "The share of the chosen time's full hours for which there is a reading.",
      formula: 'count_over_time(…{window="1h"}[range:1h]) / full hours of the chosen time',
      fields: [inbound],
      remedy:
        'Below 100 %: the totals are too low by the calls of the missing hours. The chosen time begins before the ' +
        'first scrape, or 8x8 failed; `backfill` can fetch them.',
      unit: 'percentunit',
      decimals: 0,
      thresholds: [[0, colors.amber], [0.995, colors.green]],
      queries: [[
        'clamp_max(\n%s\n/\nclamp_min(floor(vector($__range_s / 3600)), 1), 1)' % promql.hoursRead(inbound),
        'Hours read',
      ]],
    },
  ],

  local eachHour = panels.lines + calls + {
    local stacked = [['custom.stacking', { mode: 'normal', group: 'A' }], ['custom.fillOpacity', 40]],
    local line = [['custom.fillOpacity', 0], ['custom.lineWidth', 2]],
    local lines = [
      ['Answered', answered, colors.green, stacked],
      ['Missed', missed, colors.amber, stacked],
      ['Abandoned', abandoned, colors.red, line],
      ['Inbound', inbound, colors.blue, line],
    ],
    title: 'Inbound calls in each clock hour',
    shows:
      'The hours that the totals are made of. Answered and missed stand upon each other and make up inbound; ' +
      "abandoned is a line, since it is a part of missed. The hour that runs isn't shown.",
    formula: 'the reading of window `1h` at the end of each hour, summed over the chosen PBXs',
    fields: [line[1] for line in lines],
    remedy: 'Plan people for the high hours. A gap is an hour without a reading.',
    size: [24, 9],
    custom+: { lineInterpolation: 'stepAfter', lineWidth: 1, showPoints: 'never' },
    queries: [[promql.hourByHour(line[1]), line[0]] for line in lines],
    overrides: [panels.override(line[0], [panels.fixed(line[2])] + line[3]) for line in lines],
  },

  grafanaDashboards+:: {
    'eightxeight-overview.json': (import 'dashboard.libsonnet')(config) {
      uid: 'eightxeight-overview',
      title: '8x8 / Company Overview',
      description: "Are callers being lost right now, and is today normal? Numbers of 8x8's Company Summary.",
      rows: [
        {
          title: 'Now',
          panels: [abandonRate, worst] + numbers + [
            rateOverTime,
            callsOverTime,
            eachPbx,
            panels.windows { size: [7, 8] },
          ],
        },
        { title: 'Today and a week before', panels: [sinceMidnight, todaySoFar] },
        { title: 'Totals over the chosen time', panels: totals + [eachHour] },
      ],
    },
  },
}
