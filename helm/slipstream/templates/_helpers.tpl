{{/* Names and labels. "root" is the chart's context, "role" one of gateway, draft, target, kv. */}}

{{- define "slipstream.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for the longest suffix. */}}
{{- define "slipstream.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "slipstream.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "slipstream.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "slipstream.component" -}}
{{- printf "%s-%s" (include "slipstream.fullname" .root) .role -}}
{{- end -}}

{{/* What selectors use; never changes. */}}
{{- define "slipstream.selectorLabels" -}}
app.kubernetes.io/name: {{ include "slipstream.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "slipstream.labels" -}}
{{ include "slipstream.selectorLabels" . }}
app.kubernetes.io/part-of: slipstream
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "slipstream.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "slipstream.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* "name" is the image's, "own" what a role says about it. */}}
{{- define "slipstream.image" -}}
{{- $common := .root.Values.image -}}
{{- $own := default dict .own -}}
{{- $repository := default (printf "%s%s" $common.repositoryPrefix .name) $own.repository -}}
{{- if $common.registry }}{{ printf "%s/" (trimSuffix "/" $common.registry) }}{{ end -}}
{{- $repository -}}
{{- if $own.digest -}}
@{{ $own.digest }}
{{- else -}}
:{{ default (default .root.Chart.AppVersion $common.tag) $own.tag }}
{{- end -}}
{{- end -}}

{{/*
Whole CPUs, limits as requests: the pod is Guaranteed, and a static CPU manager can give it cores of its own. Unless
cpuRequest says that there are not enough cores for that.
*/}}
{{- define "slipstream.resources" -}}
requests:
  cpu: {{ default (.cpu | int) .cpuRequest }}
  memory: {{ .memory }}
limits:
  cpu: {{ .cpu | int }}
  memory: {{ .memory }}
{{- end -}}

{{/* The restricted Pod Security level. 10001 is the images' user. */}}
{{- define "slipstream.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "slipstream.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/*
Configuration as environment variables: {"prefix": "SLIPSTREAM_KV", "config": {"memory": {"capacity": "1GB"}}} gives
SLIPSTREAM_KV_MEMORY_CAPACITY. Spring reads a camel-case key's letters as its dashed form. Lists are joined by commas.
*/}}
{{- define "slipstream.configEnv" -}}
{{- $prefix := .prefix -}}
{{- range $key, $value := .config }}
{{- $name := printf "%s_%s" $prefix (upper $key) }}
{{- if kindIs "map" $value }}
{{- include "slipstream.configEnv" (dict "prefix" $name "config" $value) }}
{{- else if kindIs "slice" $value }}
- name: {{ $name }}
  value: {{ join "," $value | quote }}
{{- else if not (kindIs "invalid" $value) }}
- name: {{ $name }}
  value: {{ include "slipstream.scalar" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whole numbers without an exponent. */}}
{{- define "slipstream.scalar" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* gRPC's own resolver sees every pod behind a headless Service, and balances over them. */}}
{{- define "slipstream.grpcAddress" -}}
{{- printf "dns:///%s:%d" (include "slipstream.component" .) (include "slipstream.grpcPort" .role | int) -}}
{{- end -}}

{{/* The services' own default ports. */}}
{{- define "slipstream.grpcPort" -}}
{{- get (dict "gateway" 9090 "draft" 9091 "target" 9092 "kv" 9093) . -}}
{{- end -}}

{{- define "slipstream.httpPort" -}}
{{- get (dict "gateway" 8080 "draft" 8081 "target" 8082 "kv" 8083) . -}}
{{- end -}}

{{/* Seconds that a service takes to stop at most, in its own words: see docs/kubernetes.md. */}}
{{- define "slipstream.stopSeconds" -}}
{{- $drain := int (get .root.Values .role).drainSeconds -}}
{{- if eq .role "gateway" -}}{{ mul 2 $drain }}{{- else if eq .role "target" -}}{{ add $drain 5 }}{{- else -}}{{ $drain }}{{- end -}}
{{- end -}}

{{- define "slipstream.terminationGracePeriodSeconds" -}}
{{- $values := get .root.Values .role -}}
{{- $least := add (int $values.preStopSeconds) (include "slipstream.stopSeconds" . | int) -}}
{{- $given := int $values.terminationGracePeriodSeconds -}}
{{- if eq $given 0 -}}
{{- add $least (ternary 15 10 (eq .role "target")) -}}
{{- else if le $given (int $least) -}}
{{- fail (printf "%s.terminationGracePeriodSeconds is %d, but its preStopSeconds and the time to drain take %d: answers would be cut" .role $given (int $least)) -}}
{{- else -}}
{{- $given -}}
{{- end -}}
{{- end -}}

{{/* Whether a role's pods have the model's volume. */}}
{{- define "slipstream.hasModel" -}}
{{- if or (eq .role "target") (and (eq .role "draft") .root.Values.draft.model) -}}true{{- end -}}
{{- end -}}

{{- define "slipstream.modelReference" -}}
{{- ternary .root.Values.model.reference .root.Values.draft.model (eq .role "target") -}}
{{- end -}}

{{- define "slipstream.modelClaim" -}}
{{- default (printf "%s-models" (include "slipstream.fullname" .)) .Values.model.volume.persistentVolumeClaim.existingClaim -}}
{{- end -}}
