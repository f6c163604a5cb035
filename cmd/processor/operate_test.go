package main

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	file := configFile(t, box, "")
	code, out, errs := execute(t, "", "topics", "list", "--config", file)
	if code != exitFailed {
		t.Errorf("got %d", code)
	}
	wantAll(t, out, "customer.create ", "missing")
	wantAll(t, errs, "topics are missing: customer.create", "processor topics apply")

	code, out, errs = execute(t, "", "topics", "apply", "--config", file)
	if code != exitDone {
		t.Errorf("got %d, %s", code, errs)
	}
	wantAll(t, out, "created, 2 partitions", "bank.dead-letter")
	all := len(topics.Config{}.WithDefaults().Specs())
	if strings.Count(out, "created") != all {
		t.Errorf("want %d topics, got %s", all, out)
	}

	code, out, _ = execute(t, "", "topics", "apply", "--config", file)
	if code != exitDone || strings.Count(out, "as configured") != all {
		t.Errorf("want a second apply to change nothing, got %d, %s", code, out)
	}

	r := begin(t, "", []string{"PROCESSOR_TOPICS_PARTITIONS=3"}, "topics", "list", "--config", file)
	if code := r.end(t); code != exitDone {
		t.Errorf("want a difference told and no failure, got %d, %s", code, r.err)
	}
	wantAll(t, r.out.String(), "differs: partitions is 2, configured 3")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{})
	code, out, errs := execute(t, "", "check", "--config", configFile(t, box, ""))
	if code != exitDone || strings.Contains(out, "FAIL") {
		t.Errorf("got %d, %s%s", code, out, errs)
	}
	wantAll(t, out, "ok    configuration", "ok    kafka", "ok    topics", "not tried, because wrong ones lock the application")

	empty, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	file := configFile(t, empty, "")
	r := begin(t, "", []string{
		"PROCESSOR_BANKS_INTERAPI_APP_KEY_FILE=/nowhere/key", "PROCESSOR_BANKS_LOANAPI_HTTP_BASE_URL=http://127.0.0.1:1",
	}, "check", "--config", file)
	if code := r.end(t); code != exitFailed {
		t.Errorf("got %d", code)
	}
	wantAll(t, r.out.String(), "ok    kafka", "FAIL  topics: topics are missing", "FAIL  banks.interapi.app_key: ", "/nowhere/key",
		"FAIL  banks.loanapi address: banks.loanapi.http.base_url: ")
	wantAll(t, r.err.String(), "3 of the checks failed")
	if calls := len(box.Bank().Calls(0)) + len(empty.Bank().Calls(0)); calls > 0 {
		t.Errorf("want the bank left alone, got %d calls", calls)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	r := begin(t, "", nil, "run", "--config", configFile(t, box, ""))
	r.err.Await(t, "processor started")
	watch := begin(t, "", nil, "watch", "--count", "1", "--brokers", brokers)
	watch.err.Await(t, "watching")
	if code, _, errs := execute(t, query, "send", "dbs.limit.query", "--brokers", brokers); code != exitDone {
		t.Fatalf("sending: %d, %s", code, errs)
	}
	if code := watch.end(t); code != exitDone {
		t.Errorf("watching: %d, %s", code, watch.err)
	}
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Errorf("want a clean end, got %d, %s", code, r.err)
	}
	wantAll(t, r.err.String(), `"msg":"processor stopped","clean":true`)
	if r.out.String() != "" {
		t.Errorf("want logs on standard error alone, got %q", r.out)
	}
}

func TestRunWithoutTopics(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	code, _, errs := execute(t, "", "run", "--config", configFile(t, box, ""))
	if code != exitFailed {
		t.Errorf("got %d", code)
	}
	wantAll(t, errs, "topics are missing: customer.create, customer.update", "bank.attempts", "processor topics apply")
}

func TestDev(t *testing.T) {
	t.Parallel()
	r := begin(t, "", nil, "dev", "--kafka-port", "0", "--bank-port", "0", "--admin", "127.0.0.1:0", "--topic-prefix", "d.", "--partitions", "2")
	out := r.out.Await(t, "Ctrl-C ends it.")
	wantAll(t, out, "broker  127.0.0.1:", "bank    http://127.0.0.1:", "admin   http://127.0.0.1:", "token   processor_console_", "--topic-prefix d.")
	brokers := strings.Fields(out)[1]
	if code, _, errs := execute(t, query, "send", "dbs.limit.query", "--brokers", brokers, "--topic-prefix", "d."); code != exitDone {
		t.Errorf("sending: %d, %s", code, errs)
	}
	code, seen, errs := execute(t, "", "watch", "--from-beginning", "-n", "1", "--timeout", "20s", "--brokers", brokers, "--topic-prefix", "d.")
	if code != exitDone || !strings.Contains(seen, "SUCCEEDED") {
		t.Errorf("watching: %d, %s%s", code, seen, errs)
	}
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Errorf("want a clean end, got %d, %s", code, r.err)
	}
}

func TestDemo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds; internal/demo has its own test")
	}
	r := begin(t, "", nil, "demo", "--verbose")
	if code := r.end(t); code != exitDone {
		t.Errorf("got %d\n%s%s", code, r.out, r.err)
	}
	wantAll(t, r.err.String(), "processor started")
}

func TestDevWithATakenPort(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	code, _, errs := execute(t, "", "dev", "--kafka-port", "0", "--bank-port", port, "--admin", "127.0.0.1:0")
	if code != exitFailed {
		t.Errorf("got %d", code)
	}
	wantAll(t, errs, "address already in use", "--bank-port")
}

func TestBanksim(t *testing.T) {
	t.Parallel()
	r := begin(t, "", nil, "banksim", "--address", "127.0.0.1:0")
	out := r.out.Await(t, "\n")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := strings.TrimSpace(strings.TrimPrefix(out, "bank simulator at "))
	answer, err := client.Get(url + "/_sim/ledger")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("got %d", answer.StatusCode)
	}
	code, _, errs := execute(t, "", "banksim", "--address", strings.TrimPrefix(url, "http://"))
	if code != exitFailed || !strings.Contains(errs, "--address") {
		t.Errorf("want a taken address told, got %d, %s", code, errs)
	}
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Errorf("want a clean end, got %d, %s", code, r.err)
	}
}
