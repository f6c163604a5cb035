package interapi

import (
	"net/http"
	"testing"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/parcel"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
)

// recorded is what the bank answers to an invoice.
const recorded = `{"$type":"ServiceResponseMessage","Data":{"$type":"DBSInvoiceTransactionMessage","ErrorCode":"000",` +
	`"ErrorMessage":"İşlem Başarılı Olarak Tamamlandı","RefBranchCode":0,"RefNumber":0,"RefDate":"0001-01-01T00:00:00",` +
	`"TranId":null,"Explanation":null,"State":2,"ConfirmationToken":null,"RequiredConfirmationType":0}}`

// exchangeWithoutHTTP is what a call does beside its round trip: header, body and
// verdict.
func exchangeWithoutHTTP(
	e *endpoint, p command.Payload, answer []byte, parameters func(*wire.Writer), read func(wire.Object) command.Verdict,
) command.Verdict {
	c, call := command.Command{ID: commandID, Payload: p}, command.Call{RequestID: requestID, Traceparent: traceparent}
	m := parcel.Take()
	defer m.Return()
	e.head(m, call)
	if _, err := e.request(&m.Body, &c, call, parameters); err != nil {
		return unsendable(command.CodeCommandInvalid, command.CategoryValidation, err.Error())
	}
	return e.judge(&m.Answer, bankapi.Exchange{Delivery: command.Answered, Status: http.StatusOK, Body: answer}, read)
}

// calls are exchanges that succeed, one of each method.
func calls(t testing.TB) map[command.Name]func() command.Verdict {
	t.Helper()
	methods := methodsAt(t, "http://127.0.0.1:1")
	create := methods[command.CustomerCreate].(*customerCreate)
	update := methods[command.CustomerUpdate].(*customerUpdate)
	complete := methods[command.CustomerComplete].(*customerComplete)
	invoice := methods[command.DBSInvoiceUpsert].(*dbsInvoice)
	created, updated, completed, recording := createCommand(), updateCommand(), completeCommand(), invoiceCommand(t)
	ids := []byte(`{"$type":"ServiceResponseMessage","Data":{"ProcessId":2105170309000001,"CustomerId":5035232723,"State":2}}`)
	answer := []byte(recorded)
	return map[command.Name]func() command.Verdict{
		command.CustomerCreate: func() command.Verdict {
			return exchangeWithoutHTTP(&create.endpoint, created, ids, func(w *wire.Writer) { writeCreate(w, created) }, create.read)
		},
		command.CustomerUpdate: func() command.Verdict {
			return exchangeWithoutHTTP(&update.endpoint, updated, ids, func(w *wire.Writer) { writeUpdate(w, updated) },
				func(data wire.Object) command.Verdict { return update.read(data, updated.ProcessID) })
		},
		command.CustomerComplete: func() command.Verdict {
			return exchangeWithoutHTTP(&complete.endpoint, completed, ids,
				func(w *wire.Writer) { complete.writeParameters(w, completed) }, complete.read)
		},
		command.DBSInvoiceUpsert: func() command.Verdict {
			return exchangeWithoutHTTP(&invoice.endpoint, recording, answer,
				func(w *wire.Writer) { writeInvoice(w, recording, command.InsertInvoice, 955807) },
				func(data wire.Object) command.Verdict { return invoice.read(data, command.InsertInvoice) })
		},
	}
}

func BenchmarkExchange(b *testing.B) {
	for name, call := range calls(b) {
		b.Run(string(name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// What is left are the verdict's own parts: code, state, message and result.
func TestExchangesAllocateLittle(t *testing.T) {
	for name, call := range calls(t) {
		if v := call(); v.Status != command.Succeeded {
			t.Fatalf("%s: %+v", name, v)
		}
		allocs.AtMost(t, 5, func() { call() })
	}
}
