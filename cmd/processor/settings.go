package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bankprocessor/internal/config"
)

// settings are the flags that say which configuration is meant.
type settings struct {
	file     string
	brokers  string
	prefix   string
	registry string
}

func (s *settings) add(c *cobra.Command) {
	c.Flags().StringVarP(&s.file, "config", "c", "", "configuration `FILE`; without one, defaults and PROCESSOR_ variables")
}

// addCluster adds what is enough to work with topics, without a file.
func (s *settings) addCluster(c *cobra.Command) {
	s.add(c)
	c.Flags().StringVarP(&s.brokers, "brokers", "b", "", "`HOST:PORT,...` of brokers to begin with, instead of kafka.brokers")
	s.addPrefix(c)
}

func (s *settings) addPrefix(c *cobra.Command) {
	c.Flags().StringVar(&s.prefix, "topic-prefix", "", "`PREFIX` of the topics, instead of topics.prefix")
}

// addRegistry adds what is enough to work with schemas, without a file.
func (s *settings) addRegistry(c *cobra.Command) {
	c.Flags().StringVar(&s.registry, "registry", "", "`URL,...` of the schema registry's nodes, instead of registry.urls")
}

// load reads the configuration, or with sections those alone. A flag is a
// variable that takes precedence.
func (s *settings) load(t terminal, sections ...string) (config.Config, error) {
	environ := t.environ
	for name, value := range map[string]string{
		"PROCESSOR_KAFKA_BROKERS": s.brokers, "PROCESSOR_TOPICS_PREFIX": s.prefix, "PROCESSOR_REGISTRY_URLS": s.registry,
	} {
		if value == "" {
			continue
		}
		environ = slices.DeleteFunc(slices.Clone(environ), func(a string) bool { return strings.HasPrefix(a, name+"=") })
		environ = append(environ, name+"="+value)
	}
	c, err := config.Load(s.file, environ, sections...)
	return c, unreadable(err)
}

// inspect reads the configuration with its faults.
func (s *settings) inspect(t terminal) (config.Config, *config.Faults, error) {
	c, faults, err := config.Inspect(s.file, t.environ)
	return c, faults, unreadable(err)
}

// unreadable says what to do about a file that cannot be read.
func unreadable(err error) error {
	if err == nil || config.IsFault(err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, errConfigFile)
}
