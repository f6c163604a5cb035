package settings

// console are the keys that say who may act on the console, and from where.
func console() map[string]Row {
	const room = "internal/console."
	sessions := Row{Wrong: tests(room + "TestAccessFaults"), Right: tests(room + "TestSessionsEnd")}
	return map[string]Row{
		"console.tokens_file": {
			Wrong: tests(room+"TestTheTokensFileIsFollowed", room+"TestWithoutTokensNobodySignsIn"),
			Right: tests(room + "TestATokenOpensASession"),
		},
		"console.behind_tls":    {Wrong: tests(room + "TestSigningInWantsTLSOrLoopback"), Right: tests(room + "TestTLSMakesTheCookieSecure")},
		"console.hosts":         {Wrong: tests(room+"TestAccessFaults", room+"TestHostsAreOurs"), Right: tests(room + "TestHostsAreOurs")},
		"console.session_idle":  sessions,
		"console.session_limit": sessions,
		"admin.tls.cert_file":   {Wrong: tests("internal/admin.TestACertificateIsShownAndFollowed"), Right: tests("internal/admin.TestACertificateIsShownAndFollowed")},
		"admin.tls.key_file":    {Wrong: tests("internal/admin.TestACertificateIsShownAndFollowed"), Right: tests("internal/admin.TestACertificateIsShownAndFollowed")},
	}
}
