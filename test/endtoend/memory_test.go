package endtoend

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/test/capture"
)

// While nobody listens at the bank, commands of 32 KiB pile up in Kafka. The
// processor is a process of its own, so that its memory is nobody else's.
func TestMemoryIsFlatWhileCommandsWait(t *testing.T) {
	t.Parallel()
	const (
		padding = 32 << 10
		enough  = 16 << 20
	)
	w := openWorld(t, sandbox.Options{})
	w.watch()
	address := freeAddress(t)
	child := startChild(t, w, "http://"+address)

	padded := &stream{w: w, at: map[string]time.Time{}, names: map[string]command.Name{}}
	pad := strings.Repeat(" ", padding)
	pile := func(until func() bool) {
		for n := 0; !until(); n++ {
			var records []kafka.Record
			for i := range 20 {
				dealer := fmt.Sprintf("1%03d", (n*20+i)%outageKeys)
				records = append(records, padded.command(command.DBSLimitQuery, "SOLEN|"+dealer,
					`"companyCode":"SOLEN",`+pad+`"dealerCode":%q,"invoicesMonth":"2026-11-01"`, dealer))
			}
			w.publish(records...)
			must(t, pause(t.Context(), 2*streamTick))
		}
	}
	pile(func() bool {
		return strings.Contains(child.metrics(), `processor_bank_breaker_open{group="interapi.dbs.read"} 1`)
	})
	settled := time.Now().Add(time.Second)
	pile(func() bool { return time.Now().After(settled) })
	base, piled := child.heap(), padded.sent()
	pile(func() bool { return (padded.sent()-piled)*padding >= enough })
	grown := child.heap() - base
	t.Logf("the heap of %d KiB grew by %d KiB while %d KiB of commands piled up", base>>10, grown>>10, enough>>10)
	if grown > 3<<20 {
		t.Errorf("the heap grew by %d KiB", grown>>10)
	}

	serveBank(t, w.bank, address)
	w.until(time.Minute, fmt.Sprintf("%d outcomes", padded.sent()), func() bool { return len(w.outcomes) == padded.sent() })
	child.stop()
	w.Lock()
	defer w.Unlock()
	for id, events := range w.outcomes {
		if o := events[0].Outcome; len(events) != 1 || o.Status != command.Succeeded {
			t.Errorf("%s: %d outcomes, the first %s %s", id, len(events), o.Status, o.Code)
		}
	}
	if len(w.letters) > 0 {
		t.Errorf("%d dead letters, want none", len(w.letters))
	}
}

// freeAddress is an address at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}

// serveBank has a bank listen at the address until the test ends.
func serveBank(t *testing.T, bank *banksim.Bank, address string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	must(t, err)
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- bank.Serve(ctx, l, nil) }()
	t.Cleanup(func() { end(); must(t, <-ended) })
}

// childConfig names the configuration file of the processor that TestAsAChild
// runs.
const childConfig = "ENDTOEND_CHILD_CONFIG"

// child is a processor in a process of its own: this test binary, run again.
type child struct {
	t     *testing.T
	admin string
	input io.Closer
	ended chan error
	out   *capture.Text
	over  bool
}

// configFile is a configuration file for a processor in a process of its own.
func (w *world) configFile(bank string) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "processor.yaml")
	must(w.t, os.WriteFile(file, fmt.Appendf(nil, `
kafka: {brokers: [%q]}
topics: {prefix: %q, partitions: %d}
intake: {group: %q}
admin: {address: "127.0.0.1:0"}
banks:
  interapi:
    http: {base_url: %q}
    app_key: {file: %q}
    subscription_key: {file: %q}
    user_code: 'SANDBOX\service'
    customer_numbers: {SOLEN: 955807}
    dbs_read: {open_for: 2s}
  loanapi:
    http: {base_url: %q}
    token: {client_id: %q, client_secret: {file: %q}}
`, w.box.Brokers()[0], w.drafter.Topics.Prefix, w.drafter.Topics.Partitions, w.config().Intake.Group, bank, w.box.AppKeyFile(), w.box.SubscriptionKeyFile(),
		w.box.BankURL(), banksim.DefaultClientID, w.box.ClientSecretFile()), 0o600))
	return file
}

func startChild(t *testing.T, w *world, bank string) *child {
	t.Helper()
	file := w.configFile(bank)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestAsAChild$", "-test.v")
	cmd.Env = append(os.Environ(), childConfig+"="+file)
	input, err := cmd.StdinPipe()
	must(t, err)
	output, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	c := &child{t: t, input: input, ended: make(chan error, 1), out: &capture.Text{}}
	admin := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			var said struct{ Msg, Admin string }
			if json.Unmarshal(lines.Bytes(), &said) == nil && said.Msg == "processor started" {
				admin <- said.Admin
			}
			_, _ = c.out.Write(append(lines.Bytes(), '\n'))
		}
		c.ended <- cmd.Wait()
	}()
	t.Cleanup(c.stop)
	select {
	case c.admin = <-admin:
	case err := <-c.ended:
		c.over = true
		t.Fatalf("the child ended: %v\n%s", err, c.out)
	}
	return c
}

// stop has the child stop, and fails the test unless it does so cleanly.
func (c *child) stop() {
	c.t.Helper()
	if c.over {
		return
	}
	c.over = true
	_ = c.input.Close()
	if err := <-c.ended; err != nil {
		c.t.Errorf("the child ended: %v\n%s", err, c.out.Tail(40))
	}
}

func (c *child) metrics() string {
	c.t.Helper()
	return string(fetchPage(c.t, c.admin, "/metrics"))
}

// heap is what lives on the child's heap: the least of a few looks, for garbage
// that has not been collected yet is in each.
func (c *child) heap() (least int) {
	c.t.Helper()
	const metric = "\ngo_memstats_heap_alloc_bytes "
	for i := range 20 {
		_, rest, found := strings.Cut(c.metrics(), metric)
		value, _, _ := strings.Cut(rest, "\n")
		bytes, err := strconv.ParseFloat(value, 64)
		if !found || err != nil {
			c.t.Fatalf("no %q among the metrics: %v", metric, err)
		}
		if n := int(bytes); i == 0 || n < least {
			least = n
		}
		must(c.t, pause(c.t.Context(), 20*time.Millisecond))
	}
	return least
}

func fetchPage(t *testing.T, admin, path string) []byte {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+path, http.NoBody)
	must(t, err)
	answer, err := client.Do(request)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	var body bytes.Buffer
	_, err = body.ReadFrom(answer.Body)
	must(t, err)
	return body.Bytes()
}

// TestAsAChild is a processor that stops when its standard input ends.
func TestAsAChild(t *testing.T) {
	file := os.Getenv(childConfig)
	if file == "" {
		t.Skip("this is no test by itself: others run it as a process")
	}
	debug.SetGCPercent(10) // the heap is measured: little garbage lies on it
	cfg, err := config.Load(file, nil)
	must(t, err)
	a, err := app.New(cfg, app.Options{Version: "test", Logger: slog.New(slog.NewJSONHandler(os.Stdout, nil))})
	must(t, err)
	must(t, a.Start(t.Context()))
	_, err = io.Copy(io.Discard, os.Stdin)
	must(t, err)
	must(t, stop(a))
}
