{{- define "exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "exporter.name" .) .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name (include "exporter.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "exporter.labels" -}}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "exporter.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- define "exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "exporter.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The Secret of a single account. */}}
{{- define "exporter.secretName" -}}
{{ default (include "exporter.fullname" .) .Values.existingSecret }}
{{- end }}

{{- /* The exporter's variables, by the value that sets them. */}}
{{- define "exporter.env" -}}
{{- if not (or .Values.demo.enabled .Values.accounts) }}
existingSecret:
  EIGHTXEIGHT_API_KEY_FILE: /var/run/secrets/eightxeight/api-key
  EIGHTXEIGHT_API_USERNAME_FILE: /var/run/secrets/eightxeight/username
  EIGHTXEIGHT_API_PASSWORD_FILE: /var/run/secrets/eightxeight/password
{{- end }}
{{- if .Values.accounts }}
accounts:
  EIGHTXEIGHT_CONFIG_FILE: /etc/eightxeight-exporter/config/config.yml
{{- end }}
{{- if .Values.demo.enabled }}
demo.scenario:
  EIGHTXEIGHT_DEMO_SCENARIO: {{ .Values.demo.scenario }}
{{- end }}
{{- with .Values.pbxIds }}
pbxIds:
  EIGHTXEIGHT_API_PBX_ID: {{ join "," . | quote }}
{{- end }}
timeZone:
  EIGHTXEIGHT_COLLECT_TIME_ZONE: {{ .Values.timeZone | quote }}
windows:
  EIGHTXEIGHT_COLLECT_WINDOW: {{ join "," .Values.windows | quote }}
logLevel:
  EIGHTXEIGHT_LOG_LEVEL: {{ .Values.logLevel }}
{{- if or .Values.ca.configMap .Values.ca.secret }}
ca:
  EIGHTXEIGHT_API_CA_FILE: {{ print "/etc/eightxeight-exporter/ca/" .Values.ca.key | quote }}
{{- end }}
{{- if .Values.webConfig.existingSecret }}
webConfig:
  EIGHTXEIGHT_WEB_CONFIG_FILE: /etc/eightxeight-exporter/web/web-config.yml
  EIGHTXEIGHT_WEB_HEALTH_LISTEN_ADDRESS: ":10889"
{{- end }}
{{- with .Values.proxy.url }}
proxy.url:
  HTTPS_PROXY: {{ . | quote }}
{{- end }}
{{- with .Values.proxy.noProxy }}
proxy.noProxy:
  NO_PROXY: {{ . | quote }}
{{- end }}
{{- end }}

{{- /* What its own port speaks. */}}
{{- define "exporter.scheme" -}}
{{ default (ternary "http" "https" (empty .Values.webConfig.existingSecret)) .Values.serviceMonitor.scheme }}
{{- end }}

