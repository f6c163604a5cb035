package app_test

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/test/certs"
)

func TestEveryCommandOverMutualTLS(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, protocol string) {
		ca := certs.New(t)
		m := setupMutual(t, protocol, bankOf(ca, ca), ca, ca.Issue("us", nil))
		w := m.watch(downstream.Options{})
		m.start()
		want := map[string]command.Name{}
		for _, n := range command.Names() {
			want[m.send(n, example(t, n))] = n
		}
		for _, e := range m.take(w, len(want)) {
			o := e.Outcome
			if o == nil || want[o.CommandID] != o.Command || o.BankCode == "" && o.Status != command.Succeeded {
				t.Errorf("got %+v, %v: want the bank's own word", o, e.Err)
			}
		}
		methods := map[string]bool{}
		for _, c := range m.box.Bank().Calls(0) {
			methods[c.Method] = true
		}
		if len(methods) != 8 { // seven and the token's
			t.Errorf("the bank was called for %v", methods)
		}
	})
}

// Everything that can be renewed is renewed while commands flow: our certificate,
// the authority that the bank demands of it, the bank's own certificate with its
// authority. Each command has one good outcome, and the bank did each thing once.
func TestCertificatesRotateUnderLoad(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, protocol string) {
		first, second := certs.New(t), certs.New(t)
		m := setupMutual(t, protocol, bankOf(first, first), first, first.Issue("one", nil))
		m.cfg.Banks.InterAPI.DBSWrite.MaxConcurrent = 4
		slowBank(t, m.box.Bank())
		w := m.watch(downstream.Options{DeadLetters: true})
		m.start()
		ids := map[string]bool{}
		const commands = 300
		for n := range commands {
			ids[m.send(command.DBSInvoiceUpsert, invoice(t, n))] = true
		}
		m.called(40)
		m.exchange(first.Issue("two", nil), func() { m.called(80) })
		m.called(120)
		// The bank goes over to callers of the second authority: ours are refused
		// until the files have changed.
		m.bank.Store(bankOf(first, second))
		m.reconnect(first.PEM())
		m.await("the refusal", func() bool { return strings.Contains(m.log.String(), "http.tls.cert_file: the server refuses") })
		m.exchange(second.Issue("three", nil), func() {})
		m.called(180)
		// The bank's own certificate goes over, and we hear of it late.
		m.bank.Store(bankOf(second, second))
		m.reconnect(first.PEM())
		m.await("the distrust", func() bool { return strings.Contains(m.log.String(), "http.tls.ca_file: the server's certificate") })
		certs.Replace(t, m.files.CAFile, first.PEM()+second.PEM())
		m.called(240)
		certs.Replace(t, m.files.CAFile, second.PEM())
		for _, e := range m.take(w, commands) {
			if e.DeadLetter() || e.Outcome == nil || e.Outcome.Status != command.Succeeded || e.Outcome.Attempts != 1 || !ids[e.Outcome.CommandID] {
				t.Fatalf("got %+v, %v\n%s", e.Outcome, e.Err, e.Header("dlq-code"))
			}
			delete(ids, e.Outcome.CommandID)
		}
		applied := 0
		for _, c := range m.box.Bank().Calls(0) {
			if c.Method == banksim.MethodInvoice {
				applied++
			}
		}
		if applied != commands {
			t.Errorf("the bank was sent %d invoices, want %d", applied, commands)
		}
	})
}

// An expired certificate is nobody's fault but the file's: commands wait, whoever
// looks is told which file, and with another file everything goes on.
func TestAnExpiredClientCertificateIsWaitedOut(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, protocol string) {
		ca := certs.New(t)
		m := setupMutual(t, protocol, bankOf(ca, ca), ca, ca.Issue("late", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }))
		w := m.watch(downstream.Options{DeadLetters: true})
		a := m.start()
		invoiceID, loanID := m.send(command.DBSInvoiceUpsert, invoice(t, 1)), m.send(command.LoanIncomeSubmit, example(t, command.LoanIncomeSubmit))
		for _, group := range []string{bankapi.GroupInterAPIDBSWrite, bankapi.GroupLoanToken} {
			m.awaitMetrics(a, fmt.Sprintf(`processor_bank_gate_shut{group="%s",reason="tls_refused"} 1`, group))
		}
		status, body := get(t, a, "/readyz")
		for _, bank := range []string{"interapi", "loanapi"} {
			setting := "banks." + bank + ".http.tls.cert_file: "
			if status != http.StatusOK || !strings.Contains(body, setting) {
				t.Errorf("readiness is %d and does not name %s: %s", status, setting, body)
			}
			if !strings.Contains(m.log.String(), setting) || !strings.Contains(m.log.String(), "a certificate has run out") {
				t.Errorf("the log does not name %s:\n%s", setting, m.log)
			}
		}
		if calls := m.box.Bank().Calls(0); len(calls) > 0 {
			t.Errorf("the bank was called: %+v", calls)
		}
		m.exchange(ca.Issue("new", nil), func() {})
		for _, e := range m.take(w, 2) {
			if o := e.Outcome; o == nil || o.Status != command.Succeeded || o.Attempts != 1 || o.CommandID != invoiceID && o.CommandID != loanID {
				t.Errorf("got %+v, dead letter %t", o, e.DeadLetter())
			}
		}
		if _, body := get(t, a, "/readyz"); strings.Contains(body, "tls_refused") {
			t.Errorf("the gates are shut still: %s", body)
		}
	})
}

func TestAFileThatCannotBeUsedIsTold(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	soon := time.Now().Add(10*24*time.Hour + time.Hour)
	m := setupMutual(t, "h2", bankOf(ca, ca), ca, ca.Issue("one", func(c *x509.Certificate) { c.NotAfter = soon }))
	a := m.start()
	const setting = "banks.loanapi.http.tls.cert_file"
	m.awaitMetrics(a, `processor_file_stale{setting="`+setting+`"} 0`,
		fmt.Sprintf(`processor_certificate_not_after_timestamp_seconds{setting="%s"} %g`, setting, float64(soon.Unix())))
	if n := strings.Count(m.log.String(), `msg="a certificate runs out soon: renew its file" setting=`+setting); n != 1 || !strings.Contains(m.log.String(), "days=10") {
		t.Errorf("want one warning of the coming end, got %d:\n%s", n, m.log)
	}
	const told = `msg="what a file holds now cannot be used: what it last held stays in use" setting=` + setting
	m.exchange(ca.Issue("two", nil), func() {
		m.awaitMetrics(a, `processor_file_stale{setting="`+setting+`"} 1`)
		if status, body := get(t, a, "/readyz"); status != http.StatusOK || !strings.Contains(body, setting+": ") {
			t.Errorf("readiness is %d and does not name the setting: %s", status, body)
		}
		if n := strings.Count(m.log.String(), told); n != 1 {
			t.Errorf("told %d times:\n%s", n, m.log)
		}
	})
	m.awaitMetrics(a, `processor_file_stale{setting="`+setting+`"} 0`)
	m.await("the good news", func() bool {
		return strings.Contains(m.log.String(), `msg="a file's content is in use again" setting=`+setting)
	})

	secret := m.cfg.Banks.LoanAPI.Token.ClientSecret.File
	certs.Replace(t, secret, "")
	m.awaitMetrics(a, `processor_file_stale{setting="banks.loanapi.token.client_secret.file"} 1`)
}
