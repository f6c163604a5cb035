package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/program"
)

// TestMain lets this program be its own broker, bank and ceiling.
func TestMain(m *testing.M) {
	if ran, err := parts.Run(context.Background(), os.Args[1:], os.Stdout, own); ran {
		if err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(program.Failed)
		}
		os.Exit(program.Done)
	}
	goleak.VerifyTestMain(m)
}

// inSmall are a few cells, for which a moment is enough.
const inSmall = `^throughput: bank 5 ms, 6 partitions$|^head of line: .* 1 partition|^scaling`

// TestATinyRun measures some of everything, in small: nothing is lost, and each key's
// calls are in order, else it would exit 1.
func TestATinyRun(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	for _, further := range [][]string{
		{"--only", inSmall, "--backlog", "3000", "--in-flight", "64"},
		{"--only", "TLS", "--backlog", "1000", "--in-flight", "8"}, // few handshakes
	} {
		code := run(t.Context(), append(further,
			"--root", "../..", "--contenders", "^(ceiling|processor)$", "--rounds", "1", "--window", "300ms", "--paced", "300ms", "--output", "json",
		), &out, &errs)
		if code != program.Done {
			t.Fatalf("exit %d:\n%s", code, errs.String())
		}
	}
	seen, size := map[string]int{}, map[string]int64{}
	for line := range strings.Lines(out.String()) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Commands <= 0 || r.PerSecond <= 0 || r.PeakRSS == 0 || r.Allocations <= 0 || (r.Rate > 0) != (r.P99MS > 0) {
			t.Errorf("%+v", r)
		}
		if r.Rate > 0 && r.P50MS < r.BankLatencyMS {
			t.Errorf("faster than the bank: %+v", r)
		}
		seen[r.Contender]++
		size[r.Contender] = r.BodyBytes
	}
	// A machine that is busy enough shows too little of a backlog to be measured.
	if seen[nameCeiling] < 2 || seen[nameCeiling] > 5 || seen[nameProcessor] < 2 || seen[nameProcessor] > 7 {
		t.Errorf("%v:\n%s", seen, out.String())
	}
	if ours, theirs := size[nameProcessor], size[nameCeiling]; ours < theirs*95/100 || ours > theirs*105/100 {
		t.Errorf("the processor posts %d bytes, the ceiling %d", ours, theirs)
	}
}

// measured is two rounds of a cell that went as the table says, in a file.
func measured(t *testing.T, slower float64) string {
	t.Helper()
	broker, c := "embedded broker", quick()
	fast := func(who string, round int, perSecond, cpu float64) row {
		r := newRow(broker, c, who, round)
		r.PerSecond, r.CPUSeconds, r.Allocations, r.PeakRSS, r.Others = perSecond, cpu, 12.5, 100<<20, 0.25
		return r
	}
	all := rows{
		fast(nameCeiling, 1, 30_000, 0.03), fast(nameProcessor, 1, 24_000/slower, 0.045*slower),
		fast(nameProcessor, 2, 12_000/slower, 0.045*slower), fast(nameCeiling, 2, 15_000, 0.03), // half the machine was gone
	}
	for _, base := range rates()[:1] {
		r := newRow(broker, base, nameNaiveOne, 1)
		r.P50MS, r.P99MS, r.Lost = 7, 900, 3
		all = append(all, r)
	}
	for _, slow := range slowKeys()[:2] {
		r := newRow(broker, slow, nameProcessor, 1)
		r.P99MS, r.PerSecond = 10, 500
		if slow.slow > 0 {
			r.P99MS = 11
		}
		all = append(all, r)
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	for _, r := range all {
		if err := encoder.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, "rows.json", text.String())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRowsBecomeAPage: what counts are the ratios of each round.
func TestRowsBecomeAPage(t *testing.T) {
	t.Parallel()
	page := write(t, "page.md", "before\n<!-- bench: embedded broker -->\nold\n<!-- bench: end -->\nafter\n")
	picture := filepath.Join(t.TempDir(), "plot.svg")
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"--from", measured(t, 1), "--update", page, "--plot", picture}, &out, &errs); code != program.Done {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n<!-- bench: embedded broker -->\n", "\n<!-- bench: end -->\nafter\n",
		"| 18000      | 0.80 (0.80 to 0.80) | 0.045           | 1.50 (1.50 to 1.50)",
		"falls behind", "| processor | 10.0   | 11.0 ", "| 1.10 (1.10 to 1.10) |", "- `processor`: as shipped", "plot.svg)\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") || strings.Contains(string(text), "NaN") || !strings.Contains(string(text), out.String()) {
		t.Errorf("not what is printed:\n%s", text)
	}
	drawn, err := os.ReadFile(picture)
	if err != nil || strings.Count(string(drawn), "<rect") != 1+2 || !strings.Contains(string(drawn), "18000/s, 0.800") {
		t.Errorf("%s, %v", drawn, err)
	}
}

