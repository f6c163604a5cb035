// Package interapi is the client of Intertech's inter-API: the six methods of
// contract sections 3.1 to 3.6, one file each, over one envelope (section 1.4).
//
// An answer is read in this order: the Error envelope at every HTTP status, then
// Data through the method's code table, and only for a body without either the
// HTTP status. The code tables and the wire letters are data: codes_*.go and
// letters.go.
//
// # Non-obvious
//
//   - A success is believed only under a 2xx status, a refusal under any.
//   - An Error whose code is not in the table yields to the statuses 401, 403 and
//     429: what turns everybody away is no command's fault.
//   - An Error with a blank Description beside Data is no error: the bank's own
//     sample client reads it so.
//   - The lists mix status rows with data rows: the first code in the list
//     counts, and a row is data when its key field is set.
//   - One results query may take several exchanges: the bank lists only so many
//     days at a time and tells the number when it refuses (203).
package interapi
