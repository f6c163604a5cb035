package kafka

import "errors"

// ErrGroupClosed is what Next answers once the group is closed.
var ErrGroupClosed = errors.New("group is closed")
