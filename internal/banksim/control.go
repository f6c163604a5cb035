package banksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const controlPrefix = "/_sim/"

// control serves the control API of the package documentation.
func (b *Bank) control() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, work func(r *http.Request) (status int, answer any, err error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			status, answer, err := work(r)
			if err != nil {
				status, answer = http.StatusBadRequest, map[string]string{"error": err.Error()}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			if answer != nil {
				_ = json.NewEncoder(w).Encode(answer)
			}
		})
	}
	handle("GET /_sim/ledger", b.controlLedger)
	handle("GET /_sim/calls", b.controlCalls)
	handle("GET /_sim/faults", func(*http.Request) (int, any, error) {
		return http.StatusOK, b.Faults(), nil
	})
	handle("POST /_sim/faults", func(r *http.Request) (int, any, error) {
		var f Fault
		if err := read(r, &f); err != nil {
			return 0, nil, err
		}
		id, err := b.AddFault(f)
		return http.StatusCreated, map[string]string{"id": id}, err
	})
	handle("DELETE /_sim/faults", func(*http.Request) (int, any, error) {
		return http.StatusOK, map[string]int{"removed": b.ClearFaults()}, nil
	})
	handle("DELETE /_sim/faults/{id}", func(r *http.Request) (int, any, error) {
		if removed := b.ClearFaults(r.PathValue("id")); removed == 0 {
			return http.StatusNotFound, map[string]string{"error": "no such fault"}, nil
		}
		return http.StatusOK, map[string]int{"removed": 1}, nil
	})
	handle("POST /_sim/release", func(*http.Request) (int, any, error) {
		b.Release()
		return http.StatusNoContent, nil, nil
	})
	handle("POST /_sim/latency", func(r *http.Request) (int, any, error) {
		var body struct {
			Method  string  `json:"method"`
			Latency Latency `json:"latency"`
		}
		if err := read(r, &body); err != nil {
			return 0, nil, err
		}
		return http.StatusNoContent, nil, b.SetLatency(body.Method, body.Latency)
	})
	handle("POST /_sim/dealers", b.controlDealer)
	handle("POST /_sim/invoices/pay", func(r *http.Request) (int, any, error) {
		var p Payment
		if err := read(r, &p); err != nil {
			return 0, nil, err
		}
		if err := b.PayInvoice(p); err != nil {
			return 0, nil, err
		}
		invoice, _ := b.Invoice(p.Company, p.Dealer, p.Number)
		return http.StatusOK, invoice, nil
	})
	handle("POST /_sim/clock", b.controlClock)
	handle("POST /_sim/tokens", b.controlTokens)
	handle("POST /_sim/reset", func(*http.Request) (int, any, error) {
		b.Reset()
		return http.StatusNoContent, nil, nil
	})
	return mux
}

// read decodes a JSON body strictly.
func read(r *http.Request, into any) error { return strict(r.Body, into) }

func strict(from io.Reader, into any) error {
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return nil
}

func (b *Bank) controlLedger(r *http.Request) (int, any, error) {
	snapshot := b.Ledger()
	if r.URL.Query().Get("reveal") == "1" {
		snapshot.reveal()
	}
	return http.StatusOK, snapshot, nil
}

func (b *Bank) controlCalls(r *http.Request) (int, any, error) {
	since := uint64(0)
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseUint(text, 10, 64); err != nil {
			return 0, nil, errors.New("since must be a sequence number")
		}
	}
	calls := b.Calls(since)
	if calls == nil {
		calls = []Call{}
	}
	return http.StatusOK, calls, nil
}

// controlDealer creates a dealer, or changes the members that the body has.
func (b *Bank) controlDealer(r *http.Request) (int, any, error) {
	var body json.RawMessage
	if err := read(r, &body); err != nil {
		return 0, nil, err
	}
	var names struct{ Company, Code string }
	if err := json.Unmarshal(body, &names); err != nil {
		return 0, nil, fmt.Errorf("reading the body: %w", err)
	}
	known, _ := b.Dealer(names.Company, names.Code)
	dealer := known.clone()
	if err := strict(bytes.NewReader(body), &dealer); err != nil {
		return 0, nil, err
	}
	if err := b.SetDealer(dealer); err != nil {
		return 0, nil, err
	}
	state, _ := b.Dealer(dealer.Company, dealer.Code)
	return http.StatusOK, state, nil
}

func (b *Bank) controlClock(r *http.Request) (int, any, error) {
	var body struct {
		Offset Duration `json:"offset"`
	}
	if err := read(r, &body); err != nil {
		return 0, nil, err
	}
	b.SetClockOffset(time.Duration(body.Offset))
	return http.StatusOK, map[string]any{"now": b.now(), "today": istanbulDay(b.now())}, nil
}

func (b *Bank) controlTokens(r *http.Request) (int, any, error) {
	var body struct {
		Action string `json:"action"`
	}
	if err := read(r, &body); err != nil {
		return 0, nil, err
	}
	switch body.Action {
	case "expire":
		b.ExpireTokens()
	case "revoke":
		b.RevokeTokens()
	case "unlock":
		b.UnlockApp()
	default:
		return 0, nil, errors.New(`action must be "expire", "revoke" or "unlock"`)
	}
	return http.StatusNoContent, nil, nil
}
