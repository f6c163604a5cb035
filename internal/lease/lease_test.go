package lease

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestALeaseLastsItsTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		if !errors.Is(l.Check(), ErrLost) || !l.Last().IsZero() {
			t.Error("held before any proof")
		}
		sent := time.Now()
		time.Sleep(4 * time.Second) // the acknowledgement takes its time
		l.Renew(sent)
		time.Sleep(6*time.Second - 1)
		if err := l.Check(); err != nil {
			t.Errorf("within the term: %v", err)
		}
		time.Sleep(1)
		if !errors.Is(l.Check(), ErrLost) {
			t.Error("held past the term")
		}
		if !l.Last().Equal(sent) {
			t.Errorf("last %v, want %v", l.Last(), sent)
		}
	})
}

func TestARevokedLeaseComesBackWithAProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		l.Renew(time.Now())
		l.Revoke()
		if l.Check() == nil {
			t.Error("held when revoked")
		}
		l.Renew(time.Now())
		if err := l.Check(); err != nil {
			t.Error(err)
		}
	})
}

func TestABoundOutlastsEveryProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		l.Renew(time.Now())
		l.Bound(time.Now().Add(time.Second))
		time.Sleep(time.Second)
		l.Renew(time.Now())
		if l.Check() == nil {
			t.Error("held past its bound")
		}
		l.Bound(time.Time{})
		if err := l.Check(); err != nil {
			t.Error(err)
		}
	})
}

func TestLeftIsWhatTheTermAndTheBoundLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		want := func(left time.Duration) {
			t.Helper()
			if got := l.Left(); got != left {
				t.Errorf("%s left, want %s", got, left)
			}
		}
		want(0)
		l.Renew(time.Now())
		want(10 * time.Second)
		time.Sleep(4 * time.Second)
		want(6 * time.Second)
		l.Bound(time.Now().Add(2 * time.Second))
		want(2 * time.Second)
		l.Bound(time.Now().Add(20 * time.Second))
		want(6 * time.Second)
		l.Bound(time.Now().Round(0).Add(-time.Second)) // the wall alone says so
		want(0)
		l.Bound(time.Time{})
		l.Revoke()
		want(0)
	})
}

// A wall clock that is set back or forth lengthens no lease.
func TestAClockThatIsSetLengthensNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		l.Renew(time.Now().Round(0).Add(-11 * time.Second)) // the wall alone says so
		if l.Check() == nil {
			t.Error("held although the wall clock is past the term")
		}
		l.Renew(time.Now())
		time.Sleep(10 * time.Second)
		if l.Check() == nil {
			t.Error("held although the monotonic clock is past the term")
		}
	})
}

func TestWaitEndsWithTheLeaseOrTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(10 * time.Second)
		got := make(chan error, 1)
		go func() { got <- l.Wait(t.Context()) }()
		synctest.Wait()
		l.Renew(time.Now().Add(-time.Minute)) // a proof that is too old
		synctest.Wait()
		if len(got) > 0 {
			t.Fatal("an old proof was enough")
		}
		l.Renew(time.Now())
		if err := <-got; err != nil {
			t.Error(err)
		}
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		l.Revoke()
		cancel(why)
		if err := l.Wait(ctx); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	})
}
