package consumers

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBudgetKeepsTotalAndFloors(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		users := rapid.IntRange(1, 7).Draw(t, "users")
		total := rapid.Int64Range(int64(users), 100).Draw(t, "total")
		b, share1 := newBudget(total, users)
		shares := make([]share, users)
		for i := range shares {
			shares[i] = share1()
		}
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				s := &shares[rapid.IntRange(0, users-1).Draw(t, "user")]
				if b.free(s) {
					b.take(s, 1)
				} else if s.used < s.floor {
					t.Fatalf("a user with %d was refused below its floor %d", s.used, s.floor)
				}
			},
			"give": func(t *rapid.T) {
				s := &shares[rapid.IntRange(0, users-1).Draw(t, "user")]
				if s.used > 0 {
					b.give(s, 1)
				}
			},
			"": func(t *rapid.T) {
				var used, reserved int64
				for _, s := range shares {
					used += s.used
					reserved += max(0, s.floor-s.used)
				}
				if b.used != used || b.reserved != reserved || used+reserved > total {
					t.Fatalf("books say %d used, %d reserved; counted %d, %d, of %d", b.used, b.reserved, used, reserved, total)
				}
			},
		})
	})
}

// What one user cannot have is what the others' floors keep, no more.
func TestBudgetGivesOneUserAllButTheFloors(t *testing.T) {
	t.Parallel()
	b, newShare := newBudget(100, 5)
	s := newShare()
	for b.free(&s) {
		b.take(&s, 1)
	}
	if s.used != 60 { // floors of 10 for each of four others
		t.Errorf("one user got %d of 100, want 60", s.used)
	}
}
