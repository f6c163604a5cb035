// Package processing takes one command to its one outcome: it decodes, checks,
// calls the bank, retries by class, resolves invoices that are in doubt, and
// publishes the outcome and, where a person must look, the dead letter.
//
// The way of a command:
//
//	decode ── unreadable ──────────────► dead letter (and outcome, if it has an id)
//	  │
//	past ──── concluded ───────────────► nothing: its id has its outcome
//	  ├────── attempted, no outcome ───► in doubt, as after a call without an answer
//	  │
//	check ─── violations, expired ─────► REJECTED, no bank call
//	  │
//	attempt ─ outage, throttled ───────► wait at the gate, nothing spent
//	  │       on record, under the lease
//	call ──── not sent, turned away ───► attempt withdrawn, wait, attempt again
//	  │
//	answer ── never ───────────────────► the verdict stands
//	  ├────── backoff ─────────────────► send again, at most Verdict.Resends times
//	  └────── reconcile ───────────────► ask the bank what it has (invoices), else IN_DOUBT
//
// Handle returns nil only after the outcome is durable. It refuses to guess:
// what may have reached the bank without an answer never ends as FAILED or
// REJECTED unless a query at the bank shows that it left nothing behind. That holds
// across the processor's lives: an attempt that stands in Kafka, is not withdrawn
// and has no outcome may have reached the bank (attempts.go). What can neither be
// looked up there nor repeated freely is not sent again, but for a loan's income, once.
//
// Without the lease nothing is called and nothing is written: the partition may have
// another owner, who decides.
//
// The package does no I/O of its own: ports.go has the interfaces that it needs.
package processing
