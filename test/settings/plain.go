package settings

import "strings"

// plain are the keys, and with a trailing dot the sections, that guard nothing.
// "*" stands for either bank.
var plain = []string{
	"topics.", "intake.", "output.", "processing.", "history.", "log.", "console.disabled",
	"kafka.brokers", "kafka.client_id", "kafka.dial_timeout", "kafka.request_timeout", "kafka.metadata_ttl",
	"tracing.protocol", "tracing.sample_ratio", "tracing.timeout", "tracing.queue_spans",
	"registry.results", "registry.timeout", "registry.unknown_id_grace",
	"banks.*.http.timeout", "banks.*.http.dial_timeout", "banks.*.http.max_idle_conns", "banks.*.http.idle_timeout",
	"banks.*.token_calls.", "banks.*.customer.", "banks.*.dbs_write.", "banks.*.dbs_read.", "banks.*.loan.",
	"banks.*.paths", "banks.*.path", "banks.*.channel", "banks.*.teller_name", "banks.*.caller_id",
	"banks.*.customer_numbers", "banks.*.max_range_days", "banks.*.max_parts", "banks.*.date_only",
	"banks.*.closed_delay", "banks.*.closed_resends",
	"banks.*.sector_codes", "banks.*.employment_statuses", "banks.*.residence_types",
}

// IsSecurity says whether a key needs a row.
func IsSecurity(key string) bool {
	for _, bank := range []string{"interapi", "loanapi"} {
		for _, p := range plain {
			p = strings.Replace(p, "*", bank, 1)
			if key == p || strings.HasSuffix(p, ".") && strings.HasPrefix(key, p) {
				return false
			}
		}
	}
	return true
}
