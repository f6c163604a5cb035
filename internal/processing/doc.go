// Package processing takes one command to its one outcome: it decodes, checks,
// calls the bank, retries by class, resolves invoices that are in doubt, and
// publishes the outcome and, where a person must look, the dead letter.
//
// The way of a command:
//
//	decode ── unreadable ──────────────► dead letter (and outcome, if it has an id)
//	  │
//	check ─── violations, expired ─────► REJECTED, no bank call
//	  │
//	send ──── outage, throttled ───────► wait at the gate, nothing spent, send
//	  │
//	answer ── never ───────────────────► the verdict stands
//	  ├────── backoff ─────────────────► send again, at most Verdict.Resends times
//	  └────── reconcile ───────────────► ask the bank what it has (invoices), else IN_DOUBT
//
// Handle returns nil only after the outcome is durable. It refuses to guess:
// what may have reached the bank without an answer never ends as FAILED or
// REJECTED unless a query at the bank shows that it left nothing behind.
//
// The package does no I/O of its own: ports.go has the interfaces that it needs.
package processing
