package settings

func registry() map[string]Row {
	all := map[string]Row{}
	for _, key := range []string{
		"username", "password.file", "password.env", "token.file", "token.env",
	} {
		all["registry."+key] = Row{
			Wrong: tests("internal/registry.TestEveryWrongValueNamesItsKey", "internal/registry.TestNewNamesTheFilesThatItCannotRead", "internal/registry.TestCredentialsAreSentAndFollowed"),
			Right: tests("internal/registry.TestCredentialsAreSentAndFollowed"),
		}
	}
	for _, key := range []string{"tls.ca_file", "tls.cert_file", "tls.key_file", "tls.server_name"} {
		all["registry."+key] = Row{
			Wrong: tests("internal/registry.TestTLS", "internal/registry.TestNewNamesTheFilesThatItCannotRead"),
			Right: tests("internal/registry.TestTLS", "cmd/processor.TestTheProductionConfigurationWorks"),
		}
	}
	for _, key := range []string{"urls", "allow_plaintext", "max_response_bytes"} {
		all["registry."+key] = Row{
			Wrong: tests("internal/registry.TestEveryWrongValueNamesItsKey"),
			Right: tests("internal/registry.TestEveryWrongValueNamesItsKey", "cmd/processor.TestTheProductionConfigurationWorks"),
		}
	}
	return all
}
