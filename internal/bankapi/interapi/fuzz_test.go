package interapi

import (
	"strings"
	"testing"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// seeds are answers of every kind that any method may get.
var seeds = []string{
	``, `{}`, `null`, `[]`, `<html>`, `{"Data":null}`, `{"Data":{}}`, `{"Data":{"State":2}}`, "\ufeff{\u00a0\"Data\":\u00a0{\"State\":\"2\"}}",
	`{"Error":{"$type":"ServiceExceptionMessage","Code":1,"Description":"InvalidJson [TransferReferenceI","TransactionId":7}}`,
	`{"Error":{"Code":90012,"Description":"Kapali"},"Data":{"State":2}}`, `{"Error":{"Description":""},"Data":{"State":2,"ErrorCode":"000"}}`,
	`{"Data":{"ProcessId":2104280309000005,"CustomerId":5035232723,"State":2}}`,
	`{"Data":{"CalculateLimit":false,"ProcessId":"2104300309000001","State":2,"State":1}}`,
	`{"Data":{"ErrorCode":"000","ErrorMessage":"ok","RefBranchCode":0,"RefNumber":0,"RefDate":"0001-01-01T00:00:00","TranId":null,"Explanation":null,"State":2}}`,
	`{"Data":{"ErrorCode":129,"ErrorMessage":"limit (TRY): 1.234,56","State":2}}`,
	`{"Data":{"DBSLimitResult":[{"ResultCode":"300","SubscriberNumber":null},{"SubscriberNumber":"0222","DdaLimit":"1e3","AccountNumber":1}]}}`,
	`{"Data":{"DBSInvoiceResult":{"ResultCode":0,"InvoiceNumber":"1","InvoiceAmount":900.50,"InvoiceDate":"2020-11-02T00:00:00+03:00","StatusCode":"O","RecordStatus":"A"}}}`,
	`{"Data":{"DBSInvoiceResult":"","DBSLimitResult":""}}`,
	`{"Data":{"DBSInvoiceResult":[{"ResultCode":"203","ResultMessage":"maximum date range: 31 days"},null]}}`,
}

// fuzzAnswers judges any body under any status and holds the verdict against
// what may never happen; proven says whether an answer really says "done".
func fuzzAnswers(f *testing.F, write bool, read func(*endpoint, wire.Object) command.Verdict, proven func(data wire.Object, v command.Verdict) bool) {
	for _, seed := range seeds {
		f.Add(200, []byte(seed))
		f.Add(500, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := &endpoint{cfg: Config{}.WithDefaults(), write: write}
		v := e.judge(new(wire.Reader), bankapi.Exchange{Delivery: command.Answered, Status: status, Body: body}, func(data wire.Object) command.Verdict {
			return read(e, data)
		})
		if v.Status == "" || v.Category == "" || !command.Known(v.Code) {
			t.Fatalf("a verdict without meaning: %+v", v)
		}
		if v.Status != command.Succeeded {
			return
		}
		o, err := new(wire.Reader).Read(body)
		if err != nil || status/100 != 2 || !proven(o.Object("Data"), v) {
			t.Fatalf("a success out of nothing: %+v", v)
		}
	})
}

func stateIs2(data wire.Object, _ command.Verdict) bool { return value(data.Int32("State")) == 2 }

func FuzzCreateAnswer(f *testing.F) {
	fuzzAnswers(f, true, func(e *endpoint, data wire.Object) command.Verdict {
		return (&customerCreate{*e}).read(data)
	}, func(data wire.Object, v command.Verdict) bool {
		ids := v.Result.(*command.CustomerCreated)
		return stateIs2(data, v) && ids.ProcessID > 0 && ids.CustomerID > 0
	})
}

func FuzzUpdateAnswer(f *testing.F) {
	fuzzAnswers(f, true, func(e *endpoint, data wire.Object) command.Verdict {
		return (&customerUpdate{*e}).read(data, 2105170309000001)
	}, stateIs2)
}

func FuzzCompleteAnswer(f *testing.F) {
	fuzzAnswers(f, true, func(e *endpoint, data wire.Object) command.Verdict {
		return (&customerComplete{*e}).read(data)
	}, stateIs2)
}

func FuzzInvoiceAnswer(f *testing.F) {
	fuzzAnswers(f, true, func(e *endpoint, data wire.Object) command.Verdict {
		return (&dbsInvoice{*e}).read(data, command.InsertInvoice)
	}, func(data wire.Object, v command.Verdict) bool {
		return stateIs2(data, v) && data.Code("ErrorCode") == "000"
	})
}

func FuzzLimitAnswer(f *testing.F) {
	fuzzAnswers(f, false, func(e *endpoint, data wire.Object) command.Verdict {
		return (&dbsLimit{*e}).read(data)
	}, func(_ wire.Object, v command.Verdict) bool {
		return v.Result != nil && (v.BankCode == "000" || v.BankCode == "300")
	})
}

func FuzzResultsAnswer(f *testing.F) {
	fuzzAnswers(f, false, func(e *endpoint, data wire.Object) command.Verdict {
		return (&dbsResults{endpoint: *e}).read(data)
	}, func(_ wire.Object, v command.Verdict) bool {
		return v.Result != nil && (v.BankCode == "000" || v.BankCode == "201")
	})
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{"limit (TRY): 1.234,56", "range: 31 days", "x: 1.234", "y: -0,5", ":::", "1:2,3.4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		if d := amountIn(message); d != nil && !strings.ContainsAny(message, "0123456789") {
			t.Fatalf("an amount out of nothing: %v", d)
		}
		if days := daysIn(message); days < 0 {
			t.Fatalf("%d days", days)
		}
	})
}
