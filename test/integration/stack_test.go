package integration

import (
	"testing"
	"time"

	"bankprocessor/internal/command"
)

// TestTheStackInContainers runs broker, registry, bank and processor each in a
// container of its own; commands are published from this host, and outcomes are read back here.
func TestTheStackInContainers(t *testing.T) {
	t.Parallel()
	s := openStack(t)
	s.runsForLittle()

	// All seven kinds. The customer's numbers come with the first outcome.
	created := s.outcome(s.send(command.CustomerCreate, nil))
	if created.Status != command.Succeeded {
		t.Fatalf("%s is %s (%s)", command.CustomerCreate, created.Status, created.Code)
	}
	customer := created.Result.(*command.CustomerCreated)
	theCustomer := func(f fields) {
		f["customerNumber"], f["processId"] = customer.CustomerID.Reveal(), customer.ProcessID.Reveal()
	}
	s.succeeds(command.CustomerUpdate, theCustomer)
	s.succeeds(command.CustomerComplete, theCustomer)
	s.succeeds(command.DBSLimitQuery, nil)
	s.succeeds(command.DBSInvoiceUpsert, nil)
	s.succeeds(command.DBSInvoiceResultsQuery, func(f fields) { f["fromDueDate"], f["toDueDate"] = "2099-12-31", "2099-12-31" })
	s.succeeds(command.LoanIncomeSubmit, nil)

	// The broker goes away in the middle of work, and comes back at its address.
	during := s.sendMany(100)
	if err := s.broker.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	during = append(during, s.sendMany(100)...)
	s.allSucceed(during)

	// A stopped processor ends what it has begun; another one does the rest.
	left := s.sendMany(300)
	s.outcome(left[0])
	patience := time.Minute
	if err := s.processor.Stop(t.Context(), &patience); err != nil {
		t.Fatal(err)
	}
	state, err := s.processor.State(t.Context())
	if err != nil || state.ExitCode != 0 || state.OOMKilled {
		t.Fatalf("the stopped processor has ended with %+v, %v", state, err)
	}
	s.showLog(s.processor)
	s.processor = s.startProcessor()
	s.allSucceed(left)
	s.nothingTwice()
}
