package lease_test

import (
	"context"
	"testing"
	"time"

	"bankprocessor/internal/lease"
)

// Every command asks several times, and so does every write to Kafka.
func BenchmarkHeld(b *testing.B) {
	l := lease.New(time.Hour)
	l.Renew(time.Now())
	l.Bound(time.Now().Add(time.Hour))
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := l.Check(); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("wait", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := l.Wait(context.Background()); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
