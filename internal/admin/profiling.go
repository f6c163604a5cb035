package admin

import (
	"net/http"
	"net/http/pprof"
	"time"
)

// writeTimeout bounds an answer, and with it how long a profile may take.
const writeTimeout = 30 * time.Second

// profile serves Go's profiles. The command line is not among them: it is no
// profile, and may hold what the operator has put there.
func profile(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
