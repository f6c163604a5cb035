package command

// ValidTCKN says whether s has the form of a Turkish identity number (contract
// section 8.1): eleven digits, the first not 0, the last two check digits. It
// proves form only, not existence.
func ValidTCKN(s string) bool {
	if len(s) != 11 || s[0] == '0' {
		return false
	}
	var d [11]int
	for i := range d {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		d[i] = int(s[i] - '0')
	}
	odd := d[0] + d[2] + d[4] + d[6] + d[8]
	even := d[1] + d[3] + d[5] + d[7]
	// The difference is negative for one number in some 7,000, and Go's % keeps
	// the sign.
	tenth := ((7*odd-even)%10 + 10) % 10
	return d[9] == tenth && d[10] == (odd+even+tenth)%10
}
