{{- define "bank-processor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bank-processor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "bank-processor.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "bank-processor.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "bank-processor.selector" -}}
app.kubernetes.io/name: {{ include "bank-processor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: processor
{{- end -}}

{{- define "bank-processor.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "bank-processor.labels" -}}
{{ include "bank-processor.selector" . }}
{{ include "bank-processor.commonLabels" . }}
{{- end -}}

{{- define "bank-processor.setupSelector" -}}
app.kubernetes.io/name: {{ include "bank-processor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: setup
{{- end -}}

{{- define "bank-processor.setupName" -}}
{{ include "bank-processor.fullname" . }}-setup
{{- end -}}

{{- define "bank-processor.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "bank-processor.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name: want one where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "bank-processor.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* What every pod of ours may do: nothing but run. */ -}}
{{- define "bank-processor.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "bank-processor.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* The names of the volumes of a list of secretMounts: "secret-0", ... */ -}}
{{- define "bank-processor.secretMounts" -}}
{{- $prefix := .prefix -}}
{{- range $i, $m := .mounts }}
- {name: {{ $prefix }}-{{ $i }}, mountPath: {{ $m.path | quote }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "bank-processor.secretVolumes" -}}
{{- $prefix := .prefix -}}
{{- range $i, $m := .mounts }}
- name: {{ $prefix }}-{{ $i }}
  secret: {secretName: {{ $m.secret | quote }}, defaultMode: 0440}
{{- end }}
{{- end -}}
