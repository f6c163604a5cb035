package integration

import (
	"testing"

	"bankprocessor/test/containers"
)

func deadLetterBrokers(t *testing.T) []string {
	return []string{containers.StartKafka(t).Addr()}
}
