package main

import (
	"context"

	"bankprocessor/internal/app"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
)

// clusterSections are what the tools around topics need of a configuration.
var clusterSections = []string{"kafka", "topics", "registry", "processing"}

// connect returns a client of brokers that answer.
func connect(ctx context.Context, cfg config.Config) (*kafka.Client, error) {
	client, err := kafka.New(cfg.Kafka)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, app.Unreachable(cfg.Kafka, err)
	}
	return client, nil
}
