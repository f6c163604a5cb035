// Package collector is an OpenTelemetry collector for tests: it takes spans by OTLP,
// over HTTP and gRPC, and keeps them.
package collector

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collect "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // takes what is compressed
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Span is one span as it arrived.
type Span struct {
	Trace, ID, Parent string // hex; Parent is "" for none
	State             string // of the trace
	Name              string
	Kind              string // INTERNAL, CONSUMER, ...
	Error             bool
	Attributes        map[string]string // with the resource's
	Events            []Event
	Start, End        time.Time
}

// Event is one event of a span.
type Event struct {
	Name       string
	Attributes map[string]string
}

// Collector keeps spans.
type Collector struct {
	collect.UnimplementedTraceServiceServer

	// URL is where spans go over HTTP, GRPC where they go over gRPC.
	URL, GRPC string
	// Server is the HTTP side.
	Server *httptest.Server

	mu      sync.Mutex
	spans   []Span
	raw     [][]byte // requests, decompressed
	headers []http.Header
	status  int // of the next refusals
	refuse  int // how many of the next exports are refused
	arrived chan struct{}
}

// Start starts a collector that ends with the test.
func Start(t testing.TB) *Collector {
	t.Helper()
	c := New(t)
	c.Server.Start()
	c.URL = c.Server.URL
	c.GRPC = c.StartGRPC(t, nil)
	return c
}

// StartGRPC starts the gRPC side, with TLS unless that is nil, and returns its URL.
func (c *Collector) StartGRPC(t testing.TB, secured *tls.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scheme, link := "http", insecure.NewCredentials()
	if secured != nil {
		scheme, link = "https", credentials.NewTLS(secured)
	}
	server := grpc.NewServer(grpc.Creds(link))
	collect.RegisterTraceServiceServer(server, c)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-ended })
	return scheme + "://" + listener.Addr().String()
}

// New returns a collector whose Server has not been started, for one with TLS.
func New(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{arrived: make(chan struct{}, 1)}
	c.Server = httptest.NewUnstartedServer(c)
	t.Cleanup(c.Server.Close)
	return c
}

// Refuse has the next exports refused, over HTTP with that status.
func (c *Collector) Refuse(exports, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse, c.status = exports, status
}

// ServeHTTP takes an export.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := read(r)
	request := &collect.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(body, request)
	}
	switch {
	case err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf":
		http.Error(w, fmt.Sprint("bad export: ", err), http.StatusBadRequest)
		return
	}
	if status := c.take(request, body, r.Header); status != 0 {
		http.Error(w, "not now", status)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func read(r *http.Request) ([]byte, error) {
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		from = plain
	}
	return io.ReadAll(from)
}

// Export takes an export over gRPC.
func (c *Collector) Export(ctx context.Context, r *collect.ExportTraceServiceRequest) (*collect.ExportTraceServiceResponse, error) {
	fields, _ := metadata.FromIncomingContext(ctx)
	header := http.Header{}
	for name, values := range fields {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	raw, err := proto.Marshal(r)
	if err != nil {
		return nil, err
	}
	if c.take(r, raw, header) != 0 {
		return nil, errors.New("not now")
	}
	return &collect.ExportTraceServiceResponse{}, nil
}

func (c *Collector) take(r *collect.ExportTraceServiceRequest, raw []byte, header http.Header) (refusal int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = append(c.headers, header)
	if c.refuse > 0 {
		c.refuse--
		return c.status
	}
	c.raw = append(c.raw, raw)
	for _, of := range r.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, spanOf(s, of.GetResource().GetAttributes()))
			}
		}
	}
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	return 0
}

func spanOf(s *otlp.Span, resource []*common.KeyValue) Span {
	made := Span{
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
		Parent: hex.EncodeToString(s.GetParentSpanId()), State: s.GetTraceState(), Name: s.GetName(),
		Kind:       strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_"),
		Error:      s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR,
		Attributes: textOf(slices.Concat(resource, s.GetAttributes())),
		Start:      time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
	}
	for _, e := range s.GetEvents() {
		made.Events = append(made.Events, Event{e.GetName(), textOf(e.GetAttributes())})
	}
	return made
}

func textOf(attributes []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attributes {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			all[a.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			all[a.GetKey()] = fmt.Sprint(v.IntValue)
		case *common.AnyValue_BoolValue:
			all[a.GetKey()] = fmt.Sprint(v.BoolValue)
		default:
			all[a.GetKey()] = fmt.Sprintf("unexpected %T", v)
		}
	}
	return all
}

// Spans returns what has arrived, by its beginning.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// Headers returns those of every export, refused ones included.
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

// Holds says whether any export held the text, wherever.
func (c *Collector) Holds(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.raw, func(raw []byte) bool {
		return bytes.Contains(bytes.ToLower(raw), bytes.ToLower([]byte(text)))
	})
}

// Await waits until enough says so of what has arrived.
func (c *Collector) Await(t testing.TB, enough func([]Span) bool) []Span {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		spans := c.Spans()
		if enough(spans) {
			return spans
		}
		select {
		case <-c.arrived:
		case <-deadline:
			t.Fatalf("of the spans that were awaited arrived:\n%s", Tree(spans))
		}
	}
}

// Tree draws spans: each below its parent, by their beginnings.
func Tree(spans []Span) string {
	var b strings.Builder
	known := map[string]bool{}
	for _, s := range spans {
		known[s.ID] = true
	}
	var draw func(parent string, depth int)
	draw = func(parent string, depth int) {
		for _, s := range spans {
			root := parent == "" && !known[s.Parent]
			if !root && (parent == "" || s.Parent != parent) {
				continue
			}
			fmt.Fprintf(&b, "%s%s %s", strings.Repeat("  ", depth), s.Kind, s.Name)
			if s.Error {
				b.WriteString(" !" + s.Attributes["error.type"])
			}
			b.WriteString("\n")
			draw(s.ID, depth+1)
		}
	}
	draw("", 0)
	return b.String()
}
