package wire

import (
	"testing"
	"time"

	"bankprocessor/internal/command"
)

// field reads member V of {"V":<raw>} and says whether that was a fault.
func field[T any](t *testing.T, raw string, read func(Object, string) T) (value T, fault bool) {
	t.Helper()
	o := mustRead(t, `{"V":`+raw+`}`)
	value = read(o, "V")
	return value, o.Err() != nil
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`900`: "900", `900.0`: "900", `"900.00"`: "900", `" 900 "`: "900",
		`98990.46`: "98990.46", `"98990.46"`: "98990.46", `-0.5`: "-0.5", `0`: "0", `-0`: "0",
		`88.9778`: "88.9778", `0.1`: "0.1", `9223372036854775.07`: "9223372036854775.07",
		`9E2`: "900", `9.005e+2`: "900.5", `1e-7`: "0.0000001", `1.5E-3`: "0.0015", `0e9`: "0",
		`12.50e1`: "125", `-1.25e1`: "-12.5", `1E+16`: "10000000000000000", `"1e2"`: "100",
		`1220.8000000000002`: "1220.8000000000002",
		`null`:               "", `""`: "", `"  "`: "", `"\u00a0"`: "",
	} {
		got, fault := field(t, raw, Object.Decimal)
		switch {
		case fault:
			t.Errorf("%s is a fault", raw)
		case want == "" && got != nil:
			t.Errorf("%s = %s, want nil", raw, got)
		case want != "" && (got == nil || got.String() != want):
			t.Errorf("%s = %v, want %s", raw, got, want)
		}
	}
	for _, raw := range []string{
		`"1.234,56"`, `"1,5"`, `"1,234.56"`, `"1 234"`, `"12TL"`, `"-"`, `"."`, `"1."`, `".5"`, `"+1"`,
		`"0x10"`, `"1e"`, `"e5"`, `1e400`, `1e-400`, `1e30`, `"1e99999999999999999999"`, `"Infinity"`,
		`99999999999999999999`, `0.1234567890123456789`, `true`, `{}`, `[1]`,
	} {
		if got, fault := field(t, raw, Object.Decimal); !fault || got != nil {
			t.Errorf("%s = %v, want a fault", raw, got)
		}
	}
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		`5035232723`: 5035232723, `"5035232723"`: 5035232723, `2104280309000005`: 2104280309000005,
		`0`: 0, `-7`: -7, `" 12 "`: 12, `"007"`: 7, `9223372036854775807`: 9223372036854775807,
	} {
		if got, fault := field(t, raw, Object.Int64); fault || got == nil || *got != want {
			t.Errorf("Int64(%s) = %v, fault %v", raw, got, fault)
		}
	}
	for _, raw := range []string{`null`, `""`, `" "`} {
		if got, fault := field(t, raw, Object.Int64); fault || got != nil {
			t.Errorf("Int64(%s) = %v, fault %v, want nil", raw, got, fault)
		}
	}
	for _, raw := range []string{
		`2.0`, `2.5`, `2e3`, `"2,0"`, `"x"`, `"+2"`, `true`, `{}`, `[]`, `9223372036854775808`, `"1_000"`,
	} {
		if got, fault := field(t, raw, Object.Int64); !fault || got != nil {
			t.Errorf("Int64(%s) = %v, want a fault", raw, got)
		}
	}
	if got, fault := field(t, `"2"`, Object.Int32); fault || got == nil || *got != 2 {
		t.Errorf("Int32 = %v, fault %v", got, fault)
	}
	if got, fault := field(t, `5035232723`, Object.Int32); !fault || got != nil {
		t.Errorf("Int32 of 33 bits = %v, want a fault", got)
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"000"`: "000", `" 000 "`: "000", `0`: "000", `7`: "007", `106`: "106", `90012`: "90012",
		`"APIGW000000"`: "APIGW000000", `""`: "", `" "`: "", `null`: "",
	} {
		if got, fault := field(t, raw, Object.Code); fault || got != want {
			t.Errorf("Code(%s) = %q, fault %v, want %q", raw, got, fault, want)
		}
	}
	for _, raw := range []string{`1.5`, `-1`, `1e2`, `true`, `{}`, `["000"]`} {
		if got, fault := field(t, raw, Object.Code); !fault || got != "" {
			t.Errorf("Code(%s) = %q, want a fault", raw, got)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"İşlem Başarılı"`: "İşlem Başarılı", `"\u0130\u015flem \"x\" \\ \/\n"`: "İşlem \"x\" \\ /\n",
		`" a "`: " a ", `1234`: "1234", `12.50`: "12.50", `null`: "", `""`: "", `"\ud83d\ude00"`: "😀",
		`"\ud83d"`: "\ufffd",
	} {
		if got, fault := field(t, raw, Object.Text); fault || got != want {
			t.Errorf("Text(%s) = %q, fault %v, want %q", raw, got, fault, want)
		}
	}
	for _, raw := range []string{`true`, `{}`, `[]`} {
		if _, fault := field(t, raw, Object.Text); !fault {
			t.Errorf("Text(%s) is no fault", raw)
		}
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		`true`: true, `1`: true, `"true"`: true, `"True"`: true, `"1"`: true,
		`false`: false, `0`: false, `"false"`: false, `"False"`: false, `" 0 "`: false,
	} {
		if got, fault := field(t, raw, Object.Bool); fault || got == nil || *got != want {
			t.Errorf("Bool(%s) = %v, fault %v", raw, got, fault)
		}
	}
	for _, raw := range []string{`null`, `""`} {
		if got, fault := field(t, raw, Object.Bool); fault || got != nil {
			t.Errorf("Bool(%s) = %v, fault %v, want nil", raw, got, fault)
		}
	}
	for _, raw := range []string{`2`, `"E"`, `{}`} {
		if got, fault := field(t, raw, Object.Bool); !fault || got != nil {
			t.Errorf("Bool(%s) = %v, want a fault", raw, got)
		}
	}
}

