// Package deps pins modules that are about to be used.
package deps

import (
	_ "github.com/docker/go-connections/nat"
	_ "github.com/testcontainers/testcontainers-go"
	_ "github.com/testcontainers/testcontainers-go/network"
	_ "github.com/testcontainers/testcontainers-go/wait"
	_ "github.com/twmb/franz-go/pkg/sr"
)
