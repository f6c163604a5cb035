package settings

import "maps"

func banks() map[string]Row {
	all := map[string]Row{}
	for _, bank := range []string{"banks.interapi", "banks.loanapi"} {
		maps.Copy(all, bankRows(bank))
	}
	for _, key := range []string{
		"subscription_key.file", "subscription_key.env", "app_key.file", "app_key.env", "user_code", "signing_key_file",
	} {
		all["banks.interapi."+key] = matrix("cmd/processor.TestRightBankSettingsWork")
	}
	signed := all["banks.interapi.signing_key_file"]
	signed.Right = append(signed.Right, "internal/bankapi.TestRS256SignsTheExactBytes")
	all["banks.interapi.signing_key_file"] = signed
	for _, key := range []string{
		"interapi.subscription_key.env", "interapi.app_key.env", "interapi.token.client_secret.env", "loanapi.token.client_secret.env",
	} {
		all["banks."+key] = matrix("cmd/processor.TestSecretsFromTheEnvironmentWork")
	}
	return all
}

// matrix is a row of the table of wrong values.
func matrix(right string) Row {
	return Row{Wrong: tests("cmd/processor.TestWrongBankSettingsAreRefusedByName"), Right: tests(right)}
}

func bankRows(bank string) map[string]Row {
	all := map[string]Row{}
	for _, key := range []string{
		"http.base_url", "http.http2", "http.max_response_bytes",
		"http.tls.ca_file", "http.tls.cert_file", "http.tls.key_file", "http.tls.server_name",
		"token.path", "token.client_id", "token.client_secret.file", "token.client_secret.env",
		"token.scope", "token.basic_auth", "token.refused_retry",
	} {
		all[bank+"."+key] = matrix("cmd/processor.TestRightBankSettingsWork")
	}
	all[bank+".http.allow_plaintext"] = matrix("cmd/processor.TestPlaintextIsAllowedWhereItIsAskedFor")
	all[bank+".token.resource"] = Row{
		Wrong: tests("internal/bankapi.TestTokenEndpointAnswers"), Right: tests("internal/bankapi.TestTokenRequest"),
	}
	return all
}

func admin() map[string]Row {
	row := matrix("internal/app.TestACommandBecomesAnOutcome")
	row.Wrong = append(row.Wrong, "internal/admin.TestPortInUse")
	profiling := Row{
		Wrong: []string{"internal/admin.TestProfilesAreServedWhereTheyAreAskedFor"},
		Right: []string{"internal/admin.TestProfilesAreServedWhereTheyAreAskedFor"},
	}
	return map[string]Row{"admin.address": row, "admin.profiling": profiling}
}
