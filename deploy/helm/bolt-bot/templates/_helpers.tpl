{{- define "bolt-bot.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "bolt-bot.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bolt-bot.labels" -}}
{{ include "bolt-bot.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "bolt-bot.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "bolt-bot.name" .) }}
{{- end }}

{{- /* Not empty if Redis runs elsewhere. */ -}}
{{- define "bolt-bot.redis" -}}
{{- if or .Values.redis.url .Values.redis.existingSecret }}yes{{ end }}
{{- end }}

{{- /* Checks that the schema can't express. Each fails with one sentence. */ -}}
{{- define "bolt-bot.check" -}}
{{- if not .Values.existingSecret }}
{{- fail "existingSecret is missing: create a Secret with the tokens and name it, as in --set existingSecret=bolt-bot." }}
{{- end }}
{{- if not .Values.settings.PARADIME_API_ENDPOINT }}
{{- fail "settings.PARADIME_API_ENDPOINT is missing: it's the address of the Bolt API, https://…/graphql." }}
{{- end }}
{{- if and .Values.redis.url .Values.redis.existingSecret }}
{{- fail "redis.url and redis.existingSecret are both set: keep one of them." }}
{{- end }}
{{- if contains "@" .Values.redis.url }}
{{- fail "redis.url contains a username or a password: put the whole address into a Secret, and name that Secret in redis.existingSecret." }}
{{- end }}
{{- if not (regexMatch "^$|^rediss?([+](sentinel|cluster))?://" .Values.redis.url) }}
{{- fail "redis.url should begin with redis://, rediss:// (TLS), redis+sentinel:// or redis+cluster://." }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (not (include "bolt-bot.redis" .)) }}
{{- fail (printf "replicas is %d, but replicas have to share a Redis: set redis.url or redis.existingSecret, or replicas to 1." (int .Values.replicas)) }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host is missing: it's the host name at which Slack or Bolt reaches the bot." }}
{{- end }}
{{- end }}
