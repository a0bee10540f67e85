{{/* What a service is told, as environment variables. Each is a property of the service; the build checks that. */}}

{{- define "slipstream.environment" -}}
{{- $values := get .root.Values .role -}}
- name: SLIPSTREAM_HOME
  value: /models
{{- with $values.javaOptions }}
- name: SLIPSTREAM_JAVA_OPTS
  value: {{ . | quote }}
{{- end }}
{{- include (printf "slipstream.%sEnvironment" .role) . }}
{{- include "slipstream.mutualTlsEnvironment" . }}
{{- include "slipstream.configEnv" (dict "prefix" (printf "SLIPSTREAM_%s" (upper .role)) "config" $values.config) }}
{{- with .root.Values.tracing }}
{{- if .enabled }}
- name: MANAGEMENT_TRACING_EXPORT_OTLP_ENABLED
  value: "true"
- name: MANAGEMENT_OPENTELEMETRY_TRACING_EXPORT_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: MANAGEMENT_TRACING_SAMPLING_PROBABILITY
  value: {{ include "slipstream.scalar" .samplingProbability | quote }}
{{- end }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "slipstream.gatewayEnvironment" }}
{{- $targets := prepend .root.Values.gateway.additionalTargets (include "slipstream.grpcAddress" (dict "root" .root "role" "target")) }}
{{- $drafts := .root.Values.gateway.additionalDrafts }}
{{- if .root.Values.draft.enabled }}
{{- $drafts = prepend $drafts (include "slipstream.grpcAddress" (dict "root" .root "role" "draft")) }}
{{- end }}
- name: SLIPSTREAM_GATEWAY_TARGETS
  value: {{ join "," $targets | quote }}
- name: SLIPSTREAM_GATEWAY_DRAFTS
  value: {{ join "," $drafts | quote }}
{{- if .root.Values.apiKeys.existingSecret }}
- name: SLIPSTREAM_GATEWAY_APIKEYSFILE
  value: /keys/{{ .root.Values.apiKeys.key }}
{{- end }}
# A gateway without a target answers 503 and says why; taken out of its Service it could not even do that.
- name: MANAGEMENT_ENDPOINT_HEALTH_GROUP_READINESS_INCLUDE
  value: readinessState
- name: SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE
  value: {{ printf "%ds" (int .root.Values.gateway.drainSeconds) | quote }}
- name: SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD
  value: {{ printf "%ds" (int .root.Values.gateway.drainSeconds) | quote }}
- name: SPRING_GRPC_SERVER_KEEPALIVE_CONNECTION_MAXAGE
  value: {{ .root.Values.gateway.connectionMaxAge | quote }}
# Streams go on to their end on the old connection; the default would cut them after 30 seconds.
- name: SPRING_GRPC_SERVER_KEEPALIVE_CONNECTION_GRACEPERIOD
  value: 24h
{{- end -}}

{{- define "slipstream.targetEnvironment" }}
- name: SLIPSTREAM_TARGET_MODEL
  value: {{ .root.Values.model.reference | quote }}
{{- with .root.Values.model.id }}
- name: SLIPSTREAM_TARGET_MODELID
  value: {{ . | quote }}
{{- end }}
# The init container fetches; this one only reads.
- name: SLIPSTREAM_OFFLINE
  value: "true"
- name: SLIPSTREAM_TARGET_CACHEDIRECTORY
  value: /cache
{{- if .root.Values.kv.enabled }}
- name: SLIPSTREAM_TARGET_KV_TARGET
  value: {{ include "slipstream.grpcAddress" (dict "root" .root "role" "kv") | quote }}
{{- end }}
- name: SLIPSTREAM_TARGET_DRAINLIMIT
  value: {{ printf "%ds" (int .root.Values.target.drainSeconds) | quote }}
# Later than drain-limit, after which the target itself ends what is left, and says so.
- name: SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD
  value: {{ printf "%ds" (int (include "slipstream.stopSeconds" .)) | quote }}
{{- end -}}

{{- define "slipstream.draftEnvironment" }}
{{- with .root.Values.draft.model }}
- name: SLIPSTREAM_DRAFT_MODEL
  value: {{ . | quote }}
- name: SLIPSTREAM_OFFLINE
  value: "true"
{{- end }}
- name: SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD
  value: {{ printf "%ds" (int .root.Values.draft.drainSeconds) | quote }}
{{- end -}}

