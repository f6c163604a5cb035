package processing

import (
	"context"
	"time"

	"bankprocessor/internal/command"
)

// maxForgiven bounds the resends of one invoice that an outage swallows.
const maxForgiven = 3

// executeInvoice runs dbs.invoice.upsert: a call whose answer decides nothing is
// followed by queries until the bank's own list does (contract section 4). The
// dealer's key stays blocked meanwhile.
func (r *run) executeInvoice(ctx context.Context, inv *command.Invoice) (end, error) {
	s := r.situation(inv)
	rounds := settleRounds{waits: r.p.cfg.Settle}
	for backoffs, forgiven := 0, 0; ; {
		v, err := r.send(ctx, s.operation)
		if err != nil {
			return r.stoppedInvoice(ctx, inv, s, err)
		}
		if v.Code == command.CodeCommandExpired && (r.uncertain || s.last.Retry == command.RetryReconcile) {
			return end{verdict: unresolvedVerdict(s.last)}, nil
		}
		s.previous, s.last, s.uncertain = s.last, v, r.uncertain
		s.unanswered = s.unanswered || v.Delivery == command.Unanswered
		if s.resent && forgiven < maxForgiven && v.BankFault && r.p.bank.Shut(r.c.Name()) {
			s.resent = false // an outage spends no resend
			forgiven++
		}
		switch {
		case v.Retry == command.RetryBackoff && backoffs < v.Resends:
			backoffs++
		case v.Retry == command.RetryReconcile, r.uncertain && !confirmed(v):
			d, err := r.resolve(ctx, inv, &s, &rounds)
			switch {
			case err != nil:
				return r.stoppedInvoice(ctx, inv, s, err)
			case d.action == conclude:
				return d.end, nil
			case d.action == resend:
				s.resent = true
				if s.recovered {
					s.recovered = false
					rounds.restart()
				}
			case d.action == sendUpdate:
				s.operation, s.mayUpdate, s.resent, s.recovered = command.UpdateInvoice, false, false, false
				rounds.restart()
			}
		case v.Retry == command.RetryBackoff:
			return end{verdict: exhausted(v)}, nil
		default:
			return end{verdict: v}, nil
		}
		if err := r.pauseBeforeResend(ctx, 0, s.last); err != nil {
			return r.stoppedInvoice(ctx, inv, s, err)
		}
	}
}

// situation is where the invoice stands: at its beginning, or where a life before
// has left it.
func (r *run) situation(inv *command.Invoice) situation {
	s := situation{operation: inv.Operation, advance: inv.Maturity == command.Advance}
	if inv.Operation == command.UpsertInvoice {
		s.operation, s.mayUpdate = command.InsertInvoice, !s.advance
	}
	if len(r.made) == 0 {
		return s
	}
	s.recovered = true
	s.operation = r.made[len(r.made)-1].Operation
	sends := 0
	for _, a := range r.made {
		if a.Operation == s.operation {
			sends++
		}
	}
	s.resent = sends > 1
	return s
}

// confirmed says that the bank has done what was asked, wholly or in part.
func confirmed(v command.Verdict) bool {
	return v.Status == command.Succeeded || v.Status == command.Partial
}

// resolve queries the bank, waiting before each look, until a decision other
// than to look again is made. The error is ctx's cause.
func (r *run) resolve(ctx context.Context, inv *command.Invoice, s *situation, rounds *settleRounds) (decision, error) {
	r.takeBack(ctx)
	atOnce := knownToExist(s.last)
	for {
		wait := time.Duration(0)
		if !atOnce {
			wait = rounds.next()
		}
		atOnce = false
		s.lastRound = rounds.spent()
		if err := r.pause(ctx, WaitSettle, wait); err != nil {
			return decision{}, err
		}
		d, err := r.look(ctx, inv, s)
		if err != nil || d.action != lookAgain {
			return d, err
		}
	}
}

// look queries the bank once and decides by what it has. The error is ctx's cause.
func (r *run) look(ctx context.Context, inv *command.Invoice, s *situation) (decision, error) {
	r.at = r.way.begin(Stretch{Kind: Reconciling, Command: r.c.Name(), Operation: s.operation})
	defer r.leave()
	r.p.observer.Reconciling(s.operation)
	e, answered, err := r.lookUp(ctx, inv)
	if err != nil {
		return decision{}, err
	}
	r.note(inv, e, answered)
	d := decision{end: end{verdict: inDoubt(s.last)}}
	if answered {
		d = decide(*s, e)
	}
	r.at.end(Ending{Code: d.end.verdict.Code, Status: d.end.verdict.Status})
	return d, nil
}

