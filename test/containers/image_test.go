package containers

import (
	"encoding/xml"
	"os"
	"testing"
)

func TestThePublicImageHasTheVersionOfThePom(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../kafka/pom.xml")
	if err != nil {
		t.Fatal(err)
	}
	var pom struct {
		Version string `xml:"properties>kafka.version"`
	}
	if err := xml.Unmarshal(text, &pom); err != nil {
		t.Fatal(err)
	}
	if want := "apache/kafka:" + pom.Version; PublicKafka != want {
		t.Errorf("the default image is %s, the pom names %s", PublicKafka, want)
	}
}

func TestTheEnvironmentChoosesTheImage(t *testing.T) {
	t.Setenv("KAFKA_IMAGE", "")
	if got := KafkaImage(); got != PublicKafka {
		t.Errorf("without KAFKA_IMAGE it is %s", got)
	}
	t.Setenv("KAFKA_IMAGE", "registry.example.com/kafka:1")
	if got := KafkaImage(); got != "registry.example.com/kafka:1" {
		t.Errorf("with KAFKA_IMAGE it is %s", got)
	}
}
