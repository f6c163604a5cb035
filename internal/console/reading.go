package console

// Reading is how the processor stands at one moment. Counters count from its start.
type Reading struct{}
