package tlsfile

import "crypto/tls"

// Server returns the settings of a port that shows the pair: each connection gets what
// the files hold when it begins. It needs a pair.
func (f *Files) Server() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.pair.Recent(), nil },
	}
}
