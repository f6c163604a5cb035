package kafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
)

// dialFunc connects, as net.Dialer.DialContext does.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// withoutCreation keeps kafka-go's group from creating topics. Its leader looks
// the group's topics up with permission to create what is missing, which Kafka
// does as it ships (auto.create.topics.enable): a topic that somebody deleted
// would come back with the cluster's defaults, one partition above all.
func withoutCreation(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &noCreationConn{Conn: conn}, nil
	}
}

// noCreationConn takes the permission out of each metadata request. kafka-go
// begins a write with every request, and ends one with it.
type noCreationConn struct {
	net.Conn
	left    int  // bytes of the present request still to come
	looksUp bool // it is a metadata request that carries the permission
}

const (
	requestHead = 8 // size, API key and version
	metadataKey = 3
	// permittedVersion is the one version with the permission that kafka-go's
	// group speaks; the permission is the request's last byte.
	permittedVersion = 6
)

// Write writes b, the permission aside.
func (c *noCreationConn) Write(b []byte) (int, error) {
	if c.left == 0 && len(b) >= requestHead {
		c.left = 4 + int(binary.BigEndian.Uint32(b))
		c.looksUp = binary.BigEndian.Uint16(b[4:]) == metadataKey && binary.BigEndian.Uint16(b[6:]) == permittedVersion
	}
	last := c.looksUp && c.left == len(b)
	c.left = max(0, c.left-len(b))
	if last {
		b = bytes.Clone(b)
		b[len(b)-1] = 0
	}
	return c.Conn.Write(b)
}
