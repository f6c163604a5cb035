package world

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// Letters are the commands of the dead letters that Fill makes.
type Letters struct {
	// Storm are invoices that met the bank's code 999 twice: FAILED, and not recorded.
	Storm []Sent
	// Applied, Unapplied and Refused are completions in doubt: the bank has done the
	// first, and knows nothing of the others.
	Applied, Unapplied, Refused Sent
	// Invoice is an insert in doubt that the bank has recorded, and Vanished one that it
	// has not: it could not be asked.
	Invoice, Vanished Sent
	// Unknown met a code that nobody knows.
	Unknown Sent
	// Malformed is a customer whose consent is no boolean: it has an id, and personal
	// data in it. Unreadable is nothing but bytes.
	Malformed, Unreadable Sent
	// Twin is another command under the id of First, which has succeeded.
	First, Twin Sent
}

// All are all of them but First, in the order of a story.
func (l Letters) All() []Sent {
	return append(append([]Sent{}, l.Storm...),
		l.Applied, l.Unapplied, l.Refused, l.Invoice, l.Vanished, l.Unknown, l.Malformed, l.Unreadable, l.Twin)
}

const company = "SOLEN"

// Fill has a running processor make the dead letters of Letters, with a storm of so many
// commands, and takes the faults back.
func (w *World) Fill(storm int) Letters {
	w.T.Helper()
	var l Letters
	l.Storm = w.Storm("storm", storm)
	w.doubt(&l)
	w.nonsense(&l)
	for _, s := range l.All() {
		w.Letter(s)
	}
	return l
}

// Storm sends invoices while the bank answers each with its code 999, and waits for
// their dead letters. They are called called-1 and so on.
func (w *World) Storm(called string, n int) []Sent {
	w.T.Helper()
	end := w.Fault(banksim.Fault{Kind: banksim.FaultCode, Code: "999", Match: banksim.Match{Method: banksim.MethodInvoice}})
	var all []Sent
	for i := range n {
		all = append(all, w.SendInvoice(fmt.Sprintf("%s-%d", called, i+1)))
	}
	for _, s := range all {
		w.Letter(s)
		w.Outcome(s.ID, command.FirstRevision)
	}
	end()
	return all
}

// SendInvoice sends an insert of an invoice whose number is its name. Its dealer begins
// with a digit, and so comes into being at the bank.
func (w *World) SendInvoice(called string) Sent {
	w.T.Helper()
	return w.Send(called, command.DBSInvoiceUpsert, Fields{"invoiceNumber": called, "dealerCode": fmt.Sprintf("7%04d", w.next())})
}

// doubt leaves commands in doubt.
func (w *World) doubt(l *Letters) {
	w.T.Helper()
	for _, c := range []struct {
		sent *Sent
		name string
		kind banksim.Kind
	}{
		{&l.Applied, "applied", banksim.FaultAnswerLost},
		{&l.Unapplied, "unapplied", banksim.FaultRequestLost},
		{&l.Refused, "refused", banksim.FaultRequestLost},
	} {
		fields := w.Customer(c.name)
		end := w.Fault(banksim.Fault{Kind: c.kind, Match: banksim.Match{Method: banksim.MethodComplete}})
		*c.sent = w.Send(c.name, command.CustomerComplete, fields)
		w.Letter(*c.sent)
		end()
	}
	blind := w.Fault(banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: http.StatusServiceUnavailable, Match: banksim.Match{Method: banksim.MethodResults}})
	for _, c := range []struct {
		sent *Sent
		name string
		kind banksim.Kind
	}{{&l.Invoice, "invoice", banksim.FaultAnswerLost}, {&l.Vanished, "vanished", banksim.FaultRequestLost}} {
		end := w.Fault(banksim.Fault{Kind: c.kind, Match: banksim.Match{Method: banksim.MethodInvoice}})
		*c.sent = w.SendInvoice(c.name)
		w.Letter(*c.sent)
		end()
	}
	blind()
}

// nonsense leaves what cannot be carried out.
func (w *World) nonsense(l *Letters) {
	w.T.Helper()
	end := w.Fault(banksim.Fault{Kind: banksim.FaultCode, Code: "777", Match: banksim.Match{Method: banksim.MethodLimit}})
	l.Unknown = w.Send("unknown", command.DBSLimitQuery, nil)
	w.Letter(l.Unknown)
	end()

	id := uuid.NewString()
	l.Malformed = w.SendRaw("malformed", command.CustomerCreate, "flow-malformed", fmt.Sprintf(
		`{"commandId":%q,"issuedAt":"2026-01-05T08:30:00Z","flowReference":"flow-malformed","phoneNumber":"5599999933",`+
			`"citizenshipNumber":%q,"email":"ayse@example.com","fatca":false,"usCustomer":false,"kvkkApproved":"yes","notificationOnUpdate":true}`,
		id, Canary))
	l.Malformed.ID = id
	w.Call(id, "malformed")
	l.Unreadable = w.SendRaw("unreadable", command.DBSInvoiceUpsert, company+"|0222", "\xff\x00 not a command \x80")

	const dealer = "71000" // the same one, or nobody would notice: ids are looked up partition by partition
	l.First = w.Send("first", command.DBSInvoiceUpsert, Fields{"invoiceNumber": "first", "dealerCode": dealer})
	w.Outcome(l.First.ID, command.FirstRevision)
	l.Twin = w.Send("twin", command.DBSInvoiceUpsert, Fields{"commandId": l.First.ID, "invoiceNumber": "twin", "dealerCode": dealer})
	w.Call(l.Twin.Place(), "twin")
}

// Canary is the citizenship number of somebody who does not exist. It stands in dead
// letters, and may stand in nothing that is printed unless it is revealed.
const Canary = "10000000078"

// Customer has a customer created and returns the fields with which commands go on
// about it.
func (w *World) Customer(called string) Fields {
	w.T.Helper()
	flow := "flow-" + called
	created := w.Send("create-"+called, command.CustomerCreate, Fields{"flowReference": flow, "citizenshipNumber": identity(500 + w.next())})
	o := w.Outcome(created.ID, command.FirstRevision)
	r, ok := o.Result.(*command.CustomerCreated)
	if !ok {
		w.T.Fatalf("the customer is not created: %s %s", o.Status, o.Code)
	}
	return Fields{"flowReference": flow, "customerNumber": r.CustomerID.Reveal(), "processId": r.ProcessID.Reveal()}
}

// identity is the nth made-up citizenship number with the right check digits.
func identity(n int) string {
	for check := range 100 {
		if id := fmt.Sprintf("1%08d%02d", n, check); command.ValidTCKN(id) {
			return id
		}
	}
	panic("there is none for " + fmt.Sprint(n))
}

// next is another number for what is made up.
func (w *World) next() int { return int(w.made.Add(1)) }