// TestTheGate shuts for a processor that has become slower, and only for one.
func TestTheGate(t *testing.T) {
	t.Parallel()
	g := write(t, "gate.json", `{"throughput": 0.8, "cpu": 1.5, "margin": 0.15}`)
	for slower, want := range map[float64]int{1: program.Done, 1.1: program.Done, 0.5: program.Done, 1.25: program.Failed, 3: program.Failed} {
		var out, errs strings.Builder
		if code := run(t.Context(), []string{"--from", measured(t, slower), "--gate", g}, &out, &errs); code != want {
			t.Errorf("%g times slower: exit %d, want %d: %s %s", slower, code, want, out.String(), errs.String())
		}
		if want == program.Failed && !strings.Contains(errs.String(), errGate.Error()) || !strings.Contains(out.String(), "gate, to the ceiling: throughput") {
			t.Errorf("%g times slower: %s %s", slower, out.String(), errs.String())
		}
	}
	if err := (gate{0.8, 1.5, 0.15}).check(&strings.Builder{}, report{}); err == nil {
		t.Error("nothing was measured, and the gate is open")
	}
	if _, err := readGate(filepath.Join("..", "gate.json")); err != nil {
		t.Error(err)
	}
}

// TestCells: names are unique, every contender is known, and a cell with a base
// stands behind it.
func TestCells(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range cells() {
		if seen[c.name] || c.base != "" && !seen[c.base] {
			t.Errorf("%s twice, or ahead of its base", c.name)
		}
		seen[c.name] = true
		for _, who := range c.contenders {
			if _, err := contenderOf(who); err != nil || !slices.Contains(everybody(), who) || colours[who] == "" {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
	if !seen[quick().name] {
		t.Errorf("%s is none of the cells", quick().name)
	}
	groups := together(cells())
	if last := groups[len(groups)-1]; len(last) != 2 || last[1].base != last[0].name {
		t.Errorf("%+v", last)
	}
	if _, err := contenderOf("nobody"); err == nil {
		t.Error("nobody contends")
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, arguments := range []string{
		"--broker none", "--output xml", "--rounds 0", "--window 0s", "more", "--unknown", "--only [", "--only nothing-like-it",
	} {
		var out, errs strings.Builder
		if code := run(t.Context(), strings.Fields(arguments), &out, &errs); code != program.Usage || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %s", arguments, code, errs.String())
		}
	}
	for _, arguments := range []string{
		"part nothing", "part ceiling", "part ceiling --in-flight 0", "--quick --broker kafka --root /nowhere --processor /nowhere",
		"--quick --root /nowhere", "--from /nowhere", "--from " + measured(t, 1) + " --update /nowhere", "--from " + measured(t, 1) + " --gate /nowhere",
	} {
		var out, errs strings.Builder
		if code := run(t.Context(), strings.Fields(arguments), &out, &errs); code != program.Failed || errs.Len() == 0 {
			t.Errorf("%s: exit %d, %s", arguments, code, errs.String())
		}
	}
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"--help"}, &out, &errs); code != program.Done {
		t.Errorf("--help: exit %d", code)
	}
	if code := run(t.Context(), []string{"--list"}, &out, &errs); code != program.Done || !strings.Contains(out.String(), quick().name) {
		t.Errorf("--list: exit %d, %s", code, out.String())
	}
}
