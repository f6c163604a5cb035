package banksim

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// receive reads one call of a bank method and sees it answered.
func (b *Bank) receive(w http.ResponseWriter, r *http.Request) {
	m := b.routes[r.URL.Path]
	switch {
	case m == nil:
		send(w, gateway(http.StatusNotFound, "Resource not found").gateway)
		return
	case r.Method != http.MethodPost:
		send(w, gateway(http.StatusMethodNotAllowed, "Method not allowed").gateway)
		return
	}
	buffer := bodies.Get().(*bytes.Buffer)
	buffer.Reset()
	defer bodies.Put(buffer)
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, b.cfg.MaxBody)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			send(w, gateway(http.StatusRequestEntityTooLarge, "Request entity too large").gateway)
			return
		}
		panic(http.ErrAbortHandler) // the caller left in the middle of its request
	}
	q := &request{http: r, body: buffer.Bytes()}
	q.call = Call{At: b.now(), Method: m.name, Traceparent: r.Header.Get("Traceparent")}
	q.complain = func(rule Rule, field string) {
		b.complaints.add(Complaint{Seq: q.call.Seq, Method: m.name, Rule: rule, Field: field})
	}
	if m.name != MethodToken {
		var err error
		q.document, q.duplicates, err = parse(q.body)
		q.malformed = err != nil
	}
	m.identify(q)

	var p plan
	b.journal.begin(&q.call, func(c *Call) { p = b.faults.plan(c) })
	b.answer(w, q, m, p)
}

// answer takes a call through its faults, its effect and its answer. The journal
// has all of it before the first byte leaves.
func (b *Bank) answer(w http.ResponseWriter, q *request, m *method, p plan) {
	if p.expire {
		b.tokens.expire()
	}
	if p.revoke {
		b.tokens.revoke()
	}
	pauseWhatever(q.http, p.lateEffect)

	r, real := reply{}, true
	if f := p.strike(Before); f != nil {
		switch f.Kind {
		case FaultRequestLost, FaultReset:
			b.drop(w, q, r, f.Kind)
		case FaultHang:
			if !hold(q.http, p.released, f.For) {
				b.drop(w, q, r, f.Kind)
			}
		default:
			real = false
			r.strike(f, m)
		}
	}
	if real {
		r = m.handle(b, q)
	}
	whole := Kind("")
	if f := p.strike(After); f != nil {
		switch f.Kind {
		case FaultAnswerLost, FaultReset:
			b.drop(w, q, r, f.Kind)
		case FaultHang:
			if !hold(q.http, p.released, f.For) {
				b.drop(w, q, r, f.Kind)
			}
		case FaultHalfBody, FaultOversize:
			whole = f.Kind
		default:
			r.strike(f, m)
		}
	}
	if !b.wait(q, m.name, p.lateAnswer) {
		b.drop(w, q, r, FaultAnswerLost)
	}

	raw := r.gateway
	if raw == nil {
		o := out{b: make([]byte, 0, 512), shape: p.shape}
		m.render(&o, &r)
		raw = &gatewayReply{status: r.httpStatus(), contentType: "application/json; charset=utf-8", header: r.header, body: o.b}
	}
	b.finish(q, &r, raw.status, whole == FaultHalfBody)
	if b.writer.trouble() != nil {
		panic(http.ErrAbortHandler) // what is not on disk has not been answered
	}
	switch whole {
	case FaultHalfBody:
		sendHalf(w, raw)
	case FaultOversize:
		sendPadded(w, raw, p.main.Size)
	default:
		send(w, raw)
	}
}

// finish writes down what became of a call.
func (b *Bank) finish(q *request, r *reply, status int, lost bool) {
	q.call.Code, q.call.HTTPStatus = r.journalCode(), status
	q.call.Applied, q.call.AnswerLost = r.applied, lost
	b.journal.finish(&q.call)
}

// drop ends a call without an answer: it closes the connection, or only the
// stream in HTTP/2.
func (b *Bank) drop(w http.ResponseWriter, q *request, r reply, kind Kind) {
	b.finish(q, &r, 0, true)
	if kind == FaultReset {
		reset(w)
	}
	panic(http.ErrAbortHandler)
}

// reset closes an HTTP/1.1 connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // HTTP/2: the stream is reset by the caller
	}
	if wrapped, ok := conn.(*tls.Conn); ok {
		conn = wrapped.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// strike puts a fault's answer into a reply.
func (r *reply) strike(f *Fault, m *method) {
	status := f.HTTPStatus
	if status == 0 {
		status = http.StatusOK
	}
	switch f.Kind {
	case FaultHTTP:
		r.gateway = &gatewayReply{status: status, contentType: "application/json", header: f.Headers, body: []byte(f.Body)}
	case FaultHTML:
		r.gateway = &gatewayReply{status: status, contentType: "text/html", header: f.Headers, body: []byte(firewallPage)}
	case FaultEmpty:
		r.gateway = &gatewayReply{status: status, contentType: "application/json", header: f.Headers}
	case FaultCode:
		r.override(f, m)
	}
}

const firewallPage = `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. ` +
	`Please consult with your administrator.<br><br>Your support ID is: 13371337133713371337</body></html>`

func send(w http.ResponseWriter, a *gatewayReply) {
	a.head(w, len(a.body))
	_, _ = w.Write(a.body)
}

func (a *gatewayReply) head(w http.ResponseWriter, length int) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(length))
	for name, text := range a.header {
		h.Set(name, text)
	}
	w.WriteHeader(a.status)
}

func sendHalf(w http.ResponseWriter, a *gatewayReply) {
	a.head(w, len(a.body))
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// sendPadded puts spaces before the body, so that it is valid JSON all the same.
func sendPadded(w http.ResponseWriter, a *gatewayReply, size int) {
	if size == 0 {
		size = defaultOversize
	}
	padding := max(size-len(a.body), 0)
	a.head(w, padding+len(a.body))
	spaces := bytes.Repeat([]byte(" "), 32<<10)
	for padding > 0 {
		n, err := w.Write(spaces[:min(padding, len(spaces))])
		if err != nil {
			return
		}
		padding -= n
	}
	_, _ = io.Copy(w, bytes.NewReader(a.body))
}

// pause waits and says whether the caller was still there at the end.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return r.Context().Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stopping(r):
		return true
	case <-r.Context().Done():
		return false
	}
}

// hold waits for the release, or for limit unless it is 0, and says whether it
// came before the caller left or Serve stopped.
func hold(r *http.Request, released <-chan struct{}, limit Duration) bool {
	var over <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(time.Duration(limit))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-released:
		return true
	case <-over:
		return true
	case <-stopping(r):
		return false
	case <-r.Context().Done():
		return false
	}
}

type stopKey struct{}

// stopping is closed when Serve stops; nil, which never is, under another server.
func stopping(r *http.Request) <-chan struct{} {
	stop, _ := r.Context().Value(stopKey{}).(<-chan struct{})
	return stop
}

// pauseWhatever waits even when the caller has left, but not when Serve stops.
func pauseWhatever(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stopping(r):
	}
}
