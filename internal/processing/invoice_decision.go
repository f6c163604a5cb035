package processing

import "bankprocessor/internal/command"

// situation is what is known of an invoice whose last answer decided nothing.
type situation struct {
	// operation is what was sent last: INSERT, UPDATE or CANCEL.
	operation command.InvoiceOperation
	// mayUpdate says that the command is an UPSERT that has not become an
	// update yet, of an invoice that can be updated.
	mayUpdate bool
	advance   bool
	// last is the answer to what was sent last, previous the one before it,
	// zero when there was none.
	last, previous command.Verdict
	// uncertain says that an attempt at this command ended with its effect
	// unknown.
	uncertain bool
	// unanswered says that one of them had no answer at all.
	unanswered bool
	// resent says that the operation's one resend is spent.
	resent bool
	// lastRound says that no further wait is left.
	lastRound bool
	// recovered says that what was sent last was sent in a life before.
	recovered bool
}

// action is what comes next.
type action uint8

const (
	conclude   action = iota // the decision's end stands
	lookAgain                // query again after the next settle wait
	resend                   // send the same operation again
	sendUpdate               // send an update instead
)

type decision struct {
	action action
	end    end
}

// decide is the table of contract section 4. A call of a life before may have been
// under way at the bank until a moment ago, whatever its time limit: nothing is sent
// after it before the last look.
func decide(s situation, e evidence) decision {
	d := decideOperation(s, e)
	if d.action == resend && s.recovered && !s.lastRound {
		return decision{action: lookAgain}
	}
	return d
}

func decideOperation(s situation, e evidence) decision {
	switch s.operation {
	case command.UpdateInvoice:
		return decideUpdate(s, e)
	case command.CancelInvoice:
		return decideCancel(s, e)
	default:
		return decideInsert(s, e)
	}
}

func decideInsert(s situation, e evidence) decision {
	switch {
	case e.inForce() && e.same:
		return proved(s, e, command.CodeInvoiceAlreadyRecorded)
	case e.inForce() && s.mayUpdate && !e.paid:
		return decision{action: sendUpdate}
	case e.inForce():
		return refuted(s, e, conflictCode(s, e))
	case e.cancelled() && s.mayUpdate:
		return decision{action: sendUpdate}
	case e.cancelled():
		return refuted(s, e, command.CodeInvoicePreviouslyCancelled)
	}
	switch {
	case s.last.Code == command.CodeInvoicePreviouslyCancelled && s.mayUpdate:
		// 110 orders the update code, and passive rows may not be listed.
		return decision{action: sendUpdate}
	case s.last.Code == command.CodeInvoicePreviouslyCancelled, definite(s.last):
		return stands(s)
	case e.unclear():
		return unresolved(s, false)
	case s.advance, s.last.NoResend, s.resent:
		// Of an advance invoice the money may be moving: never a second send.
		return unresolved(s, !e.found)
	}
	return decision{action: resend}
}

func decideUpdate(s situation, e evidence) decision {
	switch {
	case e.inForce() && e.same:
		return proved(s, e, command.CodeInvoiceUpdated)
	case definite(s.last), !e.found && !s.unanswered && s.last.Code == command.CodeInvoiceNotFound:
		return stands(s)
	case e.found && !s.resent && !s.last.NoResend:
		return decision{action: resend}
	}
	return unresolved(s, e.found)
}

func decideCancel(s situation, e evidence) decision {
	switch {
	case e.cancelled():
		return proved(s, e, command.CodeInvoiceCancelled)
	case definite(s.last):
		return stands(s)
	case s.last.Code == command.CodeInvoiceNotFound && !e.inForce():
		if s.uncertain {
			// The lost attempt has done it: there is nothing left to cancel.
			return proved(s, e, command.CodeInvoiceCancelled)
		}
		return stands(s)
	case !s.resent && !s.last.NoResend:
		return decision{action: resend}
	}
	return unresolved(s, e.inForce())
}

// definite says that the bank's last answer is a refusal that no query overturns
// when the query finds nothing.
func definite(v command.Verdict) bool {
	return v.Retry == command.RetryNever || v.Retry == command.RetryBackoff
}

// proved ends the command as done because the bank's own list shows it.
func proved(s situation, e evidence, code command.Code) decision {
	v := s.last
	v.Status, v.Code, v.Category = command.Succeeded, code, command.CategoryOK
	v.DeadLetter = false
	recorded := &command.InvoiceRecorded{}
	if r, ok := v.Result.(*command.InvoiceRecorded); ok && r != nil {
		copied := *r
		recorded = &copied
	}
	recorded.Paid, recorded.Operation = e.paid, s.operation
	v.Result = recorded
	return decision{end: end{verdict: v, reconciled: true, weak: e.weak}}
}

// refuted ends the command as refused because the bank's list shows another
// record in its place.
func refuted(s situation, e evidence, code command.Code) decision {
	v := s.last
	v.Status, v.Code, v.Category = command.Rejected, code, command.CategoryDuplicate
	v.DeadLetter, v.Result = false, nil
	return decision{end: end{verdict: v, reconciled: true, weak: e.weak}}
}

// stands ends the command with the bank's last answer. After an attempt that went
// unanswered every look is taken first, for that attempt may land late and be the
// reason for the refusal; and what never got so far as a refusal is in doubt.
func stands(s situation) decision {
	switch {
	case s.unanswered && !s.lastRound:
		return decision{action: lookAgain}
	case s.unanswered && s.last.Status == command.Failed:
		return decision{end: end{verdict: inDoubt(s.last)}}
	}
	return decision{end: end{verdict: s.last, reconciled: true}}
}

// unresolved looks again while a wait is left, and then ends the command: as
// failed when the bank has said twice, definitely, that it could not, and its
// list shows the invoice untouched; else in doubt, for a person.
func unresolved(s situation, untouched bool) decision {
	if !s.lastRound {
		return decision{action: lookAgain}
	}
	if untouched && faultRepeated(s) {
		v := s.last
		v.Status, v.DeadLetter = command.Failed, true
		return decision{end: end{verdict: v}}
	}
	return decision{end: end{verdict: unresolvedVerdict(s.last)}}
}

// unresolvedVerdict is the end of an invoice of which nothing could be proved.
func unresolvedVerdict(v command.Verdict) command.Verdict {
	switch {
	case v.Status == command.Pending:
		v.DeadLetter = true
		return v
	case v.Category == command.CategoryDuplicate || v.Category == command.CategoryNotFound:
		// The bank speaks of a record that its list does not show.
		v.Code = command.CodeInvoiceUnresolved
	}
	return inDoubt(v)
}

// faultRepeated says that the bank has answered an operation and its resend with
// the same fault of its own (117, 118, 133, 999).
func faultRepeated(s situation) bool {
	return s.resent && !s.unanswered && s.last.BankCode != "" && s.last.BankCode == s.previous.BankCode &&
		s.last.Category == command.CategoryBankError && !s.last.NoResend && !s.advance
}

func conflictCode(s situation, e evidence) command.Code {
	switch {
	case s.last.Code == command.CodeInvoiceDuplicatePaidTerm,
		s.last.Code == command.CodeInvoiceDuplicatePaidAdvance:
		return s.last.Code
	case e.paid && s.advance:
		return command.CodeInvoiceDuplicatePaidAdvance
	case e.paid:
		return command.CodeInvoiceDuplicatePaidTerm
	}
	return command.CodeInvoiceDuplicateConflict
}
