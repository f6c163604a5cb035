package telemetry

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// LogConfig is what is logged and how.
type LogConfig struct {
	Level  string `yaml:"level"`  // debug, info, warn or error; default info
	Format string `yaml:"format"` // json or text; default json
}

// WithDefaults fills in what is not set.
func (c LogConfig) WithDefaults() LogConfig {
	if c.Level == "" {
		c.Level = "info"
	}
	if c.Format == "" {
		c.Format = "json"
	}
	return c
}

// Validate returns every fault of a config that has its defaults, joined.
func (c LogConfig) Validate() error {
	var errs []error
	if _, ok := levels[c.Level]; !ok {
		errs = append(errs, errors.New("level: want debug, info, warn or error"))
	}
	if c.Format != "json" && c.Format != "text" {
		errs = append(errs, errors.New("format: want json or text"))
	}
	return errors.Join(errs...)
}

var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// NewLogger returns a logger that writes to w. Rooms keep personal data out of
// their logs by themselves; under them is a net: what looks like an identity or
// phone number or an e-mail address is masked in every message and attribute.
func NewLogger(w io.Writer, c LogConfig) *slog.Logger {
	c = c.WithDefaults()
	o := &slog.HandlerOptions{
		Level: levels[c.Level],
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			a.Value = scrubbed(a.Value)
			return a
		},
	}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// scrubbed leaves numbers, times and levels as they are and renders everything
// else to scrubbed text, so that no structure carries a string past the net.
func scrubbed(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(scrub(v.String()))
	case slog.KindAny:
		switch x := v.Any().(type) {
		case nil, slog.Level, *slog.Source:
			return v
		case error:
			return slog.StringValue(scrub(strings.ReplaceAll(x.Error(), "\n", "; ")))
		default:
			return slog.StringValue(scrub(fmt.Sprint(x)))
		}
	}
	return v
}

// personal is narrower than the scrubber of bank messages, which are free text:
// ids, addresses and moments must come through. Eleven digits are an identity
// number, ten that begin with 5 a mobile phone or a bank's customer number.
var personal = regexp.MustCompile(`\b[1-9][0-9]{10}\b|(?:\+90 ?|\b90|\b0|\b)5[0-9]{2} ?[0-9]{3} ?[0-9]{2} ?[0-9]{2}\b|[^\s"'<>=:,;]+@[^\s"'<>:,;]+`)

func scrub(s string) string {
	if !suspicious(s) {
		return s
	}
	return personal.ReplaceAllLiteralString(s, "***")
}

// suspicious says whether personal can match at all. Nearly nothing that is
// logged is, and looking is much cheaper than matching.
func suspicious(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if digits++; digits >= 10 {
				return true
			}
		case c == '@':
			return true
		case c != ' ':
			digits = 0
		}
	}
	return false
}
