package containers

import "os"

// PublicKafka is the public image of the Apache Kafka that the tests are for: the
// version of test/kafka/pom.xml.
const PublicKafka = "apache/kafka:4.1.1"

// KafkaImage is the image of the brokers: KAFKA_IMAGE, else the public one. Where
// no image can be pulled, test/kafka-image/build.sh makes one of the same layout.
func KafkaImage() string {
	if image := os.Getenv("KAFKA_IMAGE"); image != "" {
		return image
	}
	return PublicKafka
}
