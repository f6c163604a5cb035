package console

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// attemptsInRow wrong tokens may come from one place, and then one in attemptEvery.
	attemptsInRow = 5
	attemptEvery  = 10 * time.Second
	// maxPlaces bounds what is remembered; beyond it all others share a place.
	maxPlaces = 1024
)

// attempts slow down who guesses, each place for itself, so that a stranger locks out
// nobody else. It is safe for concurrent use.
type attempts struct {
	now func() time.Time

	mu sync.Mutex
	// free is when a place has had no wrong token that counts: each pushes it on by
	// attemptEvery.
	free map[netip.Prefix]time.Time
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, free: map[netip.Prefix]time.Time{}}
}

// placeOf is the network that a remote address stands for: itself, or with IPv6 what
// one customer is given.
func placeOf(remote string) netip.Prefix {
	host, _, _ := net.SplitHostPort(remote)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	place, _ := ip.Prefix(bits) // bits fit
	return place
}

func (a *attempts) allowed(remote string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.free[a.known(placeOf(remote))].Sub(a.now()) <= (attemptsInRow-1)*attemptEvery
}

func (a *attempts) failed(remote string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	place := a.known(placeOf(remote))
	free := a.free[place]
	if free.Before(now) {
		free = now
	}
	a.free[place] = free.Add(attemptEvery)
}

// known is place, or the one that all share who come when there is no room.
func (a *attempts) known(place netip.Prefix) netip.Prefix {
	if _, ok := a.free[place]; ok || len(a.free) < maxPlaces {
		return place
	}
	for p, free := range a.free {
		if free.Before(a.now()) {
			delete(a.free, p)
		}
	}
	if len(a.free) < maxPlaces {
		return place
	}
	return netip.Prefix{}
}
