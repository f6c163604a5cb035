package settings

func tracing() map[string]Row {
	all := map[string]Row{}
	for _, key := range []string{"endpoint", "allow_plaintext"} {
		all["tracing."+key] = Row{
			Wrong: tests("internal/tracing.TestEveryWrongValueNamesItsKey"),
			Right: tests("internal/tracing.TestEveryWrongValueNamesItsKey", "internal/tracing.TestBothProtocolsExportTheSame"),
		}
	}
	for _, key := range []string{"headers.file", "headers.env"} {
		all["tracing."+key] = Row{
			Wrong: tests("internal/tracing.TestEveryWrongValueNamesItsKey", "internal/tracing.TestHeadersThatCannotBeRead"),
			Right: tests("internal/tracing.TestHeadersAreSentAndFollowed"),
		}
	}
	for _, key := range []string{"ca_file", "cert_file", "key_file", "server_name"} {
		all["tracing.tls."+key] = Row{
			Wrong: tests("internal/tracing.TestEveryWrongValueNamesItsKey", "internal/tracing.TestTLS"),
			Right: tests("internal/tracing.TestTLS"),
		}
	}
	return all
}
