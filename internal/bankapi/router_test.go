package bankapi

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

type fakeMethod struct{ group *Group }

func (m *fakeMethod) Group() *Group { return m.group }

func (m *fakeMethod) Call(ctx context.Context, _ *command.Command, _ command.Call) command.Verdict {
	return m.group.Do(ctx, returns(noAuth))
}

type gatedMethod struct {
	fakeMethod
	err error
}

func (m *gatedMethod) Wait(context.Context) error { return m.err }
func (m *gatedMethod) Shut() bool                 { return true }

func TestRouter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		own := errors.New("its own gate")
		heard := &recorder{}
		limit := &fakeMethod{newGroup(t, GroupConfig{}, heard)}
		loan := &gatedMethod{fakeMethod{newGroup(t, GroupConfig{}, heard)}, own}
		r := NewRouter(map[command.Name]Method{command.DBSLimitQuery: limit, command.LoanIncomeSubmit: loan}, nil, heard)

		if r.Shut(command.DBSLimitQuery) || !r.Shut(command.LoanIncomeSubmit) || r.Shut(command.CustomerCreate) {
			t.Error("wrong gates are shut")
		}
		if err := r.Wait(t.Context(), command.LoanIncomeSubmit); !errors.Is(err, own) {
			t.Errorf("a method's own gate is passed over: %v", err)
		}
		if v := r.Call(t.Context(), &command.Command{Payload: &command.QueryLimit{}}, command.Call{}); v.Code != noAuth.Code {
			t.Errorf("verdict %+v", v)
		}
		if !r.Shut(command.DBSLimitQuery) {
			t.Error("the group's gate is passed over")
		}
		start := time.Now()
		if err := r.Wait(t.Context(), command.DBSLimitQuery); err != nil || time.Since(start) != 30*time.Second {
			t.Errorf("waited %s, %v", time.Since(start), err)
		}
		v := r.Call(t.Context(), &command.Command{Payload: &command.CreateCustomer{}}, command.Call{})
		if v.Status != command.Failed || v.Delivery != command.NotSent || !v.DeadLetter {
			t.Errorf("a command without a method: %+v", v)
		}
		if err := r.Wait(t.Context(), command.CustomerCreate); err != nil {
			t.Error(err)
		}
		if !slices.Equal(heard.called, []command.Code{noAuth.Code}) {
			t.Errorf("heard of calls %q", heard.called)
		}
	})
}
