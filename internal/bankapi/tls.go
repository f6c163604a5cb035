package bankapi

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
)

// build reads every file once, so that a wrong one shows at the start.
func (c TLSConfig) build() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading CA file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading CA file: no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		k := &keyPair{certFile: c.CertFile, keyFile: c.KeyFile}
		if _, err := k.get(nil); err != nil {
			return nil, err
		}
		out.GetClientCertificate = k.get
	}
	return out, nil
}

// keyPair is a client certificate that follows its files. While the files are
// being exchanged and do not fit each other, the last good pair stays.
type keyPair struct {
	certFile, keyFile string

	mu          sync.Mutex
	cert        *tls.Certificate
	certV, keyV fileVersion
}

func (k *keyPair) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	certV, keyV := versionOf(k.certFile), versionOf(k.keyFile)
	if k.cert != nil && certV.same(k.certV) && keyV.same(k.keyV) {
		return k.cert, nil
	}
	cert, err := tls.LoadX509KeyPair(k.certFile, k.keyFile)
	if err != nil {
		if k.cert != nil {
			return k.cert, nil
		}
		return nil, fmt.Errorf("reading client certificate: %w", err)
	}
	k.cert, k.certV, k.keyV = &cert, certV, keyV
	return k.cert, nil
}

// fileVersion tells whether a file has been written or exchanged.
type fileVersion struct{ info os.FileInfo }

// versionOf follows symbolic links, which is how mounted secrets are exchanged.
func versionOf(path string) fileVersion {
	info, err := os.Stat(path)
	if err != nil {
		return fileVersion{}
	}
	return fileVersion{info}
}

func (v fileVersion) same(o fileVersion) bool {
	if v.info == nil || o.info == nil {
		return v.info == nil && o.info == nil
	}
	return os.SameFile(v.info, o.info) && v.info.Size() == o.info.Size() && v.info.ModTime().Equal(o.info.ModTime())
}
