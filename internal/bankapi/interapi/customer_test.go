package interapi

import (
	"testing"

	"bankprocessor/internal/command"
)

func TestCustomerStates(t *testing.T) {
	t.Parallel()
	const ids = `"ProcessId":2104280309000005,"CustomerId":5035232723,`
	for name, c := range map[string]struct {
		payload    command.Payload
		members    string
		status     command.Status
		code       command.Code
		category   command.Category
		retry      command.Retry
		resends    int
		deadLetter bool
	}{
		"created":             {createCommand(), ids + `"State":2`, "SUCCEEDED", "customer.flow.created", "ok", never, 0, no},
		"created, as strings": {createCommand(), `"ProcessId":"2104280309000005","CustomerId":"5035232723","State":"2"`, "SUCCEEDED", "customer.flow.created", "ok", never, 0, no},
		"create state 1":      {createCommand(), ids + `"State":1`, "PENDING", "customer.flow.state_unrecognized", "protocol", never, 0, no},
		"create state 0":      {createCommand(), ids + `"State":0`, "PENDING", "customer.flow.state_unrecognized", "protocol", never, 0, no},
		"create state null":   {createCommand(), ids + `"State":null`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"create no state":     {createCommand(), `"ProcessId":1,"CustomerId":1`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"create no process":   {createCommand(), `"ProcessId":null,"CustomerId":5035232723,"State":2`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"create no customer":  {createCommand(), `"ProcessId":2104280309000005,"State":2`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"create zero ids":     {createCommand(), `"ProcessId":0,"CustomerId":0,"State":2`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"create bad id":       {createCommand(), `"ProcessId":"x","CustomerId":1,"State":2`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"updated":             {updateCommand(), `"CalculateLimit":false,"ProcessId":2105170309000001,"State":2`, "SUCCEEDED", "customer.flow.updated", "ok", never, 0, no},
		"update state 3":      {updateCommand(), `"State":3`, "PENDING", "customer.flow.state_unrecognized", "protocol", never, 0, no},
		"update state null":   {updateCommand(), `"State":null`, "IN_DOUBT", "bank.answer_unreadable", "protocol", backoff, 1, yes},
		"completed":           {completeCommand(), `"State":2`, "SUCCEEDED", "customer.flow.completed", "ok", never, 0, no},
		"complete state 1":    {completeCommand(), `"State":1`, "IN_DOUBT", "customer.flow.state_unrecognized", "protocol", never, 0, yes},
		"complete state null": {completeCommand(), `"State":null`, "IN_DOUBT", "bank.answer_unreadable", "protocol", reconcile, 0, yes},
		"complete no state":   {completeCommand(), `"Other":1`, "IN_DOUBT", "bank.answer_unreadable", "protocol", reconcile, 0, yes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := answerWith(t, c.payload, data(c.members))
			if v.Status != c.status || v.Code != c.code || v.Category != c.category || v.Retry != c.retry ||
				v.Resends != c.resends || v.DeadLetter != c.deadLetter {
				t.Errorf("verdict %+v", v)
			}
			unreadable := c.code == "bank.answer_unreadable"
			if (v.BankState == nil) != unreadable || v.BankFault != unreadable || (v.Delivery == command.Answered) == unreadable {
				t.Errorf("state %v, bank fault %v, delivery %v", v.BankState, v.BankFault, v.Delivery)
			}
		})
	}
}

func TestCustomerPayloads(t *testing.T) {
	t.Parallel()
	created := answerWith(t, createCommand(), data(`"ProcessId":2104280309000005,"CustomerId":5035232723,"State":2`))
	if got := *created.Result.(*command.CustomerCreated); got.ProcessID != 2104280309000005 || got.CustomerID != 5035232723 {
		t.Errorf("ids %d, %d", got.ProcessID.Reveal(), got.CustomerID.Reveal())
	}
	pending := answerWith(t, createCommand(), data(`"ProcessId":2104280309000005,"CustomerId":null,"State":1`))
	if got := *pending.Result.(*command.CustomerCreated); got.ProcessID != 2104280309000005 || got.CustomerID != 0 || *pending.BankState != 1 {
		t.Errorf("pending ids %d, %d, state %d", got.ProcessID.Reveal(), got.CustomerID.Reveal(), *pending.BankState)
	}

	// The page's example of update shows another ProcessId than it was sent, and
	// another method's $type.
	for members, want := range map[string]command.CustomerUpdated{
		`"$type":"AddDigitalCustomerDocumentsMessage","CalculateLimit":true,"ProcessId":2104300309000001,"State":2`: {ProcessID: 2104300309000001, CalculateLimit: new(true), ProcessIDDiffers: true},
		`"CalculateLimit":0,"ProcessId":2105170309000001,"State":2`:                                                 {ProcessID: 2105170309000001, CalculateLimit: new(false)},
		`"State":2`: {},
	} {
		v := answerWith(t, updateCommand(), data(members))
		got, ok := v.Result.(*command.CustomerUpdated)
		if !ok || v.Status != command.Succeeded || got.ProcessID != want.ProcessID || got.ProcessIDDiffers != want.ProcessIDDiffers ||
			(got.CalculateLimit == nil) != (want.CalculateLimit == nil) || value(got.CalculateLimit) != value(want.CalculateLimit) {
			t.Errorf("%s: another payload than expected; verdict %+v", members, v)
		}
	}
	if v := answerWith(t, completeCommand(), data(`"State":2`)); v.Result == nil || v.Result.Name() != command.CustomerComplete {
		t.Errorf("result %v", v.Result)
	}
}
