package deadletters

// Writer is what a session writes through.
type Writer = writer

// Through has every session of d write through what wrap returns.
func (d *Desk) Through(wrap func(Writer) Writer) { d.through = wrap }