{{- define "slipstream.kvEnvironment" }}
- name: SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD
  value: {{ printf "%ds" (int .root.Values.kv.drainSeconds) | quote }}
{{- with .root.Values.kv.redis }}
{{- if .enabled }}
- name: SLIPSTREAM_KV_STORAGE
  value: redis
- name: SLIPSTREAM_KV_REDIS_URIS
  value: {{ include "slipstream.redisUris" $ | quote }}
- name: SLIPSTREAM_KV_REDIS_CLUSTER
  value: {{ .cluster | quote }}
{{- with .username }}
- name: SLIPSTREAM_KV_REDIS_USERNAME
  value: {{ . | quote }}
{{- end }}
{{- if .passwordSecret.name }}
- name: SLIPSTREAM_KV_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .passwordSecret.name }}
      key: {{ .passwordSecret.key }}
{{- end }}
{{- if .authoritySecret.name }}
- name: SPRING_SSL_BUNDLE_PEM_REDIS_TRUSTSTORE_CERTIFICATE
  value: /redis/{{ .authoritySecret.key }}
- name: SPRING_SSL_BUNDLE_PEM_REDIS_RELOADONUPDATE
  value: "true"
- name: SLIPSTREAM_KV_REDIS_SSLBUNDLE
  value: redis
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What a schema cannot see of kv's storage. */}}
{{- define "slipstream.redisUris" -}}
{{- $redis := .root.Values.kv.redis -}}
{{- if not $redis.uris -}}
{{- fail "kv.redis.uris must name a server" -}}
{{- end -}}
{{- if and (gt (len $redis.uris) 1) (not $redis.cluster) -}}
{{- fail "kv.redis.uris has several addresses: set kv.redis.cluster, or name one" -}}
{{- end -}}
{{- if and $redis.username (not $redis.passwordSecret.name) -}}
{{- fail "kv.redis.username needs a password: kv.redis.passwordSecret.name must name a secret" -}}
{{- end -}}
{{- range $redis.uris -}}
{{- if and $redis.authoritySecret.name (not (hasPrefix "rediss://" .)) -}}
{{- fail (printf "kv.redis.authoritySecret is for rediss:// addresses, and %s is none" .) -}}
{{- end -}}
{{- end -}}
{{- join "," $redis.uris -}}
{{- end -}}

{{- define "slipstream.redisPorts" -}}
{{- $ports := list -}}
{{- range .root.Values.kv.redis.uris -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default "6379") -}}
{{- end -}}
{{- join "," $ports -}}
{{- end -}}

{{/* All know the authority and show a certificate; who answers asks for one, who calls shows its own. */}}
{{- define "slipstream.mutualTlsEnvironment" }}
{{- if .root.Values.mutualTls.enabled }}
- name: SPRING_SSL_BUNDLE_PEM_INTERNAL_KEYSTORE_CERTIFICATE
  value: /tls/tls.crt
- name: SPRING_SSL_BUNDLE_PEM_INTERNAL_KEYSTORE_PRIVATEKEY
  value: /tls/tls.key
- name: SPRING_SSL_BUNDLE_PEM_INTERNAL_TRUSTSTORE_CERTIFICATE
  value: /tls/ca.crt
- name: SPRING_SSL_BUNDLE_PEM_INTERNAL_RELOADONUPDATE
  value: "true"
{{- if ne .role "gateway" }}
- name: SPRING_GRPC_SERVER_SSL_BUNDLE
  value: internal
- name: SPRING_GRPC_SERVER_SSL_CLIENTAUTH
  value: require
{{- end }}
{{- if has .role (list "gateway" "target") }}
- name: SPRING_GRPC_CLIENT_CHANNEL_DEFAULT_SSL_BUNDLE
  value: internal
{{- end }}
{{- end }}
{{- end -}}

{{- define "slipstream.mutualTlsSecret" -}}
{{- if .root.Values.mutualTls.certManager.enabled -}}
{{ include "slipstream.component" . }}-tls
{{- else -}}
{{- required (printf "mutualTls.secrets.%s must name a secret, unless mutualTls.certManager.enabled" .role) (get .root.Values.mutualTls.secrets .role) -}}
{{- end -}}
{{- end -}}
