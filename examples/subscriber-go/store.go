package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// store books outcomes in a file that is only ever appended to, one JSON object a
// line: the last line of a command id is its state. A database does the same with the
// command's id as the key, and an update where the stored revision is lower. The file
// is one process's own; a database is what several members of the group share.
type store struct {
	file   *os.File
	latest map[string]outcome // by command id
}

// openStore reads what is booked. A last line without an end was being written when
// the process died: its offset was not committed, and it comes again.
func openStore(path string) (*store, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	s, whole := &store{file, map[string]outcome{}}, int64(0)
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var o outcome
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("reading store at byte %d: %w", whole, err)
		}
		s.latest[o.CommandID] = o
		whole += int64(len(line))
	}
	if err := file.Truncate(whole); err != nil {
		return nil, fmt.Errorf("mending store: %w", err)
	}
	_, err = file.Seek(whole, 0)
	return s, err
}

// apply makes o its command's state unless that has it already, or has a higher
// revision. It is on the disk with the next Sync of the file.
func (s *store) apply(o outcome) (became string, err error) {
	known := s.latest[o.CommandID] // revision 0 where there is none
	switch {
	case known.Event == o.Event:
		return "duplicate", nil
	case known.Revision >= o.Revision:
		return "late", nil
	}
	line, err := json.Marshal(o)
	if err == nil {
		_, err = s.file.Write(append(line, '\n'))
	}
	if err != nil {
		return "failed", fmt.Errorf("booking: %w", err)
	}
	s.latest[o.CommandID] = o
	return "applied", nil
}
