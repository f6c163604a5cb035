package checker

import (
	"errors"
	"fmt"
	"os"

	"bankprocessor/internal/banksim"
)

// ReadLedger reads the ledger file of a bank that has stopped.
func ReadLedger(path string) ([]banksim.LedgerLine, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	ledger, err := banksim.ReadLedger(file)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %w", err)
	}
	if ledger.Torn {
		return nil, errors.New("the ledger ends in the middle of a line")
	}
	return ledger.Lines, nil
}
