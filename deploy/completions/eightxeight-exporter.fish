# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_eightxeight_exporter_global_optspecs
    string join \n h/help V/version
end

function __fish_eightxeight_exporter_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_eightxeight_exporter_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_eightxeight_exporter_using_subcommand
    set -l cmd (__fish_eightxeight_exporter_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -s V -l version -d 'Print version'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "serve" -d 'Run the exporter; this is what happens without a command'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "demo" -d 'Run the exporter against a simulated 8x8: no account needed'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "check" -d 'Try the way to 8x8 step by step and say what to do about each failure; exit 0 only if all worked'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "backfill" -d 'Write past windows as OpenMetrics files for promtool, up to two years back'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "health" -d 'Ask a running exporter whether it is healthy: exit 0 or 1, for container health checks'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_needs_command" -f -a "fields" -d 'Print the table of 8x8\'s fields and their metrics'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l config.file -d 'YAML file with options and accounts; not needed to run' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l config.check -d 'Check the configuration and exit' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.url -d 'Base URL of the API; https, or http to a loopback address [default: https://api.8x8.com/analytics/work]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.key-file -d 'File with the API key; or EIGHTXEIGHT_API_KEY holds the key' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.username -d 'Name of a user with access to Work Analytics; or --api.username-file' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.username-file -d 'File with that name' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.password-file -d 'File with that user\'s password; or EIGHTXEIGHT_API_PASSWORD holds it' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.pbx-id -d 'PBXs to ask for, by the names in 8x8 Admin Console; repeatable or comma separated [default: allpbxes]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.timeout -d 'Longest time for one request, from connect to last byte [default: 30s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.ca-file -d 'PEM file with roots to trust besides the system\'s, for a proxy that inspects TLS' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.max-requests-per-minute -d 'Most requests in any 60 s, logins included [default: 10]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l api.login-retry-interval -d 'Wait after 8x8 refused the credentials; doubles with each refusal, up to 24h [default: 15m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.mode -d 'scrape: ask 8x8 when scraped; timer: ask in the background [default: scrape]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.interval -d 'Least time between two collections of a window; a little less than the scrape interval [default: 50s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.window -d 'Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated [default: 1h,today]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.time-zone -d 'IANA zone whose midnight `today` means, such as Europe/London [default: UTC]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.delay -d 'How far behind now a window ends, for late call records [default: 0s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l collect.max-staleness -d 'How long the last good answer is served while 8x8 fails; at least two intervals [default: 10m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.listen-address -d 'Address to listen on; `:10888` means all, port 0 picks one; repeatable [default: [::]:10888]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.telemetry-path -d 'Path of the metrics [default: /metrics]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.config.file -d 'TLS, users, headers and rate limit, in the format of exporter-toolkit\'s web configuration' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.health-listen-address -d 'Another address, with plain HTTP and only /-/healthy and /-/ready, for probes' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.external-url -d 'How others reach the exporter, for service discovery and links' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.max-requests -d 'Scrapes that may wait at once; more get 503 [default: 40]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.timeout-offset -d 'Taken off Prometheus\' scrape timeout [default: 500ms]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.systemd-socket -d 'Listen on the sockets that systemd hands over' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l web.enable-lifecycle -d 'Allow POST /-/reload, which reads the configuration file again' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l log.level -d 'error, warn, info, debug or trace [default: info]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -l log.format -d 'logfmt or json, on standard error [default: logfmt]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand serve" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l config.file -d 'YAML file with options and accounts; not needed to run' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l config.check -d 'Check the configuration and exit' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.mode -d 'scrape: ask 8x8 when scraped; timer: ask in the background [default: scrape]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.interval -d 'Least time between two collections of a window; a little less than the scrape interval [default: 50s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.window -d 'Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated [default: 1h,today]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.time-zone -d 'IANA zone whose midnight `today` means, such as Europe/London [default: UTC]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.delay -d 'How far behind now a window ends, for late call records [default: 0s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l collect.max-staleness -d 'How long the last good answer is served while 8x8 fails; at least two intervals [default: 10m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l demo.scenario -d 'What happens in the simulated company: calm, abandon-spike, outage or rate-limited [default: calm]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.listen-address -d 'Address to listen on; `:10888` means all, port 0 picks one; repeatable [default: [::]:10888]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.telemetry-path -d 'Path of the metrics [default: /metrics]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.config.file -d 'TLS, users, headers and rate limit, in the format of exporter-toolkit\'s web configuration' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.health-listen-address -d 'Another address, with plain HTTP and only /-/healthy and /-/ready, for probes' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.external-url -d 'How others reach the exporter, for service discovery and links' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.max-requests -d 'Scrapes that may wait at once; more get 503 [default: 40]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.timeout-offset -d 'Taken off Prometheus\' scrape timeout [default: 500ms]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.systemd-socket -d 'Listen on the sockets that systemd hands over' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l web.enable-lifecycle -d 'Allow POST /-/reload, which reads the configuration file again' -r
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l log.level -d 'error, warn, info, debug or trace [default: info]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -l log.format -d 'logfmt or json, on standard error [default: logfmt]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand demo" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l format -d 'text, or json for machines [default: text]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l account -d 'Which account, where the configuration file has several' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l config.file -d 'YAML file with options and accounts; not needed to run' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.url -d 'Base URL of the API; https, or http to a loopback address [default: https://api.8x8.com/analytics/work]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.key-file -d 'File with the API key; or EIGHTXEIGHT_API_KEY holds the key' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.username -d 'Name of a user with access to Work Analytics; or --api.username-file' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.username-file -d 'File with that name' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.password-file -d 'File with that user\'s password; or EIGHTXEIGHT_API_PASSWORD holds it' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.pbx-id -d 'PBXs to ask for, by the names in 8x8 Admin Console; repeatable or comma separated [default: allpbxes]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.timeout -d 'Longest time for one request, from connect to last byte [default: 30s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.ca-file -d 'PEM file with roots to trust besides the system\'s, for a proxy that inspects TLS' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.max-requests-per-minute -d 'Most requests in any 60 s, logins included [default: 10]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l api.login-retry-interval -d 'Wait after 8x8 refused the credentials; doubles with each refusal, up to 24h [default: 15m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.mode -d 'scrape: ask 8x8 when scraped; timer: ask in the background [default: scrape]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.interval -d 'Least time between two collections of a window; a little less than the scrape interval [default: 50s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.window -d 'Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated [default: 1h,today]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.time-zone -d 'IANA zone whose midnight `today` means, such as Europe/London [default: UTC]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.delay -d 'How far behind now a window ends, for late call records [default: 0s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l collect.max-staleness -d 'How long the last good answer is served while 8x8 fails; at least two intervals [default: 10m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l log.level -d 'error, warn, info, debug or trace [default: info]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -l log.format -d 'logfmt or json, on standard error [default: logfmt]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand check" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l from -d 'Where it begins: 2026-01-31, 2026-01-31T09:00, both by --collect.time-zone, or with an offset such as 2026-01-31T09:00Z; at most two years ago' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l to -d 'Where it ends, as --from; at least three hours ago, since Prometheus takes no newer blocks' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l step -d 'How far apart the points are; 1m to 24h, dividing 24h [default: 1h]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l output -d 'Directory for the files, one for each month, and for the journal; made if need be' -r -f -a "(__fish_complete_directories)"
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l label -d 'Label of every sample, besides or in place of job=eightxeight and instance=backfill; nothing after the `=` takes one of them away; repeatable' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l account -d 'Which account, where the configuration file has several' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l config.file -d 'YAML file with options and accounts; not needed to run' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.url -d 'Base URL of the API; https, or http to a loopback address [default: https://api.8x8.com/analytics/work]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.key-file -d 'File with the API key; or EIGHTXEIGHT_API_KEY holds the key' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.username -d 'Name of a user with access to Work Analytics; or --api.username-file' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.username-file -d 'File with that name' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.password-file -d 'File with that user\'s password; or EIGHTXEIGHT_API_PASSWORD holds it' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.pbx-id -d 'PBXs to ask for, by the names in 8x8 Admin Console; repeatable or comma separated [default: allpbxes]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.timeout -d 'Longest time for one request, from connect to last byte [default: 30s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.ca-file -d 'PEM file with roots to trust besides the system\'s, for a proxy that inspects TLS' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.max-requests-per-minute -d 'Most requests in any 60 s, logins included [default: 10]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l api.login-retry-interval -d 'Wait after 8x8 refused the credentials; doubles with each refusal, up to 24h [default: 15m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.mode -d 'scrape: ask 8x8 when scraped; timer: ask in the background [default: scrape]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.interval -d 'Least time between two collections of a window; a little less than the scrape interval [default: 50s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.window -d 'Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated [default: 1h,today]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.time-zone -d 'IANA zone whose midnight `today` means, such as Europe/London [default: UTC]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.delay -d 'How far behind now a window ends, for late call records [default: 0s]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l collect.max-staleness -d 'How long the last good answer is served while 8x8 fails; at least two intervals [default: 10m]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l log.level -d 'error, warn, info, debug or trace [default: info]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l log.format -d 'logfmt or json, on standard error [default: logfmt]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l resume -d 'Go on where an earlier run with the same options stopped'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -l yes -d 'Start without asking, however long it takes'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand backfill" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand health" -l config.file -d 'YAML file with options and accounts; not needed to run' -r -F
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand health" -l web.listen-address -d 'Address to listen on; `:10888` means all, port 0 picks one; repeatable [default: [::]:10888]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand health" -l web.health-listen-address -d 'Another address, with plain HTTP and only /-/healthy and /-/ready, for probes' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand health" -s h -l help -d 'Print help'
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand fields" -l format -d 'markdown, json or tsv [default: markdown]' -r -f
complete -c eightxeight-exporter -n "__fish_eightxeight_exporter_using_subcommand fields" -s h -l help -d 'Print help'
