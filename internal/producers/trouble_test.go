package producers

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

func TestATopicThatCannotBeWrittenIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		classes []kafka.ErrorClass // one every 400 ms, and then it is over
		want    string
	}{
		"nothing":                    {nil, ""},
		"a leader that moves":        {[]kafka.ErrorClass{kafka.ClassLeaderMoved, kafka.ClassLeaderMoved}, ""},
		"one that stays away":        {[]kafka.ErrorClass{kafka.ClassLeaderMoved, kafka.ClassLeaderMoved, kafka.ClassLeaderMoved, kafka.ClassLeaderMoved, kafka.ClassLeaderMoved}, "WARN INFO"},
		"a broker that is away":      {[]kafka.ErrorClass{kafka.ClassRetriable, kafka.ClassRetriable}, "WARN INFO"},
		"a leader that is then away": {[]kafka.ErrorClass{kafka.ClassLeaderMoved, kafka.ClassAuth}, "WARN INFO"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var text bytes.Buffer
				trouble := newTrouble(slog.New(slog.NewTextHandler(&text, nil)))
				for _, class := range tt.classes {
					trouble.met(kafka.TopicPartition{Topic: "a"}, class, errors.New("refused"))
					time.Sleep(400 * time.Millisecond)
				}
				trouble.over("a")
				trouble.over("a")
				var levels []string
				for line := range strings.Lines(text.String()) {
					for _, level := range []string{"WARN", "INFO"} {
						if strings.Contains(line, "level="+level) {
							levels = append(levels, level)
						}
					}
				}
				if got := strings.Join(levels, " "); got != tt.want {
					t.Errorf("told %q, want %q:\n%s", got, tt.want, &text)
				}
			})
		})
	}
}
