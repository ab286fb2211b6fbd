{{- define "liandong.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "liandong.selector" -}}
app.kubernetes.io/name: liandong
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "liandong.labels" -}}
{{ include "liandong.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "liandong.kafka" -}}
{{ .Release.Name }}-kafka
{{- end }}

{{- define "liandong.postgres" -}}
{{ .Release.Name }}-postgres
{{- end }}

{{- define "liandong.bootstrap" -}}
{{ .Values.kafka.bootstrap | default (printf "%s-kafka-bootstrap:%d" (include "liandong.kafka" .) (ternary 9093 9092 .Values.secure)) }}
{{- end }}

{{- /* Where the operator reaches Kafka by certificate. */ -}}
{{- define "liandong.adminBootstrap" -}}
{{- if .Values.kafka.adminBootstrap }}{{ .Values.kafka.adminBootstrap }}
{{- else if or .Values.kafka.bootstrap (not .Values.secure) }}{{ include "liandong.bootstrap" . }}
{{- else }}{{ include "liandong.kafka" . }}-kafka-bootstrap:9094
{{- end }}
{{- end }}

{{- define "liandong.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "liandong.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Signers and certificates, as one folder: /etc/liandong. Takes .root and .name. */ -}}
{{- define "liandong.files" -}}
- name: files
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ .root.Values.secrets.prefix }}-signers
          items: [{key: signers.json, path: signers.json}]
      {{- if .root.Values.secure }}
      - secret:
          name: {{ .root.Values.secrets.prefix }}-{{ .name }}-certificates
          items:
            - {key: ca.pem, path: certificates/ca.pem}
            - {key: {{ .name }}.pem, path: certificates/{{ .name }}.pem}
      - secret:
          name: {{ .root.Values.secrets.prefix }}-servers
          optional: true
          items: [{key: servers.pem, path: certificates/servers.pem}]
      {{- end }}
{{- end }}

{{- /* The pod of the operator, which has every right: the job `prepare` and the place `operate`. */ -}}
{{- define "liandong.operatorPod" -}}
serviceAccountName: {{ .Release.Name }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "liandong.podSecurity" . | nindent 2 }}
volumes:
  {{- include "liandong.files" (dict "root" . "name" "operate") | nindent 2 }}
  - name: secret
    secret:
      secretName: {{ .Values.secrets.prefix }}-operate
      defaultMode: 0440
      items: [{key: secret, path: secret}]
  - {name: home, emptyDir: {sizeLimit: 64Mi}}
  - {name: tmp, emptyDir: {sizeLimit: 64Mi}}
{{- end }}

{{- define "liandong.operatorContainer" -}}
image: {{ include "liandong.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "liandong.containerSecurity" . | nindent 2 }}
env:
  - {name: LIANDONG_SECURE, value: {{ ternary "1" "0" .Values.secure | quote }}}
  - {name: LIANDONG_CERTIFICATES, value: /etc/liandong/certificates}
  - {name: LIANDONG_RUN_BY, value: kubernetes}
  {{- range $name, $service := .Values.services }}
  {{- if $service.grpc }}
  - {name: LIANDONG_{{ upper $name }}_ADDRESS, value: {{ include "liandong.address" (dict "root" $ "name" $name) | quote }}}
  {{- end }}
  - name: LIANDONG_{{ upper $name | replace "-" "_" }}_METRICS_ADDRESS
    value: {{ include "liandong.probes" (dict "root" $ "name" $name) | quote }}
  {{- end }}
  - {name: KAFKA_BOOTSTRAP, value: {{ include "liandong.adminBootstrap" . | quote }}}
  - name: DATABASE_URL
    valueFrom: {secretKeyRef: {name: {{ .Values.secrets.prefix }}-operate, key: DATABASE_URL}}
  - name: KAFKA_ADMIN_USER
    valueFrom: {secretKeyRef: {name: {{ .Values.secrets.prefix }}-operate, key: KAFKA_ADMIN_USER, optional: true}}
  - name: KAFKA_ADMIN_PASSWORD
    valueFrom: {secretKeyRef: {name: {{ .Values.secrets.prefix }}-operate, key: KAFKA_ADMIN_PASSWORD, optional: true}}
resources: {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - {name: files, mountPath: /etc/liandong, readOnly: true}
  - {name: home, mountPath: /var/lib/liandong}
  - {name: secret, mountPath: /var/lib/liandong/secret, subPath: secret, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{- /* Where each copy of a service tells of itself, also one that is not ready. Takes .root and .name. */ -}}
{{- define "liandong.probes" -}}
{{- $service := index .root.Values.services .name -}}
{{ printf "dns:///%s-%s-probes.%s.svc.%s:%d" .root.Release.Name .name .root.Release.Namespace .root.Values.clusterDomain (int $service.probes) }}
{{- end }}

{{- /* Where a service is called. Takes .root and .name. */ -}}
{{- define "liandong.address" -}}
{{- $service := index .root.Values.services .name -}}
{{ printf "dns:///%s-%s.%s.svc.%s:%d" .root.Release.Name .name .root.Release.Namespace .root.Values.clusterDomain (int $service.grpc) }}
{{- end }}
