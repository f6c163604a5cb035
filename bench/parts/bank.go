package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"bankprocessor/bench/process"
)

// patience is how long a part may take to stop.
const patience = 10 * time.Second

// Bank is a bank that records every invoice, after a fixed time.
type Bank struct {
	*process.Process
	// URL is its base URL.
	URL string
}

// StartBank starts a bank in a process of its own.
func StartBank(ctx context.Context, dir string) (*Bank, error) {
	p, address, err := start(ctx, dir, "bank")
	if err != nil {
		return nil, err
	}
	return &Bank{Process: p, URL: "http://" + address}, nil
}

// Stop ends it.
func (b *Bank) Stop() error { return b.Process.Stop(patience) }

// SetLatency sets how long every later call takes.
func (b *Bank) SetLatency(ctx context.Context, d time.Duration) error {
	_, err := b.ask(ctx, http.MethodPost, latencyPath+"?"+url.Values{"latency": {d.String()}}.Encode())
	return err
}

// Calls is how many calls it has answered.
func (b *Bank) Calls(ctx context.Context) (int64, error) {
	text, err := b.ask(ctx, http.MethodGet, callsPath)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
}

func (b *Bank) ask(ctx context.Context, method, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.URL+path, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("asking the bank: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("asking the bank: %s: %s", answer.Status, text)
	}
	return string(text), err
}

const (
	latencyPath = "/_bench/latency"
	callsPath   = "/_bench/calls"
)

// accepted is InsertDbsInvoice's answer to an invoice that is recorded.
const accepted = `{"$type":"ServiceResponseMessage","Data":{"$type":"DBSInvoiceTransactionMessage","ErrorCode":"000",` +
	`"ErrorMessage":"İşlem Başarılı Olarak Tamamlandı","RefBranchCode":0,"RefNumber":0,"RefDate":"0001-01-01T00:00:00",` +
	`"TranId":null,"Explanation":null,"State":2,"ConfirmationToken":null,"RequiredConfirmationType":0}}`

// bankHandler answers every call alike: it keeps nothing but its number.
func bankHandler() http.Handler {
	var latency, calls atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+latencyPath, func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("latency"))
		if err != nil || d < 0 {
			http.Error(w, "latency must be a duration", http.StatusBadRequest)
			return
		}
		latency.Store(int64(d))
	})
	mux.HandleFunc("GET "+callsPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, calls.Load())
	})
	answer, length := []byte(accepted), strconv.Itoa(len(accepted))
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		time.Sleep(time.Duration(latency.Load()))
		calls.Add(1)
		w.Header()["Content-Type"] = []string{"application/json; charset=utf-8"}
		w.Header()["Content-Length"] = []string{length}
		_, _ = w.Write(answer)
	})
	return mux
}

func serveBank(ctx context.Context, out io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the bank: %w", err)
	}
	server := &http.Server{Handler: bankHandler(), ReadHeaderTimeout: patience}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintln(out, listening+listener.Addr().String())
	select {
	case err := <-ended:
		return fmt.Errorf("serving the bank: %w", err)
	case <-ctx.Done():
	}
	err = server.Close() // nobody is to wait for
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
