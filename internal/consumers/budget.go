package consumers

// budget hands out one total to several users so that each can always reach its
// floor, whatever the others hold. It is not safe for concurrent use.
type budget struct {
	total    int64
	used     int64
	reserved int64 // the floors' part that their users do not use now
}

// share is one user's part of a budget.
type share struct {
	floor int64
	used  int64
}

// newBudget splits half of total into equal floors for that many users, at least
// 1 each.
func newBudget(total int64, users int) (*budget, func() share) {
	floor := max(1, total/int64(2*users))
	return &budget{total: total, reserved: floor * int64(users)},
		func() share { return share{floor: floor} }
}

// free says whether s may take more without touching another's floor.
func (b *budget) free(s *share) bool {
	return s.used < s.floor || b.used+b.reserved < b.total
}

// take gives n to s; the caller has asked free, or accepts to exceed the total.
func (b *budget) take(s *share, n int64) { b.move(s, n) }

// give takes n back from s.
func (b *budget) give(s *share, n int64) { b.move(s, -n) }

func (b *budget) move(s *share, n int64) {
	before := max(0, s.floor-s.used)
	s.used += n
	b.used += n
	b.reserved += max(0, s.floor-s.used) - before
}
