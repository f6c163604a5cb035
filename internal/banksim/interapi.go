package banksim

import (
	"net/http"
	"strings"
)

// method is one method of either bank.
type method struct {
	name string
	// identify fills what the journal and the faults know of the call, as far
	// as the body can be read.
	identify func(q *request)
	// handle does the method's work.
	handle func(b *Bank, q *request) reply
	// render writes the envelope with the reply in it.
	render func(o *out, r *reply)
}

// request is one received call.
type request struct {
	http       *http.Request
	body       []byte
	document   value
	duplicates []string
	malformed  bool // the body is not one JSON document
	call       Call
	complain   func(Rule, string)
}

// parameter returns the one element of Parameters, an absent value if there is
// not exactly one.
func (q *request) parameter() *value {
	list := q.document.get("Parameters")
	if list.kind != array || len(list.items) != 1 || list.items[0].kind != object {
		return &value{}
	}
	return &list.items[0]
}

// cause is the call as what it changes names it.
func (q *request) cause() *Cause {
	return &Cause{
		Seq: q.call.Seq, ChannelSessionID: q.call.ChannelSessionID,
		ChannelRequestID: q.call.ChannelRequestID, Traceparent: q.call.Traceparent,
	}
}

func (q *request) fields(known map[string]bool) fields {
	f := fields{object: q.parameter(), complain: q.complain}
	f.only(known)
	return f
}

// identifyHeader reads the ids of the inter-API header.
func identifyHeader(q *request) {
	header := q.document.get("Header")
	q.call.ChannelSessionID = header.get("ChannelSessionId").text()
	q.call.ChannelRequestID = header.get("ChannelRequestId").text()
}

func identifyCustomer(q *request) {
	identifyHeader(q)
	q.call.Key = q.call.ChannelSessionID
}

func identifyDealer(q *request) {
	identifyHeader(q)
	p := q.parameter()
	q.call.Dealer = p.get("SubscriberNumber").text()
	q.call.InvoiceNumber = p.get("InvoiceNumber").text()
	q.call.Operation = p.get("OperationType").text()
	q.call.Key = p.get("AssociationCode").text() + "|" + q.call.Dealer
}

func identifyCompany(q *request) {
	identifyHeader(q)
	q.call.Key = q.parameter().get("AssociationCode").text()
}

const (
	missingKey = "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API."
	invalidKey = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
	invalidApp = "Access denied due to invalid application key."
	invalidJWT = "Unauthorized. Access token is missing or invalid."
)

// interAPI wraps a method's work in the checks that all six share (contract
// sections 1.3 and 1.4).
func interAPI(work func(b *Bank, q *request) reply) func(b *Bank, q *request) reply {
	return func(b *Bank, q *request) reply {
		if r := b.admit(q); r.gateway != nil || r.platform != nil {
			return r
		}
		return work(b, q)
	}
}

// admit returns a reply with a gateway or platform error, or an empty one.
func (b *Bank) admit(q *request) reply {
	switch key := q.http.Header.Get("Ocp-Apim-Subscription-Key"); {
	case key == "":
		return gateway(http.StatusUnauthorized, missingKey)
	case !equalSecret(key, b.cfg.SubscriptionKey):
		return gateway(http.StatusUnauthorized, invalidKey)
	case b.cfg.BearerToken != "" && !b.bearerOK(q.http):
		return gateway(http.StatusUnauthorized, invalidJWT)
	}
	if media := q.http.Header.Get("Content-Type"); media == "" {
		q.complain(RuleContentType, "")
	} else if !strings.HasPrefix(strings.ToLower(media), "application/json") {
		return gateway(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	if q.malformed || q.document.kind != object {
		return malformed("")
	}
	b.remark(q)
	header := fields{object: q.document.get("Header"), complain: q.complain}
	if header.object.kind != object {
		return malformed("Header")
	}
	header.only(headerMembers)
	appKey := header.required("AppKey")
	header.required("Channel")
	session := header.required("ChannelSessionId")
	header.required("ChannelRequestId")
	header.text("TellerName")
	header.text("CallerId")
	switch {
	case header.malformed != "":
		return malformed("Header." + header.malformed)
	case !equalSecret(appKey, b.cfg.AppKey):
		return gateway(http.StatusUnauthorized, invalidApp)
	case q.parameter().kind == absent:
		return malformed("Parameters")
	}
	if !isSessionID(session) {
		q.complain(RuleSessionID, "Header.ChannelSessionId")
	}
	if b.requestIDs.seen(q.call.ChannelRequestID) {
		q.complain(RuleRequestID, "Header.ChannelRequestId")
	}
	return reply{}
}

var headerMembers = members("AppKey", "Channel", "ChannelSessionId", "ChannelRequestId", "TellerName", "CallerId", "RequestDate")

// remark complains of what both banks' calls must not do.
func (b *Bank) remark(q *request) {
	for _, name := range q.duplicates {
		q.complain(RuleDuplicateMember, name)
	}
	for _, name := range [...]string{"Idempotency-Key", "X-Idempotency-Key"} {
		if len(q.http.Header.Values(name)) > 0 {
			q.complain(RuleIdempotencyKey, name)
		}
	}
}

func isSessionID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// malformed is the Error envelope for a value that cannot be read.
func malformed(field string) reply {
	return platform(errMalformed, "InvalidJson ["+field+"] alanı okunamadı")
}

// serviceResponse writes the inter-API envelope round data.
func serviceResponse(o *out, r *reply, typeName string, data func()) {
	o.object(func() {
		o.text("$type", "ServiceResponseMessage")
		if r.platform != nil {
			o.name("Error")
			o.object(func() {
				o.text("$type", "ServiceExceptionMessage")
				o.number("Code", r.platform.Code)
				o.text("Description", r.platform.Description)
				o.null("Parameters")
				o.number("TransactionId", r.platform.TransactionID)
			})
			return
		}
		o.name("Data")
		o.object(func() {
			o.text("$type", typeName)
			data()
		})
	})
}
