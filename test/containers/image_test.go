package containers

import (
	"encoding/xml"
	"os"
	"testing"
)

func TestThePublicImagesHaveTheVersionsOfThePoms(t *testing.T) {
	t.Parallel()
	var pom struct {
		Kafka    string `xml:"properties>kafka.version"`
		Registry string `xml:"properties>apicurio.version"`
	}
	for _, file := range []string{"../kafka/pom.xml", "../registry/pom.xml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(text, &pom); err != nil {
			t.Fatal(err)
		}
	}
	if want := "apache/kafka:" + pom.Kafka; PublicKafka != want {
		t.Errorf("the default image is %s, the pom names %s", PublicKafka, want)
	}
	if want := "apicurio/apicurio-registry-mem:" + pom.Registry; PublicRegistry != want {
		t.Errorf("the default image is %s, the pom names %s", PublicRegistry, want)
	}
}

func TestTheEnvironmentChoosesTheImages(t *testing.T) {
	for variable, tt := range map[string]struct {
		image  func() string
		public string
	}{"KAFKA_IMAGE": {KafkaImage, PublicKafka}, "REGISTRY_IMAGE": {RegistryImage, PublicRegistry}} {
		t.Setenv(variable, "")
		if got := tt.image(); got != tt.public {
			t.Errorf("without %s it is %s", variable, got)
		}
		t.Setenv(variable, "registry.example.com/image:1")
		if got := tt.image(); got != "registry.example.com/image:1" {
			t.Errorf("with %s it is %s", variable, got)
		}
	}
}
