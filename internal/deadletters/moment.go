package deadletters

import "time"

// ParseMoment reads what people say of a moment: how long before now ("24h"), a moment in
// RFC 3339, one in UTC without seconds or zone, or a day. "" is the zero time.
func ParseMoment(s string, now time.Time) (at time.Time, ok bool) {
	if s == "" {
		return time.Time{}, true
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
