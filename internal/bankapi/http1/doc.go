// Package http1 writes requests and reads answers of HTTP/1.1 (RFC 9112), byte by
// byte, for connections that carry one call at a time. It knows no connection: whose
// bytes leave when is its caller's.
//
// It takes what net/http takes and reads it as net/http does, which a differential
// fuzz test holds it to, but for what ErrUnusual names: answers that no bank sends
// and whose reading is a matter of taste.
package http1
