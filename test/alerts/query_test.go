package alerts

import (
	"reflect"
	"testing"
)

func TestReadFindsWhatAnExpressionReads(t *testing.T) {
	t.Parallel()
	tests := map[string]Query{
		`up == 0 and on (job, instance) last_over_time(processor_build_info[1d])`: {
			Selectors: []Selector{{Name: "up"}, {Name: "processor_build_info", Within: "last_over_time"}},
			Grouping:  []string{"job", "instance"},
		},
		`histogram_quantile(0.95, sum by (command, le) (rate(x_bucket{a=~"b|c",d!="e"}[5m]))) > 5e3`: {
			Selectors: []Selector{{Name: "x_bucket", Within: "rate", Matchers: []Matcher{{"a", "=~", "b|c"}, {"d", "!=", "e"}}}},
			Grouping:  []string{"command", "le"},
		},
		`sum by (t) (label_replace(lag, "t", "$1", "topic", ".*\\.(x)")) offset 1h / (a:b:c - other{}) or vector(0)`: {
			Selectors: []Selector{{Name: "lag", Within: "label_replace"}, {Name: "a:b:c", Within: ""}, {Name: "other"}},
			Grouping:  []string{"t"},
			Made:      []string{"t"},
		},
		`min_over_time(sum(x)[30m:1m]) unless max without (a) (y)`: {
			Selectors: []Selector{{Name: "x", Within: "sum"}, {Name: "y"}},
			Grouping:  []string{"a"},
		},
	}
	for expr, want := range tests {
		if got := Read(expr); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", expr, got, want)
		}
	}
}

func TestMatchersMatchWholeValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m     Matcher
		value string
		want  bool
	}{
		{Matcher{"a", "=", "b"}, "b", true},
		{Matcher{"a", "!=", "b"}, "b", false},
		{Matcher{"a", "=~", "b|c"}, "c", true},
		{Matcher{"a", "=~", "b|c"}, "bc", false},
		{Matcher{"a", "!~", "b|c"}, "bc", true},
		{Matcher{"a", "=~", "10|10[.]0"}, "10.0", true},
	} {
		if got := tt.m.Matches(tt.value); got != tt.want {
			t.Errorf("%v matches %q: %t", tt.m, tt.value, got)
		}
	}
}
