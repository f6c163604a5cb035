package banksim

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// FuzzParse holds the reader against encoding/json: the same documents, and the
// same values for members, duplicates included.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"a":"ş\u00fc\"","b":[true,false,null,{}],"c":-0.5e+3}`, `[]`, `""`, `{"a":}`, `01`, `1.`, `-`, `{"a" 1}`,
		"\u00a0{}", `"\ud800"`, `"\x"`, "\"\x01\"", `[1,]`, `{,}`, `tru`, ` 1 `, `1 2`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, _, err := parse(b)
		large := strings.Count(string(b), "[")+strings.Count(string(b), "{") > maxDepth || strings.Count(string(b), ",") >= maxMembers
		valid := json.Valid(b) && bytes.Equal(b, bytes.ToValidUTF8(b, []byte("?")))
		if (err == nil) != valid && !large {
			t.Fatalf("parse says %v, encoding/json %v", err, valid)
		}
		if err != nil || v.kind != object {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(b, &want); err != nil {
			return // encoding/json refuses what no reader needs, such as depth
		}
		for name, raw := range want {
			got := v.get(name)
			var s string
			if got.kind == text && (json.Unmarshal(raw, &s) != nil || s != got.text()) {
				t.Fatalf("%q is %q, want %s", name, got.text(), raw)
			}
			if got.kind == number && string(got.raw) != string(raw) {
				t.Fatalf("%q is %s, want %s", name, got.raw, raw)
			}
		}
	})
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	v, duplicates, err := parse([]byte(`{"a":1,"b":{"c":1,"c":2,"a":3},"a":4}`))
	if err != nil || !slices.Equal(duplicates, []string{"c", "a"}) {
		t.Errorf("duplicates %v, error %v", duplicates, err)
	}
	if got := string(v.get("a").raw); got != "4" {
		t.Errorf("a is %s, want the last", got)
	}
}

func TestQuoteIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var o out
		o.quote(s)
		var got string
		if err := json.Unmarshal(o.b, &got); err != nil || got != s {
			t.Fatalf("%q became %q: %v", s, o.b, err)
		}
	})
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Money{
		"900": 90000, "900.0": 90000, "900.00": 90000, "900.5": 90050, "0.01": 1, "-1.25": -125, "9e2": 90000, "1.5E1": 1500,
		"1.000": 100, "90000000000000.01": 9000000000000001,
	} {
		if got, err := parseMoney(s); err != nil || got != want {
			t.Errorf("%s is %d, want %d (%v)", s, got, want, err)
		}
	}
	for _, s := range []string{"", "x", "1,5", "1.001", "1e-3", "1e999999999", "1/2", "0x1p4", "1_000", "99999999999999999999", "Inf", strings.Repeat("9", 50)} {
		if got, err := parseMoney(s); err == nil {
			t.Errorf("%q was read as %d", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := Money(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "m"))
		var back Money
		b, err := json.Marshal(m)
		if err != nil || json.Unmarshal(b, &back) != nil || back != m {
			t.Fatalf("%d became %s became %d", m, b, back)
		}
	})
}

func TestConvert(t *testing.T) {
	t.Parallel()
	r := rates{"TRY": 100, "USD": 4000, "EUR": 4500}
	for _, tt := range []struct {
		m        Money
		from, to string
		want     Money
	}{{100, "TRY", "TRY", 100}, {150, "USD", "TRY", 6000}, {100, "TRY", "USD", 3}, {6000, "TRY", "USD", 150}, {900, "USD", "EUR", 800}, {20, "TRY", "USD", 1}} {
		if got := r.convert(tt.m, tt.from, tt.to); got != tt.want {
			t.Errorf("%s %s are %s %s, want %s", tt.m, tt.from, got, tt.to, tt.want)
		}
	}
}

func TestValidCitizen(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"10000000146", "19090909018"} {
		if !validCitizen(s) {
			t.Errorf("%s is valid", s)
		}
	}
	for _, s := range []string{"", "10000000147", "01234567890", "1000000014", "1000000014x", "100000001460", "10000000156"} {
		if validCitizen(s) {
			t.Errorf("%s is not valid", s)
		}
	}
}

// TestPrice holds the annuity against the sum of its discounted instalments.
func TestPrice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := LoanProduct{
			Principal:   Money(rapid.Int64Range(100_000, 1e9).Draw(t, "principal")),
			Months:      rapid.Int64Range(1, 60).Draw(t, "months"),
			MonthlyRate: Money(rapid.Int64Range(1, 1000).Draw(t, "rate")),
			Bsmv:        1500, Kkdf: 1500,
		}
		offer := p.price()
		growth := big.NewRat(int64(p.MonthlyRate)*130+1_000_000, 1_000_000)
		discount, worth := big.NewRat(1, 1), new(big.Rat)
		for range p.Months {
			discount.Quo(discount, growth)
			worth.Add(worth, new(big.Rat).Mul(discount, big.NewRat(int64(offer.instalment), 1)))
		}
		off := new(big.Rat).Sub(worth, big.NewRat(int64(p.Principal), 1))
		if off.Abs(off).Cmp(big.NewRat(p.Months, 2)) > 0 { // half a hundredth per instalment
			t.Fatalf("%d instalments of %s are worth %s, not %s", p.Months, offer.instalment, worth.FloatString(2), p.Principal)
		}
		if offer.total != offer.instalment*Money(p.Months) {
			t.Fatal("the total is not the sum")
		}
	})
}

func TestLatencySample(t *testing.T) {
	t.Parallel()
	const ms = Duration(time.Millisecond)
	for name, tt := range map[string]struct {
		latency       Latency
		least, most   time.Duration // of every sample
		median        time.Duration
		withinPercent time.Duration
	}{
		"none":        {Latency{}, 0, 0, 0, 0},
		"fixed":       {Latency{Fixed: 5 * ms}, 5e6, 5e6, 5e6, 0},
		"spread":      {Latency{Fixed: 5 * ms, Spread: 10 * ms}, 5e6, 15e6, 10e6, 10},
		"exponential": {Latency{Mean: 10 * ms}, 0, time.Hour, 6931471, 15},
		"log-normal":  {Latency{Median: 20 * ms, P99: 200 * ms}, 0, time.Hour, 20e6, 15},
		"cut":         {Latency{Median: 20 * ms, P99: 200 * ms, Max: 25 * ms}, 0, 25e6, 20e6, 15},
	} {
		samples := make([]time.Duration, 4001)
		for i := range samples {
			samples[i] = tt.latency.sample()
		}
		slices.Sort(samples)
		median, margin := samples[2000], tt.median*tt.withinPercent/100
		if samples[0] < tt.least || samples[4000] > tt.most || median < tt.median-margin || median > tt.median+margin {
			t.Errorf("%s: %v to %v, median %v", name, samples[0], samples[4000], median)
		}
	}
}
