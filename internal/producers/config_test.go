package producers

import (
	"strings"
	"testing"
	"time"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	if err := (Config{}).WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
	wrong := Config{
		AckTimeout: time.Nanosecond, BatchBytes: -1, RequestBytes: -2, RequestRecords: -1,
		BackoffInitial: -1, BackoffMax: -2,
	}
	err := wrong.WithDefaults().Validate()
	for _, key := range []string{"ack_timeout", "batch_bytes", "request_bytes", "request_records", "backoff_initial", "backoff_max"} {
		if err == nil || !strings.Contains(err.Error(), "producers."+key) {
			t.Errorf("%s is not in %v", key, err)
		}
	}
	if _, err := NewBatcher(wrong, nil, NopObserver{}, nil); err == nil {
		t.Error("NewBatcher takes it")
	}
}
