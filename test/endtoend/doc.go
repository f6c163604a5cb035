// Package endtoend holds the suites that run the whole processor, or its bank
// side, against the simulator and a broker over real TCP.
//
// ENDTOEND_BROKER chooses the broker: "embedded", the default, gives every test its
// own; "container" starts one Apache Kafka for all of them; host:port takes one that
// runs. The tests are the same; docs/embedded-and-real.md says where they are not.
package endtoend
