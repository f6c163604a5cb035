package main

import (
	"context"
	"fmt"

	"bankprocessor/internal/app"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
)

// clusterSections are what the tools around topics need of a configuration.
var clusterSections = []string{"kafka", "topics", "processing"}

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

func newCodec(cfg config.Config) (*codec.Codec, error) {
	c, err := codec.New(codec.Options{MaxBytes: int(cfg.Topics.MaxCommandBytes)})
	if err != nil {
		return nil, fmt.Errorf("reading schemas: %w", err)
	}
	return c, nil
}
