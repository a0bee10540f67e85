{{/* The Deployment of a role. */}}
{{- define "slipstream.deployment" -}}
{{- $values := get .root.Values .role -}}
{{- $autoscaled := or (and (eq .role "gateway") .root.Values.gateway.autoscaling.enabled) (and (eq .role "target") (ne .root.Values.target.autoscaling.mode "none")) -}}
{{- if and (eq (toString $values.strategy.maxSurge) "0") (eq (toString $values.strategy.maxUnavailable) "0") -}}
{{- fail (printf "%s.strategy: with maxSurge and maxUnavailable 0 no pod could ever be replaced" .role) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "slipstream.component" . }}
  labels:
    {{- include "slipstream.labels" . | nindent 4 }}
spec:
  {{- if not $autoscaled }}
  replicas: {{ $values.replicas | int }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      {{- toYaml $values.strategy | nindent 6 }}
  selector:
    matchLabels:
      {{- include "slipstream.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "slipstream.labels" . | nindent 8 }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "slipstream.podSpec" . | nindent 6 }}
{{- end -}}

{{- define "slipstream.podSpec" -}}
{{- $values := get .root.Values .role -}}
{{- $context := . -}}
serviceAccountName: {{ include "slipstream.serviceAccountName" .root }}
automountServiceAccountToken: false
# Or variables such as SLIPSTREAM_..._PORT of Services would look like configuration.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "slipstream.podSecurityContext" . | nindent 2 }}
terminationGracePeriodSeconds: {{ include "slipstream.terminationGracePeriodSeconds" . }}
{{- if and (include "slipstream.hasModel" .) .root.Values.model.pull.enabled }}
initContainers:
  - name: pull
    {{- include "slipstream.pullContainer" . | nindent 4 }}
{{- end }}
containers:
  - name: {{ .role }}
    image: {{ include "slipstream.image" (dict "root" .root "name" .role "own" $values.image) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    securityContext:
      {{- include "slipstream.containerSecurityContext" . | nindent 6 }}
    env:
      {{- include "slipstream.environment" . | nindent 6 }}
    ports:
      - name: grpc
        containerPort: {{ include "slipstream.grpcPort" .role }}
      - name: http
        containerPort: {{ include "slipstream.httpPort" .role }}
    {{- range $probe, $path := dict "startup" "liveness" "readiness" "readiness" "liveness" "liveness" }}
    {{ $probe }}Probe:
      httpGet:
        path: /actuator/health/{{ $path }}
        port: http
      {{- toYaml (get $values.probes $probe) | nindent 6 }}
    {{- end }}
    {{- if gt (int $values.preStopSeconds) 0 }}
    lifecycle:
      preStop:
        sleep:
          seconds: {{ $values.preStopSeconds | int }}
    {{- end }}
    resources:
      {{- include "slipstream.resources" $values.resources | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if include "slipstream.hasModel" . }}
      - name: models
        mountPath: /models
        readOnly: true
      {{- end }}
      {{- if eq .role "target" }}
      - name: cache
        mountPath: /cache
      {{- end }}
      {{- if and (eq .role "gateway") .root.Values.apiKeys.existingSecret }}
      # The folder, not the file alone, which would never change.
      - name: keys
        mountPath: /keys
        readOnly: true
      {{- end }}
      {{- if .root.Values.mutualTls.enabled }}
      - name: tls
        mountPath: /tls
        readOnly: true
      {{- end }}
      {{- if include "slipstream.redisAuthority" . }}
      - name: redis
        mountPath: /redis
        readOnly: true
      {{- end }}
      {{- with $values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 256Mi
  {{- if include "slipstream.hasModel" . }}
  - name: models
    {{- include "slipstream.modelVolume" .root | nindent 4 }}
  {{- end }}
  {{- if eq .role "target" }}
  # What passes cost on this node: measured once, kept over restarts of the container.
  - name: cache
    emptyDir:
      sizeLimit: 64Mi
  {{- end }}
  {{- if and (eq .role "gateway") .root.Values.apiKeys.existingSecret }}
  - name: keys
    secret:
      secretName: {{ .root.Values.apiKeys.existingSecret }}
      defaultMode: 0440
  {{- end }}
  {{- if .root.Values.mutualTls.enabled }}
  - name: tls
    secret:
      secretName: {{ include "slipstream.mutualTlsSecret" . }}
      defaultMode: 0440
  {{- end }}
  {{- with include "slipstream.redisAuthority" . }}
  - name: redis
    secret:
      secretName: {{ . }}
      defaultMode: 0440
  {{- end }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ .topologyKey }}
    maxSkew: {{ .maxSkew | int }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "slipstream.selectorLabels" $context | nindent 8 }}
    # Each revision by itself, or a rolling update counts the pods that are about to go.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The secret with the authorities of Redis, of a kv that needs it. */}}
{{- define "slipstream.redisAuthority" -}}
{{- if and (eq .role "kv") .root.Values.kv.redis.enabled -}}
{{- .root.Values.kv.redis.authoritySecret.name -}}
{{- end -}}
{{- end -}}

{{- define "slipstream.pullContainer" -}}
{{- $pull := .root.Values.model.pull -}}
{{- $reference := include "slipstream.modelReference" . -}}
{{- if hasPrefix "file:" $reference -}}
{{- fail (printf "the model %s is a file, which cannot be pulled: set model.pull.enabled to false" $reference) -}}
{{- end -}}
image: {{ include "slipstream.image" (dict "root" .root "name" "standalone") | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: [pull, {{ $reference | quote }}]
securityContext:
  {{- include "slipstream.containerSecurityContext" . | nindent 2 }}
env:
  - name: SLIPSTREAM_HOME
    value: /models
  {{- with $pull.hubEndpoint }}
  - name: HF_ENDPOINT
    value: {{ . | quote }}
  {{- end }}
  {{- with $pull.hubTokenSecret.name }}
  - name: HF_TOKEN
    valueFrom:
      secretKeyRef:
        name: {{ . }}
        key: {{ $pull.hubTokenSecret.key }}
  {{- end }}
  {{- with $pull.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- include "slipstream.resources" $pull.resources | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  - name: models
    mountPath: /models
{{- end -}}

{{- define "slipstream.modelVolume" -}}
{{- $volume := .Values.model.volume -}}
{{- if eq $volume.type "emptyDir" -}}
{{- if not .Values.model.pull.enabled -}}
{{- fail "model.volume.type emptyDir is empty when a pod starts: leave model.pull.enabled true, or use another type" -}}
{{- end -}}
emptyDir:
  sizeLimit: {{ $volume.emptyDir.sizeLimit }}
{{- else if eq $volume.type "hostPath" -}}
hostPath:
  path: {{ required "model.volume.hostPath.path must name a folder of the nodes" $volume.hostPath.path }}
  type: Directory
{{- else -}}
persistentVolumeClaim:
  claimName: {{ include "slipstream.modelClaim" . }}
{{- end -}}
{{- end -}}
