package settings

// kafka: test/integration has tables of its own, one wrong row and one right one
// per key, against a broker with TLS and SASL; the kafka.Config's keys are counted
// there.
func kafka() map[string]Row {
	all := map[string]Row{}
	for _, key := range []string{
		"tls.enabled", "tls.ca_file", "tls.cert_file", "tls.key_file", "tls.server_name",
		"sasl.mechanism", "sasl.username", "sasl.password.file", "sasl.password.env", "sasl.extensions", "sasl.allow_plaintext",
		"sasl.oauth.token_endpoint", "sasl.oauth.client_id", "sasl.oauth.client_secret.file", "sasl.oauth.client_secret.env",
		"sasl.oauth.scope", "sasl.oauth.params", "sasl.oauth.basic_auth", "sasl.oauth.timeout", "sasl.oauth.refused_retry",
		"sasl.oauth.allow_plaintext", "sasl.oauth.tls.ca_file", "sasl.oauth.tls.cert_file", "sasl.oauth.tls.key_file",
		"sasl.oauth.tls.server_name",
	} {
		all["kafka."+key] = Row{
			Wrong: tests("test/integration.TestKafkaSecurity", "internal/kafka.TestConfigSaysAllThatIsWrong"),
			Right: tests("test/integration.TestKafkaSecurity"),
		}
	}
	return all
}
