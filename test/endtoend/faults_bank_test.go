package endtoend

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/secret"
)

// callsOf are the calls of a method so far.
func callsOf(bank *banksim.Bank, method string) (calls []banksim.Call) {
	for _, c := range bank.Calls(0) {
		if c.Method == method {
			calls = append(calls, c)
		}
	}
	return calls
}

// A refused client secret is tried once. Loans wait, everything else goes on, and
// once the secret is corrected the loans end well.
func TestARefusedClientSecretIsTriedOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	file := filepath.Join(t.TempDir(), "client-secret")
	must(t, os.WriteFile(file, []byte("not-the-secret"), 0o600))
	a := w.processor(func(c *config.Config) {
		c.Banks.LoanAPI.Token.ClientSecret = secret.Source{File: file}
	})
	var loans []string
	for n := range 20 {
		id, _ := w.send(command.LoanIncomeSubmit, func(f map[string]any) { f["applicationNumber"] = 7000 + n })
		loans = append(loans, id)
	}
	await(t, 10*time.Second, "gate held by the secret", func() bool {
		return groupOf(t, a, bankapi.GroupLoanToken).Hold == bankapi.HoldSecretRefused
	})
	var others []string
	for range 5 {
		others = append(others, sendSome(w)...)
	}
	succeeds(w, others...)
	must(t, pause(t.Context(), 1500*time.Millisecond)) // the gate looks at the secret once a second
	if n := len(callsOf(w.bank, banksim.MethodToken)); n != 1 {
		t.Errorf("%d token requests with the wrong secret, want 1: five lock the application", n)
	}
	if n := len(callsOf(w.bank, banksim.MethodLoan)); n != 0 {
		t.Errorf("%d loan calls without a token", n)
	}
	w.Lock()
	for _, id := range loans {
		if len(w.outcomes[id]) > 0 {
			t.Errorf("a loan ended while it had to wait: %s", w.outcomes[id][0].Outcome.Code)
		}
	}
	w.Unlock()
	mentions(t, "the log", w.log.String(), "the bank refuses us: commands wait until that is mended",
		`"group":"loanapi.token"`, "gateway.secret_invalid", "(token.client_secret)", `"settings":"banks.loanapi"`)
	mentions(t, "readiness", string(fetchPage(t, a.AdminAddress(), "/readyz")), `"ready":true`, "secret_refused")
	for _, value := range []string{"not-the-secret", banksim.DefaultClientSecret} {
		if strings.Contains(w.log.String(), value) {
			t.Error("a secret stands in the log")
		}
	}

	must(t, os.WriteFile(file, []byte(banksim.DefaultClientSecret), 0o600))
	succeeds(w, loans...)
	noLetters(w)
	mentions(t, "the log", w.log.String(), "the bank takes commands again")
	if n := len(callsOf(w.bank, banksim.MethodToken)); n != 2 {
		t.Errorf("%d token requests in all, want 2", n)
	}
}

// A gateway's refusal is no command's fault: the command waits and ends well.
func TestAGatewayThatRefusesIsAwaited(t *testing.T) {
	t.Parallel()
	const pauseInitial = 300 * time.Millisecond
	for name, tt := range map[string]struct {
		status  int
		headers map[string]string
		wait    time.Duration
		log     []string
	}{
		"401": {
			http.StatusUnauthorized, nil, pauseInitial,
			[]string{"the bank refuses us", "gateway.unauthorized", "does not accept our credentials", `"settings":"banks.interapi"`},
		},
		"403": {
			http.StatusForbidden, nil, pauseInitial,
			[]string{"the bank refuses us", "gateway.forbidden", "forbids the call", `"settings":"banks.interapi"`},
		},
		"403 of a spent quota": {
			http.StatusForbidden, map[string]string{"Retry-After": "1"}, time.Second,
			[]string{"the bank asks us to slow down", "gateway.throttled"},
		},
		"429": {
			http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}, time.Second,
			[]string{"the bank asks us to slow down", "gateway.throttled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWorld(t, sandbox.Options{})
			w.watch()
			w.fault(banksim.Fault{
				Kind: banksim.FaultHTTP, HTTPStatus: tt.status, Headers: tt.headers, Body: "go away", Times: 1,
				Match: banksim.Match{Method: banksim.MethodInvoice},
			})
			w.processor(func(c *config.Config) { c.Banks.InterAPI.DBSWrite.PauseInitial = pauseInitial })
			id, _ := w.send(command.DBSInvoiceUpsert, nil)
			succeeds(w, id)
			noLetters(w)
			calls := callsOf(w.bank, banksim.MethodInvoice)
			if len(calls) != 2 || calls[1].At.Sub(calls[0].At) < tt.wait {
				t.Errorf("want a second call after %v, got %d calls: %+v", tt.wait, len(calls), calls)
			}
			mentions(t, "the log", w.log.String(), append(tt.log, `"group":"interapi.dbs.write"`, "the bank takes commands again")...)
			if strings.Contains(w.log.String(), "go away") {
				t.Error("the bank's body stands in the log")
			}
		})
	}
}

// A path that the bank does not know pauses its group, and the log says where to
// look. A processor with the right path carries out what has waited.
func TestAWrongPathIsPausedAndNamed(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	wrong := w.processor(func(c *config.Config) {
		c.Intake.DrainTimeout = time.Second
		paths := maps.Clone(c.Banks.InterAPI.Paths)
		paths[command.DBSLimitQuery] = "/no/such/path"
		c.Banks.InterAPI.Paths = paths
	})
	waits, _ := w.send(command.DBSLimitQuery, nil)
	await(t, 10*time.Second, "paused group", func() bool {
		return groupOf(t, wrong, bankapi.GroupInterAPIDBSRead).Hold == bankapi.HoldPaused
	})
	succeeds(w, sendSome(w)...)
	mentions(t, "the log", w.log.String(), "the bank refuses us: commands wait until that is mended",
		"bank.endpoint_unknown", "the bank does not know the method's path: see the path map (paths)", `"settings":"banks.interapi"`)
	must(t, stop(wrong))
	w.Lock()
	if len(w.outcomes[waits]) > 0 {
		t.Error("the command ended while it had to wait")
	}
	w.Unlock()

	w.processor()
	succeeds(w, waits)
	noLetters(w)
}
