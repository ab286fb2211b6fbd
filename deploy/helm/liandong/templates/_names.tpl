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
