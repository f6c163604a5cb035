{{- /* What the chart reads in the processor's configuration. */ -}}

{{- /* A key of config or its default: dict "config" .Values.config "path" "intake.drain_timeout" "default" "10s" */ -}}
{{- define "bank-processor.setting" -}}
{{- $at := .config -}}
{{- range splitList "." .path -}}
{{- $at = get ($at | default dict) . -}}
{{- end -}}
{{- if or (kindIs "invalid" $at) (and (kindIs "string" $at) (eq $at "")) }}{{ .default }}{{ else }}{{ $at }}{{ end -}}
{{- end -}}

{{- /* A duration such as 1m30s in milliseconds. */ -}}
{{- define "bank-processor.milliseconds" -}}
{{- $text := toString . -}}
{{- if not (regexMatch "^([0-9]+(\\.[0-9]+)?(h|ms|m|s|us|µs|ns))+$" $text) -}}
{{- fail (printf "config: %q is no duration: want one such as 10s or 1m30s" $text) -}}
{{- end -}}
{{- $in := dict "h" 3600000.0 "m" 60000.0 "s" 1000.0 "ms" 1.0 -}}
{{- $total := 0.0 -}}
{{- range regexFindAll "[0-9.]+(h|ms|m|s|us|µs|ns)" $text -1 -}}
{{- $unit := regexReplaceAll "[0-9.]+" . "" -}}
{{- $total = addf $total (mulf (float64 (regexFind "[0-9.]+" .)) (get $in $unit | default 0.001)) -}}
{{- end -}}
{{- ceil $total -}}
{{- end -}}

{{- /* What a stop may take, in whole seconds: the three timeouts and 5 s. */ -}}
{{- define "bank-processor.stopSeconds" -}}
{{- $config := .Values.config -}}
{{- $total := 5000.0 -}}
{{- range list (list "intake.drain_timeout" "10s") (list "processing.publish_grace" "5s") (list "output.ack_timeout" "5s") -}}
{{- $duration := include "bank-processor.setting" (dict "config" $config "path" (index . 0) "default" (index . 1)) -}}
{{- $total = addf $total (include "bank-processor.milliseconds" $duration | float64) -}}
{{- end -}}
{{- ceil (divf $total 1000.0) -}}
{{- end -}}

{{- define "bank-processor.graceSeconds" -}}
{{- $needs := include "bank-processor.stopSeconds" . | float64 -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if eq (toString $given) "" -}}
{{- addf $needs 15.0 | int -}}
{{- else if le (float64 $given) $needs -}}
{{- fail (printf "terminationGracePeriodSeconds: %v is not longer than the %v s that the configuration may need to stop (intake.drain_timeout, processing.publish_grace, output.ack_timeout and 5 s): commands would be cut off" $given $needs) -}}
{{- else -}}
{{- int $given -}}
{{- end -}}
{{- end -}}

{{- define "bank-processor.adminPort" -}}
{{- include "bank-processor.setting" (dict "config" .Values.config "path" "admin.address" "default" "127.0.0.1:9464") | regexFind "[0-9]+$" -}}
{{- end -}}

{{- /* The port of a URL or of host:port. */ -}}
{{- define "bank-processor.port" -}}
{{- $authority := regexReplaceAll "/.*$" (regexReplaceAll "^[a-z]+://" . "") "" -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- if $port -}}{{ $port }}{{- else if hasPrefix "http://" . -}}80{{- else -}}443{{- end -}}
{{- end -}}

{{- /* The ports of a list of addresses, each once, as JSON. */ -}}
{{- define "bank-processor.ports" -}}
{{- $ports := list -}}
{{- range . -}}
{{- $ports = append $ports (include "bank-processor.port" .) -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- /* Refuses variables whose keys the chart has to know. */ -}}
{{- define "bank-processor.checkEnv" -}}
{{- $read := list "INTAKE_DRAIN_TIMEOUT" "PROCESSING_PUBLISH_GRACE" "OUTPUT_ACK_TIMEOUT" "ADMIN_ADDRESS" "KAFKA_BROKERS" "REGISTRY_URLS" "BANKS_INTERAPI_HTTP_BASE_URL" "BANKS_LOANAPI_HTTP_BASE_URL" "TOPICS_PREFIX" "TOPICS_PARTITIONS" "INTAKE_GROUP" -}}
{{- range .Values.env -}}
{{- if has (trimPrefix "PROCESSOR_" .name) $read -}}
{{- fail (printf "env: %s is derived from: set its key in config" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "bank-processor.configYaml" -}}
{{- toYaml .Values.config -}}
{{- end -}}
