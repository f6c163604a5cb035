package parts

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	behaviourPath = "/_bench/behaviour"
	reportPath    = "/_bench/report"
)

// accepted is InsertDbsInvoice's answer to an invoice that is recorded.
const accepted = `{"$type":"ServiceResponseMessage","Data":{"$type":"DBSInvoiceTransactionMessage","ErrorCode":"000",` +
	`"ErrorMessage":"İşlem Başarılı Olarak Tamamlandı","RefBranchCode":0,"RefNumber":0,"RefDate":"0001-01-01T00:00:00",` +
	`"TranId":null,"Explanation":null,"State":2,"ConfirmationToken":null,"RequiredConfirmationType":0}}`

// stub answers every call alike: it keeps nothing but numbers.
type stub struct {
	behaviour atomic.Pointer[Behaviour]
	seen      atomic.Pointer[seen]
	bodies    sync.Pool // of *[]byte
}

func newStub() *stub {
	s := &stub{bodies: sync.Pool{New: func() any { return new([]byte) }}}
	s.behaviour.Store(&Behaviour{})
	s.seen.Store(new(seen))
	return s
}

func (s *stub) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+behaviourPath, s.behave)
	mux.HandleFunc("GET "+reportPath, func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(s.seen.Load().report())
	})
	mux.HandleFunc("POST /", s.call)
	return mux
}

func (s *stub) behave(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	latency, err := time.ParseDuration(q.Get("latency"))
	slow, slowErr := time.ParseDuration(q.Get("slow"))
	if err := errors.Join(err, slowErr); err != nil || min(latency, slow) < 0 {
		http.Error(w, "latency and slow are durations", http.StatusBadRequest)
		return
	}
	s.behaviour.Store(&Behaviour{Latency: latency, Slow: slow})
	if q.Get("keep") == "" {
		s.seen.Store(new(seen))
	}
}

var (
	answer      = []byte(accepted)
	contentType = []string{"application/json; charset=utf-8"}
	length      = []string{strconv.Itoa(len(accepted))}
)

func (s *stub) call(w http.ResponseWriter, r *http.Request) {
	body := s.bodies.Get().(*[]byte)
	read, err := readAll((*body)[:0], r)
	if err != nil {
		return
	}
	dealer, number := invoiceOf(read)
	seen, how := s.seen.Load(), s.behaviour.Load() // a report's calls end in it
	latency := how.Latency
	if SlowDealer(dealer) {
		latency = max(latency, how.Slow)
	}
	seen.bytes.Add(int64(len(read)))
	*body = read
	s.bodies.Put(body)
	seen.enter(dealer, number)
	time.Sleep(latency)
	seen.leave(dealer) // before the answer, which the next call may follow at once
	w.Header()["Content-Type"] = contentType
	w.Header()["Content-Length"] = length
	_, _ = w.Write(answer)
}

// readAll reads a body into b, to its end: HTTP/2 resets a stream whose end nobody
// has read.
func readAll(b []byte, r *http.Request) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(1024, len(b)))
		}
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("reading a call: %w", err)
		}
	}
}

var (
	dealerField = []byte(`"SubscriberNumber":"`)
	numberField = []byte(`"InvoiceNumber":"`)
)

// invoiceOf finds a call's dealer and invoice number; -1 for none.
func invoiceOf(body []byte) (dealer, number int) {
	return lastDigits(body, dealerField, 6), lastDigits(body, numberField, 9)
}

// lastDigits reads at most so many digits at the end of a text field.
func lastDigits(body, field []byte, most int) int {
	at := bytes.Index(body, field)
	if at < 0 {
		return -1
	}
	text := body[at+len(field):]
	end := bytes.IndexByte(text, '"')
	if end < 1 {
		return -1
	}
	n := 0
	for _, c := range text[max(0, end-most):end] {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// dealers is how many dealers there may be.
const dealers = 1_000_000

// seen is what a stub has seen since it was last told how to behave.
type seen struct {
	calls, overlaps, backward, repeated, bytes, connections atomic.Int64
	// last has each dealer's latest invoice number, doubled, and one more while a
	// call of the dealer is under way.
	last [dealers]atomic.Int64
}

func (s *seen) enter(dealer, number int) {
	if dealer < 0 || dealer >= dealers || number < 0 {
		return
	}
	before := s.last[dealer].Swap(int64(number)<<1 | 1)
	switch latest := before >> 1; {
	case before&1 == 1:
		s.overlaps.Add(1)
	case int64(number) < latest:
		s.backward.Add(1)
	}
	if before>>1 == int64(number) {
		s.repeated.Add(1)
	}
}

func (s *seen) leave(dealer int) {
	s.calls.Add(1)
	if dealer >= 0 && dealer < dealers {
		s.last[dealer].And(^int64(1))
	}
}

func (s *seen) report() Report {
	return Report{
		Calls: s.calls.Load(), Overlaps: s.overlaps.Load(), Backward: s.backward.Load(),
		Repeated: s.repeated.Load(), Bytes: s.bytes.Load(), Connections: s.connections.Load(),
	}
}

// serveBank serves in clear and with TLS; its argument is the file for the
// certificate.
func serveBank(ctx context.Context, out io.Writer, arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("a bank wants a file for its certificate")
	}
	pair, pem, err := selfSigned(time.Now())
	if err != nil {
		return fmt.Errorf("starting the bank: %w", err)
	}
	if err := os.WriteFile(arguments[0], pem, 0o600); err != nil {
		return fmt.Errorf("starting the bank: %w", err)
	}
	s := newStub()
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: patience,
		// NextProtos has Serve set HTTP/2 up, too: ServeTLS would not after it.
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}},
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.seen.Load().connections.Add(1)
			}
		},
	}
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the bank: %w", err)
	}
	sealed, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		_ = plain.Close()
		return fmt.Errorf("starting the bank: %w", err)
	}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(plain) }()
	go func() { ended <- server.ServeTLS(sealed, "", "") }()
	fmt.Fprintf(out, "%shttp://%s https://%s\n", Listening, plain.Addr(), sealed.Addr())
	select {
	case err := <-ended:
		return errors.Join(fmt.Errorf("serving the bank: %w", err), server.Close())
	case <-ctx.Done():
	}
	err = server.Close() // nobody is to wait for
	for range cap(ended) {
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}
