package parcel

import (
	"fmt"
	"testing"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
)

func TestAParcelIsTakenEmpty(t *testing.T) {
	t.Parallel()
	p := Take()
	p.Add("Name", "value")
	p.Body.Begin()
	if o, err := p.Answer.Read([]byte(`{"Data":1}`)); err != nil || !o.Has("Data") {
		t.Fatal(err)
	}
	p.Return()
	if len(p.Header) != 0 || p.Header[:1][0] != (bankapi.Field{}) {
		t.Errorf("header %v is left", p.Header[:1])
	}
}

// net/http may read a body after its call has ended.
func TestABodyThatIsInUseIsNotLentAgain(t *testing.T) {
	t.Parallel()
	client, err := bankapi.NewClient(bankapi.HTTPConfig{BaseURL: "http://127.0.0.1:1", HTTP2: true})
	if err != nil {
		t.Fatal(err)
	}
	p := Take()
	p.Add("Name", "value")
	p.Body.Begin()
	p.Body.End()
	body, err := p.Body.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x := p.Post(t.Context(), client, client.URL("/"), body, func() error { return t.Context().Err() })
	if x.Delivery != command.NotSent || !x.BodyInUse {
		t.Fatalf("%v, in use: %v", x.Delivery, x.BodyInUse)
	}
	p.Return()
	if len(p.Header) == 0 {
		t.Error("the parcel is lent again, though its body may still be read")
	}
}

func TestParcelsAreLentAgain(t *testing.T) {
	allocs.AtMost(t, 1, func() {
		p := Take()
		p.Body.Begin()
		p.Add("Name", "value")
		p.Return()
	})
}

func TestAParcelNeverPrints(t *testing.T) {
	t.Parallel()
	p := Take()
	p.Body.Begin()
	p.Body.Text("AppKey", "canary")
	p.Add("Key", "canary")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, p); got != "parcel" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
