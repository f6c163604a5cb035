{{- /* An egress rule: TCP to peers at ports, nothing where there are no ports.
dict "peers" (list) "ports" (list of text) */ -}}
{{- define "bank-processor.egressTo" -}}
{{- if .ports }}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .peers }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "bank-processor.egress" -}}
{{- $config := .Values.config -}}
{{- $egress := .Values.networkPolicy.egress -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
  {{- with $egress.dns }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- $kafka := concat (include "bank-processor.ports" (dig "kafka" "brokers" list $config) | fromJsonArray) ($egress.kafkaPorts | default list) | uniq }}
{{- include "bank-processor.egressTo" (dict "peers" $egress.kafka "ports" $kafka) }}
{{- $registry := include "bank-processor.ports" (dig "registry" "urls" list $config) | fromJsonArray }}
{{- include "bank-processor.egressTo" (dict "peers" $egress.registry "ports" $registry) }}
{{- $banks := list }}
{{- range list "banks.interapi.http.base_url" "banks.loanapi.http.base_url" }}
{{- with include "bank-processor.setting" (dict "config" $config "path" . "default" "") }}
{{- $banks = append $banks . }}
{{- end }}
{{- end }}
{{- include "bank-processor.egressTo" (dict "peers" $egress.banks "ports" (include "bank-processor.ports" $banks | fromJsonArray)) }}
{{- with include "bank-processor.setting" (dict "config" $config "path" "kafka.sasl.oauth.token_endpoint" "default" "") }}
{{- include "bank-processor.egressTo" (dict "peers" $egress.oauth "ports" (list (include "bank-processor.port" .))) }}
{{- end }}
{{- with include "bank-processor.setting" (dict "config" $config "path" "tracing.endpoint" "default" "") }}
{{- include "bank-processor.egressTo" (dict "peers" $egress.otlp "ports" (list (include "bank-processor.port" .))) }}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
