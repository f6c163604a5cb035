//go:build planted

package planted_test

import (
	"testing"
	"time"

	"bankprocessor/internal/planted"
)

func TestPlantedSkewIsTheClocks(t *testing.T) {
	planted.SetSkew(-time.Hour)
	defer planted.SetSkew(0)
	if got := time.Until(planted.Now()); got > -59*time.Minute || got < -61*time.Minute {
		t.Errorf("the clock is wrong by %v", got)
	}
}