// knownToExist says that the bank itself speaks of a record (106, 108, 109, 110)
// or of its absence (128): there is nothing to wait for before the first look.
func knownToExist(v command.Verdict) bool {
	return v.Category == command.CategoryDuplicate || v.Category == command.CategoryNotFound
}

// lookUp reads what the bank has of the invoice, under its due date and under the
// hinted one; a row in force outweighs a passive one. answered is false when the
// bank would not say.
func (r *run) lookUp(ctx context.Context, inv *command.Invoice) (best evidence, answered bool, err error) {
	days := []command.Date{inv.DueDate}
	if !inv.PreviousDueDate.IsZero() && inv.PreviousDueDate != inv.DueDate {
		days = append(days, inv.PreviousDueDate)
	}
	for _, day := range days {
		key := listingKey{company: inv.CompanyCode, customerNumber: inv.CustomerNumber, day: day}
		l := r.p.listings.get(ctx, key, func(l *listing) {
			l.rows, l.answered, l.err = r.queryDay(ctx, inv, day)
		})
		if l.err != nil || !l.answered {
			return evidence{}, false, l.err
		}
		best = best.or(evidenceOf(inv, day, l.rows))
	}
	return best, true, nil
}

// queryDay lists the company's invoices due on a day, in at most QueryTries
// tries; what is an outage's fault spends none.
func (r *run) queryDay(ctx context.Context, inv *command.Invoice, day command.Date) (rows []command.InvoiceResultRow, answered bool, err error) {
	const name = command.DBSInvoiceResultsQuery
	query := r.resultsQuery(inv, day)
	for tries, waits := 0, 0; ; waits++ {
		if err := r.awaitGate(ctx, name); err != nil {
			return nil, false, err
		}
		v := r.query(ctx, query)
		if list, ok := v.Result.(*command.InvoiceResultList); ok && v.Status == command.Succeeded {
			return list.Rows, true, nil
		}
		if !waitsOut(v) && (!v.BankFault || !r.p.bank.Shut(name)) {
			tries++
		}
		if tries >= r.p.cfg.QueryTries || v.Retry == command.RetryNever {
			return nil, false, nil
		}
		r.p.observer.Retried(name, v.Code)
		if err := r.pause(ctx, WaitBackoff, max(asked(v), r.p.backoff(waits))); err != nil {
			return nil, false, err
		}
	}
}

func (r *run) resultsQuery(inv *command.Invoice, day command.Date) *command.Command {
	return &command.Command{
		ID: r.c.ID, IssuedAt: r.c.IssuedAt, CorrelationID: r.c.CorrelationID,
		Payload: &command.QueryInvoiceResults{
			CompanyCode: inv.CompanyCode, FromDueDate: day, ToDueDate: day, CustomerNumber: inv.CustomerNumber,
		},
	}
}

// stoppedInvoice ends an invoice whose context has ended. One that never left, or
// was refused, is released, and so is one of which the attempts tell the next owner
// all: he resolves it. Otherwise, where an answer would be lost, one last look
// without a wait may prove it done; absence proves nothing that soon, so everything
// else is in doubt.
func (r *run) stoppedInvoice(ctx context.Context, inv *command.Invoice, s situation, cause error) (end, error) {
	if !r.uncertain || (!r.unrecorded && saysNothing(s.last)) {
		return end{}, r.released(ctx, cause)
	}
	if !r.p.bank.Shut(command.DBSInvoiceResultsQuery) {
		v := r.query(ctx, r.resultsQuery(inv, inv.DueDate))
		if list, ok := v.Result.(*command.InvoiceResultList); ok && v.Status == command.Succeeded {
			d := decide(s, evidenceOf(inv, inv.DueDate, list.Rows))
			if d.action == conclude && d.end.reconciled && d.end.verdict.Status == command.Succeeded {
				return d.end, nil
			}
		}
	}
	return end{verdict: inDoubt(s.last)}, nil
}

// saysNothing says that a successor misses nothing who does not know v: there was
// no answer, or one that the bank gives again.
func saysNothing(v command.Verdict) bool {
	return v.Delivery == command.Unanswered || !effectUnknown(v)
}

// settleRounds hands out the settle waits; the last one repeats.
type settleRounds struct {
	waits []time.Duration
	taken int
}

func (r *settleRounds) next() time.Duration {
	wait := r.waits[min(r.taken, len(r.waits)-1)]
	r.taken++
	return wait
}

func (r *settleRounds) spent() bool { return r.taken >= len(r.waits) }

func (r *settleRounds) restart() { r.taken = 0 }
