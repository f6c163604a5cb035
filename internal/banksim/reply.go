package banksim

import (
	"fmt"
	"net/http"
)

// reply is an answer before it is written.
type reply struct {
	gateway  *gatewayReply  // set when the call did not get as far as the bank
	platform *PlatformError // the Error envelope
	status   int            // HTTP; 0 is 200
	header   map[string]string
	code     string // "" is null
	message  string
	state    *int64
	data     any // what the method's render writes; nil after an override
	applied  bool
}

// gatewayReply is an answer that has none of the bank's envelopes.
type gatewayReply struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
}

func gateway(status int, message string) reply {
	var o out
	o.object(func() {
		o.number("statusCode", int64(status))
		o.text("message", message)
	})
	return reply{gateway: &gatewayReply{status: status, contentType: "application/json", body: o.b}}
}

func platform(code platformCode, description string) reply {
	return reply{platform: &PlatformError{Code: int64(code), Description: description}}
}

var stateDone int64 = 2

// done is State 2.
func done() *int64 { n := stateDone; return &n }

// platformCode is Error.Code. The bank publishes no list: the customer methods'
// codes are the simulator's own, only 1 is the page's.
type platformCode int64

const (
	errMalformed      platformCode = 1
	errCitizen        platformCode = 300001
	errPhone          platformCode = 300002
	errEmail          platformCode = 300003
	errConsent        platformCode = 300004
	errNoFlow         platformCode = 300005
	errFlowUnknown    platformCode = 300006
	errFlowCompleted  platformCode = 300007
	errParameter      platformCode = 300008
	errContactAddress platformCode = 300009
)

var platformText = map[platformCode]string{
	errCitizen:        "Kimlik numarası hatalı",
	errPhone:          "Telefon numarası hatalı",
	errEmail:          "E-posta adresi hatalı",
	errConsent:        "KVKK onayı olmadan işlem yapılamaz",
	errNoFlow:         "Müşteriye ait akış bulunamadı",
	errFlowUnknown:    "Müşteri ve akış bilgileri uyuşmamaktadır",
	errFlowCompleted:  "Akış daha önce tamamlanmıştır",
	errParameter:      "Parametre kodu ile açıklaması uyuşmamaktadır",
	errContactAddress: "İletişim adresi boş olamaz",
}

func refused(code platformCode) reply { return platform(code, platformText[code]) }

// override lays a code fault over a reply.
func (r *reply) override(f *Fault, m *method) {
	r.gateway, r.header = nil, f.Headers
	switch {
	case f.HTTPStatus != 0:
		r.status = f.HTTPStatus
	case f.Code != "" && m.name == MethodToken:
		r.status = http.StatusUnauthorized
	case f.Code != "" && m.name == MethodLoan && f.Code != loanAccepted && f.Code != "ACBG000000":
		r.status = http.StatusBadRequest
	}
	if f.Error != nil {
		e := *f.Error
		r.platform = &e
		return
	}
	r.platform = nil
	if f.Code != "" || f.NoCode {
		r.code = f.Code
		if r.message = f.Message; r.message == "" {
			r.message = m.defaultText(f.Code)
		}
	}
	if f.State != nil || f.NoState {
		r.state = f.State
	}
}

// journalCode is the answered code as Call.Code has it.
func (r *reply) journalCode() string {
	switch {
	case r.platform != nil:
		return fmt.Sprintf("Error %d", r.platform.Code)
	case r.code != "":
		return r.code
	case r.gateway == nil && r.state != nil:
		return fmt.Sprintf("State %d", *r.state)
	}
	return ""
}

func (r *reply) httpStatus() int {
	switch {
	case r.gateway != nil:
		return r.gateway.status
	case r.status != 0:
		return r.status
	}
	return http.StatusOK
}
