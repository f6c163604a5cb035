package interapi

import "bankprocessor/internal/command"

// dateRange is the days from..to, both included.
type dateRange struct{ from, to command.Date }

func (r dateRange) days() int { return r.from.DaysUntil(r.to) + 1 }

// partFrom returns the first part of from..to that has at most days days; 0 means
// any number. Counting both ends keeps it within the bank's bound whichever way
// the bank counts.
func partFrom(from, to command.Date, days int) dateRange {
	part := dateRange{from: from, to: to}
	if days > 0 && part.days() > days {
		part.to = from.AddDays(days - 1)
	}
	return part
}

// parts counts the parts of from..to.
func parts(from, to command.Date, days int) int {
	if days == 0 {
		return 1
	}
	return (dateRange{from, to}.days() + days - 1) / days
}
