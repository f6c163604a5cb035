// Package chaos runs whole processors, as processes, against real Kafka brokers and a
// bank in a process of its own with its ledger on disk, kills and stops all but the
// bank at random, and then has package checker say whether every command has exactly
// one outcome, and a true one.
//
//	go test ./test/chaos                                                          what CI runs
//	go test ./test/chaos -v -run TestChaos/seed -seeds 1,2,3 -commands 20000 -pace 150
//	go test ./test/chaos -v -run TestChaos/planted -planted order,index -controls
//
// What is done to whom and when is drawn from the seed, which is printed; when the
// machine gets round to it is not.
package chaos
