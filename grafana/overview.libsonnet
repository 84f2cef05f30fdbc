// Company Overview, for the contact centre's lead: are callers being lost right now, and is that usual?
local common = import 'calls.libsonnet';
local fields = import 'fields.libsonnet';
local panels = import 'panels.libsonnet';
local colors = panels.colors;

local inbound = fields.inboundTotal;
local answered = fields.inboundAnswered;
local missed = fields.inboundMissed;
local abandoned = fields.inboundAbandoned;

local takeMoreCalls = "Put more people on the phones, or let what they can't take ring elsewhere.";
local whichPbx = ' The table of PBXs says where.';
local noUsual = 'No data or no history';
local needsHour = 'Needs the window 1h';
local needsDay = 'Needs the windows 1h and today, and a first full hour';

local percent(share) = '%g %%' % (share * 100);

local calls = { unit: 'locale', decimals: 0 };
local share = { unit: 'percentunit', decimals: 1 };

{
  local config = $._config,
  local promql = (import 'promql.libsonnet')(config),
  local thresholds = (import 'thresholds.libsonnet')(config),
  local shared = common(config),

  local steps = (
    'Amber from %s, red from %s, dark red from %s. Grey with fewer than %d calls: two lost of three would be 67 %%.'
  ) % ([percent(config.abandonRate[step]) for step in ['amber', 'warning', 'critical']] + [config.fewestCalls]),

  local rateTile = panels.stat + share + {
    fields: [abandoned, inbound],
    remedy: takeMoreCalls + whichPbx,
    size: [7, 5],
    thresholds: thresholds.abandonRate,
    options+: { colorMode: 'background' },
    overrides: [panels.override('B', [panels.fixed(colors.grey)], 'byFrameRefID')],
  },

  local quarterOfAnHour = rateTile {
    title: 'Callers lost in the last 15 minutes',
    size: [9, 5],
    shows:
      'Of the inbound calls in the last quarter of an hour, the share in which the caller gave up. It costs no ' +
      'further request: it is what `today` has gained. Empty in the first minutes after midnight; calls that 8x8 ' +
      'takes back count as none.',
    formula: '(abandoned today - 15 minutes ago) / (inbound today - 15 minutes ago). ' + steps,
    noValue: 'No fresh data for the window today',
    queries: [
      [promql.ratioOfMany(promql.quarter(abandoned), promql.quarter(inbound)), 'Abandon rate'],
      [promql.ratioOfFew(promql.quarter(abandoned), promql.quarter(inbound)), 'Abandon rate, few calls'],
    ],
  },

  local of(field, offset) = promql.sum(field, offset=offset),
  local usualRate = promql.usual(function(offset) '%s / (%s > 0)' % [of(abandoned, offset), of(inbound, offset)]),
  local usualCalls = promql.usual(shared.inbound),

  local lostBeyond = panels.stat + calls + {
    title: 'Callers lost beyond the usual',
    shows: 'How many more callers gave up in the window $window than usual at this hour.',
    formula: 'abandoned - usual rate * inbound, not below 0; the usual rate is the middle one of the %d weeks before' %
             config.weeks,
    fields: [abandoned, inbound],
    remedy: takeMoreCalls + whichPbx,
    size: [8, 5],
    noValue: noUsual,
    thresholds: [[0, colors.blue], [config.fewestCalls, colors.amber], [5 * config.fewestCalls, colors.red]],
    queries: [[
      'clamp_min(\n%s\n- %s\n* %s,\n0\n)' % [promql.sum(abandoned), promql.sum(inbound), usualRate],
      'Lost beyond the usual',
    ]],
  },

  local rate = rateTile {
    title: 'Abandon rate ($window)',
    shows: 'Of the inbound calls in the window $window, the share in which the caller gave up before anybody answered.',
    formula: 'abandoned / inbound calls, each summed over the chosen PBXs. ' + steps,
    noValue: 'No fresh data',
    queries: [
      [promql.ratioOfMany(promql.sum(abandoned), promql.sum(inbound)), 'Abandon rate'],
      [promql.ratioOfFew(promql.sum(abandoned), promql.sum(inbound)), 'Abandon rate, few calls'],
    ],
  },

  local small = { size: [6, 4] },

  local tiles = [
    quarterOfAnHour,
    lostBeyond,
    rate,
    panels.stat + calls + small + {
      title: 'Inbound calls ($window)',
      shows: 'Inbound calls in the window $window.',
      formula: 'the newest number of each chosen PBX, summed',
      fields: [inbound],
      remedy: 'None in working hours: call in from outside, and see Exporter Health.',
      noValue: 'No fresh data',
      queries: [[promql.sum(inbound), 'Inbound calls']],
    },
    panels.stat + small + {
      title: 'Against the usual',
      shows: 'Inbound calls in the window $window, of the usual number at this hour. Half or twice as many is amber.',
      formula: 'inbound / the middle number of the same hour in the %d weeks before, where that is %d or more' %
               [config.weeks, config.fewestCalls],
      fields: [inbound],
      remedy: 'Far above: a busy day, plan for it. Far below: call in from outside.',
      unit: 'percentunit',
      decimals: 0,
      noValue: noUsual,
      thresholds: [[0, colors.amber], [0.5, colors.blue], [1.5, colors.amber]],
      queries: [[promql.ratioOfMany(promql.sum(inbound), usualCalls), 'Against the usual']],
    },
    panels.stat + share + small + {
      title: 'Usual abandon rate',
      shows: 'What the abandon rate usually is at this hour of the week.',
      formula: 'the middle rate of the same hour in the %d weeks before' % config.weeks,
      fields: [abandoned, inbound],
      remedy: 'High: plan more people for this hour.',
      noValue: 'No week of history',
      thresholds: [[0, colors.grey]],
      queries: [[usualRate, 'Usual abandon rate']],
    },
    panels.stat + small + {
      title: 'Data age',
      shows: (
        'How old the newest answer of 8x8 for the window $window is: amber after %d minutes; after %d minutes the ' +
        'exporter shows no calls any more.'
      ) % [config.freshMinutes, config.staleSeconds / 60],
      formula: "now less the time of the last good collection; the oldest account's",
      metrics: ['eightxeight_collection_last_success_timestamp_seconds'],
      remedy: 'Amber or red: 8x8 or the exporter fails. See Exporter Health.',
      unit: 's',
      decimals: 0,
      thresholds: thresholds.age,
      options+: { colorMode: 'background' },
      noValue: 'No answer yet: run check',
      queries: [[promql.oldest('window="$window"'), 'Age']],
    },
  ],

  local eachPbx = panels.table + calls + {
    local by = 'job, account, pbx_id, window',
    local quotient(part, whole) = '%s / (%s > 0)' % [part, whole],
    local rateOf(offset) = quotient(promql.each(abandoned, offset=offset), promql.each(inbound, offset=offset)),
    local usual(of) = promql.usual(of, by),
    local columns = [
      // All that are lost where nothing is usual yet: a new PBX must not hide at the end.
      ['Lost beyond usual', 135, 'clamp_min(\n%s\n- %s\n* %s,\n0\n)\nor %s' % [
        promql.each(abandoned),
        promql.each(inbound),
        usual(rateOf),
        promql.each(abandoned),
      ]],
      ['Lost', 60, promql.each(abandoned)],
      // Below 0 there are few calls: without any number Grafana would leave out the column.
      ['Rate', 75, '%s\nor 0 * %s - 1' % [
        promql.ratioOfMany(promql.each(abandoned), promql.each(inbound)),
        promql.each(inbound),
      ]],
      // Nothing is usual where there is nothing to be held against it.
      ['Usual rate', 80, '%s\nand %s' % [usual(rateOf), promql.each(inbound)]],
      ['Inbound', 75, promql.each(inbound)],
      ['Of usual', 75, promql.ratio(promql.each(inbound), usual(function(offset) promql.each(inbound, offset=offset)))],
      ['Answered', 80, promql.ratio(promql.each(answered), promql.each(inbound))],
      ['Talk time', 80, promql.ratio(promql.each(fields.totalTalkTime), promql.each(fields.totalAnswered))],
    ],
    local percent(decimals) = [['unit', 'percentunit'], ['decimals', decimals]],
    // The dashboard of a row's PBX and account with the reader's other choices.
    local kept = ['datasource', 'job', 'instance', 'window'],
    local details = '/d/eightxeight-pbx?${__url_time_range}&%s&var-account=%s&var-pbx=${__value.raw:percentencode}' % [
      std.join('&', ['${%s:queryparam}' % name for name in kept]),
      '${__data.fields.account:percentencode}',
    ],
    title: 'Each PBX ($window), most callers lost first',
    shows: "The last $window at each PBX and what is usual at this hour. A PBX's name leads to its details.",
    formula: (
      'rate = abandoned / inbound, with at least %d calls; usual = the middle one of the %d weeks before; lost ' +
      'beyond usual = abandoned - usual rate * inbound, or all where there is no history; answered = answered / inbound; talk time = totalTalkTime / ' +
      'totalAnswered'
    ) % [config.fewestCalls, config.weeks],
    fields: [inbound, answered, abandoned, fields.totalTalkTime, fields.totalAnswered],
    remedy: 'Begin at the top: staff it, or let its calls ring elsewhere.',
    size: [24, 10],
    noValue: 'No fresh data: see Exporter Health, or run check',
    queries: [[column[2], ''] for column in columns],
    options+: {
      footer: { show: true, reducer: ['sum'], countRows: false, fields: ['Lost beyond usual', 'Lost', 'Inbound'] },
    },
    transformations: [
      panels.merge,
      panels.organize(['Time', 'job', 'window'], panels.names([column[0] for column in columns]) {
        pbx_id: 'PBX',
        account: 'Account',
      }),
      panels.sorted('Lost', desc=true),
      panels.sorted('Lost beyond usual', desc=true),
    ],
    overrides: [
      panels.override('PBX', [
        ['links', [{ title: 'Details of this PBX', url: details }]],
        ['custom.minWidth', 110],
      ]),
      panels.override('Rate', percent(1) + [
        ['mappings', [{ type: 'value', options: { '-1': { text: 'few calls', index: 0 } } }]],
        ['thresholds', panels.thresholds(thresholds.abandonRate)],
        ['color', { mode: 'thresholds' }],
        ['custom.cellOptions', { type: 'color-background', mode: 'basic' }],
      ]),
      panels.override('Usual rate', percent(1)),
      panels.override('Of usual', percent(0)),
      panels.override('Answered', percent(0)),
      panels.override('Talk time', [['unit', 'dthms'], ['decimals', 0]]),
    ] + [panels.override(column[0], [['custom.width', column[1]]]) for column in columns],
  },

  local ofWorst(title, shows, unit, query, more) = panels.lines + unit + {
    title: title,
    shows: shows + ' The %d PBXs that lost most callers in a $window of the chosen time.' % config.worst,
    fields: [abandoned, inbound],
    remedy: takeMoreCalls,
    size: [12, 9],
    bridged: true,
    custom+: { fillOpacity: 0 },
    queries: [[promql.ofWorst(query, abandoned), '{{pbx_id}} {{account}}']],
  } + more,

  local worst = [
    ofWorst(
      'Abandon rate ($window), worst PBXs',
      'At each moment, the rate in the $window before it. Dashed: amber, red, dark red.',
      share,
      promql.ratioOfMany(promql.each(abandoned), promql.each(inbound)),
      {
        formula: 'abandoned / inbound calls, where there are at least %d calls' % config.fewestCalls,
        thresholds: thresholds.abandonRate,
        softMax: 0.3,
        noValue: 'No fresh data, or too few calls',
      },
    ),
    ofWorst(
      'Callers lost ($window), worst PBXs',
      'At each moment, the callers who gave up in the $window before it.',
      calls,
      promql.each(abandoned),
      { formula: 'abandoned', softMax: 5 },
    ),
  ],

  local byWeekday = {
    rows: 'hour',
    columns: 'weekday',
    columnNames: panels.weekdays,
    size: [12, 26],
    noValue: needsDay,
  },

  local byHour = [
    panels.matrix + calls + byWeekday + {
      title: 'When do calls come? Inbound calls an hour',
      shows:
        "Inbound calls by weekday and hour, the mean of %d weeks, in the company's own time zone: that of `today`." %
        config.weeks,
      formula: 'readings of the window `1h` on the full hour, each in the cell of the hour before; their mean',
      fields: [inbound],
      remedy: 'Plan people for the dark cells.',
      defaults+: { color: { mode: 'continuous-blues' } },
      queries: [[promql.byHourOfWeek(inbound, 'avg'), '']],
    },
    panels.matrix + share + byWeekday + {
      title: 'When are callers lost? Abandon rate by hour',
      shows:
        ("The abandon rate by weekday and hour over %d weeks, in the company's own time zone. Empty where there were " +
         'fewer than %d calls in all.') % [config.weeks, config.fewestCalls],
      formula: 'the sum of abandoned / the sum of inbound calls in the readings of the window `1h` on the full hour',
      fields: [abandoned, inbound],
      remedy: 'A cell that is red each week: move people there.',
      decimals: 0,
      thresholds: thresholds.abandonRate,
      queries: [[
        promql.ratioOfMany(promql.byHourOfWeek(abandoned, 'sum'), promql.byHourOfWeek(inbound, 'sum')),
        '',
      ]],
    },
  ],

  local todaySoFar = panels.table + calls + {
    local rows = [['Inbound calls', shared.inbound]] + [[outcome[0], outcome[1]] for outcome in shared.outcomes],
    // A row stays where there is nothing to read: below 0 is drawn as a dash.
    local row(name, expr, nothing) = 'label_replace(%s or vector(%d), "calls", "%s", "", "")' % [expr, nothing, name],
    local column(offset) = std.join('\nor\n', [row(r[0], r[1](offset, promql.today), -1) for r in rows]),
    local change = std.join('\nor\n', [
      row(r[0], '%s\n/ (%s > 0) - 1' % [r[1]('', promql.today), r[1]('1w', promql.today)], -2)
      for r in rows
    ]),
    local nothing(value) = ['mappings', [{ type: 'value', options: { [value]: { text: '–', index: 0 } } }]],
    title: 'Today so far and a week before',
    shows: 'What became of the inbound calls since midnight, and a week before at this time of day.',
    formula:
      'the window `today` now and with offset 1w, summed over the chosen PBXs; change = today / a week before - 1',
    fields: [inbound, answered, missed, abandoned],
    remedy: 'Abandoned calls grow faster than inbound ones: there are too few people for them.',
    size: [13, 7],
    queries: [[column(''), ''], [column('1w'), ''], [change, '']],
    transformations: [
      panels.merge,
      panels.organize(['Time'], panels.names(['Today', 'A week before', 'Change']) { calls: 'Calls' }),
    ],
    overrides: [
      panels.override('Today', [nothing('-1'), ['custom.width', 80]]),
      panels.override('A week before', [nothing('-1'), ['custom.width', 110]]),
      panels.override('Change', [['unit', 'percentunit'], ['decimals', 0], nothing('-2'), ['custom.width', 75]]),
    ],
  },

  local todaysParts = panels.stat + share + {
    title: 'Today so far, in parts',
    shows: 'What became of the inbound calls since midnight. The parts add up to 100 %.',
    formula: 'answered, missed - abandoned, and abandoned / inbound, of the window `today`, summed over the chosen PBXs',
    fields: [inbound, answered, missed, abandoned],
    remedy: takeMoreCalls,
    size: [11, 7],
    noValue: 'No fresh data for the window today',
    options+: { textMode: 'value_and_name' },
    queries: [
      [promql.ratio(outcome[1]('', promql.today), shared.inbound('', promql.today)), outcome[0]]
      for outcome in shared.outcomes
    ],
    overrides: [panels.override(outcome[0], [panels.fixed(outcome[2])]) for outcome in shared.outcomes],
  },

  local days = panels.bars + calls + {
    title: 'Inbound calls a day, and the abandon rate',
    shows:
      "What became of each day's calls, and the day's abandon rate. Days are the company's own; today's counts so far.",
    formula: 'the sums of the readings of the window `1h` on the full hours of a day; rate = abandoned / inbound',
    fields: [inbound, answered, missed, abandoned],
    remedy: 'A low day or a gap: hours were not read. See Hours read.',
    size: [24, 9],
    noValue: needsDay,
    custom+: { barAlignment: 0 },
    // Grafana shows these weeks whatever the reader chose, as long as that ends now.
    timeFrom: '%dw' % (config.weeks + 1),
    format: 'table',
    instant: true,
    local of(field) = promql.byDay(field),
    queries: [
      [of(answered), ''],
      ['%s\n-\n%s' % [of(missed), of(abandoned)], ''],
      [of(abandoned), ''],
      [promql.ratio(of(abandoned), of(inbound)), ''],
    ],
    transformations: [
      panels.merge,
      panels.organize(['Time'], panels.names([outcome[0] for outcome in shared.outcomes] + ['Abandon rate'])),
      panels.times(['day']),
      panels.sorted('day'),
    ],
    overrides: [panels.override(outcome[0], [panels.fixed(outcome[2])]) for outcome in shared.outcomes] + [
      panels.override('Abandon rate', [
        ['unit', 'percentunit'],
        ['decimals', 1],
        panels.fixed(colors.blue),
        ['custom.drawStyle', 'line'],
        ['custom.lineWidth', 2],
        ['custom.fillOpacity', 0],
        ['custom.showPoints', 'always'],
        ['custom.stacking', { mode: 'none', group: 'B' }],
        ['custom.axisPlacement', 'right'],
        ['custom.axisSoftMax', 0.3],
      ]),
    ],
  },

  local weeks = {
    local format(field, as) = { id: 'formatTime', options: { timeField: field, outputFormat: as } },
    // By the numbers of weekday and week.
    prepared: [panels.times(['day', 'week']), panels.sorted('day'), format('day', 'E'), format('week', '[W]WW')],
    rows: 'day',
    rowNames: panels.weekdays,
    columns: 'week',
    size: [12, 9],
    noValue: 'Needs the windows 1h and today, and a first full day',
  },

  local byWeek = [
    panels.matrix + calls + weeks + {
      title: 'Inbound calls by weekday and week',
      shows: "Each weekday's inbound calls, by calendar week: full days only.",
      formula: 'the sums of the readings of the window `1h` on the full hours of a day',
      fields: [inbound],
      remedy: 'A day far from its row: find out why before you plan by it.',
      defaults+: { color: { mode: 'continuous-blues' } },
      queries: [[promql.fullDays(promql.byDay(inbound)), '']],
    },
    panels.matrix + share + weeks + {
      title: 'Abandon rate by weekday and week',
      shows: "Each weekday's abandon rate, by calendar week: full days only.",
      formula: 'the sum of abandoned / the sum of inbound calls of a day, where there are at least %d calls' %
               config.fewestCalls,
      fields: [abandoned, inbound],
      remedy: 'A row that is red each week: that weekday has too few people.',
      thresholds: thresholds.abandonRate,
      queries: [[promql.fullDays(promql.ratioOfMany(promql.byDay(abandoned), promql.byDay(inbound))), '']],
    },
  ],

  local total(title, field, shows) = panels.stat + calls + {
    title: title,
    shows: shows + " Hours that couldn't be read are missing: see Hours read.",
    formula:
      'sum_over_time(…{window="1h"}[range:1h]): one reading on each full hour covers time without gap or overlap; ' +
      'then summed over the chosen PBXs',
    fields: [field],
    remedy: 'Choose whole days or weeks to compare them.',
    size: [8, 4],
    noValue: needsHour,
    queries: [[promql.total(field), title]],
  },

  local totals = [
    total('Inbound, total', inbound, 'Inbound calls in the chosen time.'),
    total('Answered, total', answered, 'Answered inbound calls in the chosen time.'),
    total('Missed, total', missed, 'Missed inbound calls in the chosen time, abandoned ones among them.'),
    total('Abandoned, total', abandoned, 'Abandoned inbound calls in the chosen time.'),
    panels.stat + share + {
      title: 'Abandon rate, total',
      shows: 'Of the inbound calls in the chosen time, the share in which the caller gave up.',
      formula: 'total of abandoned / total of inbound calls',
      fields: [abandoned, inbound],
      remedy: "Red over a week and not only for an hour: the staffing plan doesn't fit the calls.",
      size: [8, 4],
      noValue: needsHour,
      thresholds: thresholds.abandonRate,
      queries: [[promql.ratio(promql.total(abandoned), promql.total(inbound)), 'Abandon rate']],
    },
    panels.stat {
      title: 'Hours read',
      shows:
        "The share of the chosen time's full hours for which there is a reading, in the account where there are " +
        'fewest.',
      formula: 'count_over_time(…{window="1h"}[range:1h]) / full hours of the chosen time',
      fields: [inbound],
      remedy:
        'Below 100 %: the totals are too low by the calls of the missing hours. The chosen time begins before the ' +
        'first scrape, or 8x8 failed; `backfill` can fetch them.',
      size: [8, 4],
      unit: 'percentunit',
      decimals: 0,
      noValue: needsHour,
      thresholds: [[0, colors.amber], [0.995, colors.green]],
      queries: [[
        'clamp_max(\n%s\n/ clamp_min(floor(vector($__range_s / 3600)), 1),\n1)' % promql.hoursRead(inbound),
        'Hours read',
      ]],
    },
  ],

  grafanaDashboards+:: {
    'eightxeight-overview.json': (import 'dashboard.libsonnet')(config) {
      uid: 'eightxeight-overview',
      title: '8x8 / Company Overview',
      description: "Are callers being lost right now, and is that usual? Numbers of 8x8's Company Summary.",
      rows: [
        { title: 'Is now normal?', panels: tiles + shared.bands },
        { title: 'Which PBX?', panels: [eachPbx] + worst },
        { title: 'When?', panels: byHour },
        { title: 'What became of the calls?', panels: [shared.eachHour, todaySoFar, todaysParts] },
        { title: 'Days', panels: [days] + byWeek },
        { title: 'Totals over the chosen time', panels: totals },
      ],
    },
  },
}
