package admin

import (
	"encoding/json"
	"net/http"
)

// Check is one thing that must be in order before work can be done.
type Check struct {
	Name string
	// Optional things are shown, but the process is ready without them.
	Optional bool
	// Ready returns why the thing is not in order, in words for an operator. It
	// must not block.
	Ready func() error
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool          `json:"ready"`
	Checks []checkResult `json:"checks"`
}

type checkResult struct {
	Name     string `json:"name"`
	Ready    bool   `json:"ready"`
	Optional bool   `json:"optional,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (s *Server) readiness() readiness {
	r := readiness{Ready: true, Checks: make([]checkResult, 0, len(s.deps.Checks))}
	for _, c := range s.deps.Checks {
		result := checkResult{Name: c.Name, Ready: true, Optional: c.Optional}
		if err := c.Ready(); err != nil {
			result.Ready, result.Reason = false, err.Error()
			r.Ready = r.Ready && c.Optional
		}
		r.Checks = append(r.Checks, result)
	}
	return r
}

func (s *Server) serveReadiness(w http.ResponseWriter, _ *http.Request) {
	r := s.readiness()
	w.Header().Set("Content-Type", "application/json")
	if !r.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(r) // the reader may be gone
}
