package app_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/sandbox"
)

func TestTheConsoleShowsAProcessorAtWork(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	a := b.start()
	w := b.watch(downstream.Options{})
	b.send(command.DBSLimitQuery, limitQuery)
	b.take(w, 1)
	b.await("the outcome on the page", func() bool {
		_, page := get(t, a, "/")
		return strings.Contains(page, "dbs.limit.listed") && strings.Contains(page, ">SUCCEEDED<")
	})
	if _, history := get(t, a, "/live/history"); !strings.Contains(history, `"points":[{`) {
		t.Errorf("the plots have no past: %.200s", history)
	}
}

// A page that follows does not hold up the end of the processor.
func TestAnOpenConsoleDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	a := b.build()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.AdminAddress()+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b.await("the page to be counted", func() bool {
		_, metrics := get(t, a, "/metrics")
		return strings.Contains(metrics, "processor_console_clients 1")
	})
	ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		t.Errorf("stopping: %v", err)
	}
	stream, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasSuffix(string(stream), "event: end\ndata: {}\n\n") {
		t.Errorf("want the stream to end with a farewell, got %.200q (%v)", stream, err)
	}
}

func TestAConsoleThatIsLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Console.Disabled = true
	a := b.start()
	if status, page := get(t, a, "/"); status != http.StatusOK || !strings.Contains(page, "intake") || strings.Contains(page, "live.") {
		t.Errorf("want the page of the readiness alone, got %d %.300s", status, page)
	}
	if status, _ := get(t, a, "/live"); status != http.StatusNotFound {
		t.Errorf("want 404, got %d", status)
	}
}
