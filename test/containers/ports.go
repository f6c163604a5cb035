package containers

import "testing"

// FreePort is a port of this host that nobody listens on, for what is started with
// ports of its own choice.
func FreePort(t testing.TB) (port string) {
	t.Helper()
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
