package bankapi

// TLSError is a handshake that one side refuses: nothing was sent, and no retry
// mends it before a file or the bank has changed.
type TLSError struct {
	// Setting is the key to look at.
	Setting string
	// Problem is what is wrong, in words without a secret.
	Problem string
	err     error
}

// Error names the setting.
func (e *TLSError) Error() string { return e.Setting + ": " + e.Problem }

// Unwrap returns the handshake's own error.
func (e *TLSError) Unwrap() error { return e.err }

// tlsError reads a failed call; nil when TLS is not why it failed, or when what
// was sent may have been read. With TLS 1.3 the bank looks at our certificate
// after our side of the handshake, so that its refusal may find a request already
// written. The bank's side of the handshake is then not over, and it cannot have
// read it: only a connection on which it has ever answered is beyond that, and one
// of TLS 1.2, where the bank has looked at our certificate before we may write.
func (c *Client) tlsError(s *sending, err error) *TLSError {
	key, problem, ok := c.cfg.TLS.Blame(err)
	if !ok { // the end of the connection may have been met before its reason
		err = s.lastWord()
		key, problem, ok = c.cfg.TLS.Blame(err)
	}
	if !ok || s.gotConn.Load() && (key != "cert_file" || s.mayBeRead()) {
		return nil
	}
	e := &TLSError{Setting: c.cfg.setting() + ".tls", Problem: clip(problem), err: err}
	if key != "" {
		e.Setting += "." + key
	}
	return e
}

// clip bounds what a server's certificate may put into a message.
func clip(problem string) string {
	if runes := []rune(problem); len(runes) > maxMessageRunes {
		return string(runes[:maxMessageRunes])
	}
	return problem
}

// changed returns what says whether a certificate's file has changed since now.
func (c *Client) changed() func() bool {
	before := c.files.Changes()
	return func() bool { return c.files.Changes() != before }
}
