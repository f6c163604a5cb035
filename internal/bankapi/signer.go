package bankapi

import "net/http"

// BodySigner returns the headers that sign a body. It is given the exact bytes
// that are sent (contract section 1.3).
type BodySigner interface {
	Sign(body []byte) (http.Header, error)
}
