package wire

import (
	"errors"
	"strings"
	"testing"

	"bankprocessor/test/allocs"
)

const recorded = `{"$type":"ServiceResponseMessage","Data":{"$type":"DBSInvoiceTransactionMessage","ErrorCode":"000",` +
	`"ErrorMessage":"İşlem Başarılı Olarak Tamamlandı","RefBranchCode":0,"RefNumber":0,"RefDate":"0001-01-01T00:00:00",` +
	`"TranId":null,"Explanation":null,"State":2,"ConfirmationToken":null,"RequiredConfirmationType":0}}`

func TestAReaderForgetsTheAnswerBefore(t *testing.T) {
	t.Parallel()
	var r Reader
	first, err := r.Read([]byte(`{"A":{"B":"x"},"L":[` + strings.Repeat(`{"N":"y"},`, keptNodes) + `null]}`))
	if err != nil || first.Object("A").Decimal("B") != nil || first.Err() == nil {
		t.Fatalf("err %v and %v", err, first.Err())
	}
	if _, err := r.Read([]byte(`{"A":`)); err == nil {
		t.Error("half a body is accepted")
	}
	o, err := r.Read([]byte(`{"C":1}`))
	if err != nil || o.Err() != nil || o.Has("A") || o.Has("L") || !o.Has("C") || cap(r.nodes) > keptNodes {
		t.Errorf("err %v and %v, room for %d nodes", err, o.Err(), cap(r.nodes))
	}
	if r.Forget(); r.body != nil {
		t.Error("the answer is kept")
	}
}

func TestPathsOfNestedObjects(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{"a":{},"b":{"c":[[],{"x":1},{"d":{"\u0065":{"N":"?"}}}],"z":0}}`: "b.c[2].d.e.N",
		`{"b":{"c":{"d":{"e":{"N":"?"}}}}}`:                                "b.c[0].d.e.N",
	} {
		o := mustRead(t, strings.Replace(body, "[[],", "[null,", 1))
		for row := range o.Object("b").List("c") {
			row.Object("d").Object("e").Decimal("N")
		}
		var fault *Error
		if !errors.As(o.Err(), &fault) || fault.Field != field {
			t.Errorf("err %v, want one of %s", o.Err(), field)
		}
	}
}

// readRecorded reads what the verdict on an invoice is made of.
func readRecorded(r *Reader, body []byte) bool {
	o, err := r.Read(body)
	failure, data := o.Object("Error"), o.Object("Data")
	branch, _ := data.Int("RefBranchCode", 32)
	number, _ := data.Int("RefNumber", 64)
	state, _ := data.Int("State", 32)
	return err == nil && !failure.Exists() && branch == 0 && number == 0 && state == 2 &&
		data.Date("RefDate").IsZero() && data.Text("TranId") == "" && o.Err() == nil
}

func TestReadingAllocatesNothing(t *testing.T) {
	var r Reader
	body := []byte(recorded)
	allocs.AtMost(t, 0, func() {
		if !readRecorded(&r, body) {
			t.Fatal("the answer reads otherwise")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var r Reader
	body := []byte(recorded)
	b.ReportAllocs()
	for b.Loop() {
		readRecorded(&r, body)
	}
}