{{- define "exporter.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 }}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+[a-z]+" . -1 }}
{{- $sum = add $sum (mul (regexFind "[0-9]+" .) (get $units (regexFind "[a-z]+" .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{- /* Refuses what can't work, with the remedy. */}}
{{- define "exporter.check" -}}
{{- $credentials := compact (list .Values.credentials.apiKey .Values.credentials.username .Values.credentials.password) }}
{{- $ways := list }}
{{- if .Values.demo.enabled }}{{ $ways = append $ways "demo.enabled" }}{{ end }}
{{- if .Values.existingSecret }}{{ $ways = append $ways "existingSecret" }}{{ end }}
{{- if $credentials }}{{ $ways = append $ways "credentials" }}{{ end }}
{{- if .Values.accounts }}{{ $ways = append $ways "accounts" }}{{ end }}
{{- if not $ways }}
{{- fail (printf "\n\nThere is no 8x8 account. Create a Secret, and set existingSecret to its name:\n\n  kubectl --namespace %s create secret generic my-8x8 --from-file=api-key=key.txt --from-file=password=password.txt --from-literal=username=NAME\n\nFor several accounts, set accounts. To look around without any, set demo.enabled=true." .Release.Namespace) }}
{{- end }}
{{- if gt (len $ways) 1 }}
{{- fail (printf "\n\n%s exclude each other: keep one of them." (join ", " $ways)) }}
{{- end }}
{{- if and $credentials (lt (len $credentials) 3) }}
{{- fail "\n\ncredentials needs all three: apiKey, username and password. Better: put them into a Secret and set existingSecret." }}
{{- end }}
{{- range $name, $account := .Values.accounts }}
{{- if not (dig "existingSecret" "" (default dict $account)) }}
{{- fail (printf "\n\naccounts.%s has no existingSecret: set it to the name of a Secret with the keys api-key, username and password." $name) }}
{{- end }}
{{- end }}
{{- if and .Values.ca.configMap .Values.ca.secret }}
{{- fail "\n\nca.configMap and ca.secret exclude each other: keep one of them." }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.scrapeConfig.enabled }}
{{- fail "\n\nserviceMonitor and scrapeConfig would both scrape the exporter: enable one of them." }}
{{- end }}
{{- if and .Values.webConfig.existingSecret .Values.scrapeConfig.enabled }}
{{- fail "\n\nscrapeConfig scrapes plain HTTP: with webConfig, enable serviceMonitor and set its tlsConfig and basicAuth." }}
{{- end }}
{{- range $name := list "serviceMonitor" "scrapeConfig" }}
{{- with index $.Values $name }}
{{- if and .enabled (gt (include "exporter.milliseconds" .scrapeTimeout | int64) (include "exporter.milliseconds" .interval | int64)) }}
{{- fail (printf "\n\n%s.scrapeTimeout (%s) is longer than %s.interval (%s): shorten it." $name .scrapeTimeout $name .interval) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.serviceMonitor.enabled }}
{{- $tls := eq (include "exporter.scheme" .) "https" }}
{{- with .Values.serviceMonitor }}
{{- if not $.Values.webConfig.existingSecret }}
{{- if or $tls .tlsConfig .basicAuth }}
{{- fail "\n\nwithout webConfig the exporter speaks plain HTTP and asks for no password: unset serviceMonitor.scheme, tlsConfig and basicAuth, or set webConfig.existingSecret." }}
{{- end }}
{{- else if and .tlsConfig (not $tls) }}
{{- fail "\n\nserviceMonitor.tlsConfig is for HTTPS, and serviceMonitor.scheme is http: unset one of them." }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.prometheusRule.thresholds }}
{{- if gt (float64 .abandonRateWarning) (float64 .abandonRateCritical) }}
{{- fail (printf "\n\nprometheusRule.thresholds: abandonRateWarning (%v) is above abandonRateCritical (%v): lower it, or raise the other." .abandonRateWarning .abandonRateCritical) }}
{{- end }}
{{- end }}
{{- $names := list }}
{{- range .Values.extraEnv }}
{{- $name := .name }}
{{- range $value, $variables := include "exporter.env" $ | fromYaml }}
{{- if hasKey $variables $name }}
{{- fail (printf "\n\n%s is set by %s: change that value, and remove the variable from extraEnv." $name $value) }}
{{- end }}
{{- end }}
{{- if has $name $names }}
{{- fail (printf "\n\nextraEnv has %s twice: keep one of them." $name) }}
{{- end }}
{{- $names = append $names $name }}
{{- end }}
{{- with .Values.networkPolicy }}
{{- if and .enabled (not $.Values.proxy.url) }}
{{- $proxy := false }}
{{- range list "HTTPS_PROXY" "https_proxy" "ALL_PROXY" "all_proxy" }}
{{- $proxy = or $proxy (has . $names) }}
{{- end }}
{{- if and $proxy (not .proxyPort) }}
{{- fail "\n\nnetworkPolicy can't see the port of the proxy that extraEnv sets: set networkPolicy.proxyPort." }}
{{- else if and (not $proxy) (or .proxy .proxyPort) }}
{{- fail "\n\nnetworkPolicy.proxy and networkPolicy.proxyPort need a proxy: set proxy.url, or HTTPS_PROXY in extraEnv." }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The relabelings that make what the rules and dashboards know. */}}
{{- define "exporter.relabelings" -}}
- targetLabel: job
  replacement: eightxeight
# A pod's address changes with each restart, and a new instance is a new series.
- targetLabel: instance
  replacement: {{ .Release.Namespace }}/{{ include "exporter.fullname" . }}
{{- end }}