func TestTimeAndDate(t *testing.T) {
	t.Parallel()
	noon := time.Date(2020, 11, 2, 12, 30, 15, 0, command.Istanbul)
	for raw, want := range map[string]time.Time{
		`"2020-11-02T12:30:15"`:         noon,
		`"2020-11-02T12:30:15.123"`:     noon.Add(123 * time.Millisecond),
		`"2020-11-02T12:30:15.1234567"`: noon.Add(123456700),
		`"2020-11-02T12:30:15+03:00"`:   noon,
		`"2020-11-02T12:30:15.5+03:00"`: noon.Add(time.Second / 2),
		`"2020-11-02T09:30:15Z"`:        noon,
		`" 2020-11-02T12:30:15 "`:       noon,
		`"2020-11-02"`:                  time.Date(2020, 11, 2, 0, 0, 0, 0, command.Istanbul),
		`"0001-01-01T00:00:00"`:         {},
		`"0001-01-01T00:00:00.0000000"`: {},
		`"0001-01-01T00:00:00+02:00"`:   {},
		`"0001-01-01T00:00:00Z"`:        {},
		`null`:                          {},
		`""`:                            {},
	} {
		if got, fault := field(t, raw, Object.Time); fault || !got.Equal(want) {
			t.Errorf("Time(%s) = %v, fault %v, want %v", raw, got, fault, want)
		}
	}
	for _, raw := range []string{
		`"02.11.2020"`, `"2020-13-02T00:00:00"`, `"2020-02-30"`, `20201102`, `"/Date(1604300000000)/"`, `true`, `{}`,
	} {
		if got, fault := field(t, raw, Object.Time); !fault || !got.IsZero() {
			t.Errorf("Time(%s) = %v, want a fault", raw, got)
		}
	}
	// 21:30 UTC is the next day in Istanbul.
	want := command.Date{Year: 2026, Month: time.November, Day: 20}
	if got, fault := field(t, `"2026-11-19T21:30:00Z"`, Object.Date); fault || got != want {
		t.Errorf("Date = %v, fault %v, want %v", got, fault, want)
	}
	if got, fault := field(t, `"0001-01-01T00:00:00"`, Object.Date); fault || !got.IsZero() {
		t.Errorf("Date = %v, fault %v, want none", got, fault)
	}
}
