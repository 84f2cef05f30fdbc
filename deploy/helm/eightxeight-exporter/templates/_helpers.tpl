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

{{- /* Refuses what can't work, with the remedy. */}}
{{- define "exporter.check" -}}
{{- $credentials := compact (list .Values.credentials.apiKey .Values.credentials.username .Values.credentials.password) }}
{{- $ways := list }}
{{- if .Values.demo.enabled }}{{ $ways = append $ways "demo.enabled" }}{{ end }}
{{- if .Values.existingSecret }}{{ $ways = append $ways "existingSecret" }}{{ end }}
{{- if $credentials }}{{ $ways = append $ways "credentials" }}{{ end }}
{{- if .Values.accounts }}{{ $ways = append $ways "accounts" }}{{ end }}
{{- if not $ways }}
{{- fail (printf "\n\nThere is no 8x8 account. Create a Secret, and set existingSecret to its name:\n\n  kubectl --namespace %s create secret generic my-8x8 --from-file=api-key=key.txt --from-file=username=user.txt --from-file=password=password.txt\n\nFor several accounts, set accounts. To look around without any, set demo.enabled=true." .Release.Namespace) }}
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
{{- fail "\n\nscrapeConfig scrapes plain HTTP: with webConfig, enable serviceMonitor and set its scheme, tlsConfig and basicAuth." }}
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
