// Package banksim is a simulated bank: both banks of the contract in one HTTP
// handler, with a ledger that applies every rule that has a code, and faults that
// are switched on and off while it runs. Users of the processor test their own
// systems against it.
//
// It is a second reading of the contract: it shares no parsing and no code table
// with package bankapi, so that each tests the other. It keeps everything in
// memory, speaks to nobody, and knows no real bank's address. Config.LedgerFile
// alone makes it write to disk.
//
// # Methods
//
//	POST /BankingApiV01/CreateDigitalCustomer              inter-API, section 3.1
//	POST /BankingApiV01/UpdateDigitalCustomerInformations  inter-API, section 3.2
//	POST /BankingApiV01/CompleteDigitalCustomer            inter-API, section 3.3
//	POST /BankingApiV01/GetDbsLimitInfoList                inter-API, section 3.4
//	POST /BankingApiV01/InsertDbsInvoice                   inter-API, section 3.5
//	POST /BankingApiV01/GetDbsInvoiceResultsList           inter-API, section 3.6
//	POST /loan/personal/personalInfo                       loan API, section 3.7
//	POST /auth/oauth/v2/token                              loan API's token endpoint
//
// inter-API calls need the header Ocp-Apim-Subscription-Key and Header.AppKey
// (DefaultSubscriptionKey, DefaultAppKey); loan calls need a token, which
// DefaultClientID and DefaultClientSecret open, in the form or as HTTP Basic. Five
// wrong secrets in a row lock the application.
//
// # The default world
//
// Company SOLEN (CustomerNo 955807) collects in TRY, USD and EUR; GBP is a
// currency but has no channel (103). Company MERAM (955808) collects in TRY and
// has the dealer M001. A company that is neither, or another CustomerNo, is 107,
// 204 or 304. Dealers of SOLEN have a limit of 1,000,000 TRY, a balance of
// 500,000 TRY, 20,000 USD and 20,000 EUR, but for what their codes say:
//
//	0222   the page's dealer, in good order
//	D101   no money: advance invoices end in 101
//	D102   no payment order
//	D115   account closed
//	D116   no overdraft account
//	D129   limit of 100 TRY
//	D130   balance of 50 TRY: an advance invoice over it is paid in part
//	D131   no limit: 131, and 301 to a limit query
//	D132   no account in a foreign currency
//	D117, D118, D119, D125, D133, D999   the bank fails with that code, without effect
//
// Any other dealer of a known company whose code begins with a digit comes into
// being on its first call with a limit and balance of 1,000,000,000 TRY; all
// others are unknown (115, 301).
//
// # What the ledger decides where the pages are silent
//
// An invoice is (AssociationCode, SubscriberNumber, InvoiceNumber). Fields are
// judged before the record (106 to 110, 127, 128), the record before the dealer
// (102, 115, 116, 131 to 133), the dealer before the money (101, 129, 130). Term
// invoices reserve limit in TRY at the configured rates; FAQ 6 shows at once in
// AvailableLimit. U and D of a paid term invoice are 108, D of a cancelled one is
// 128, U revives it. Refusals carry State 3. A payment in part has StatusCode K.
// Cancelled invoices are listed with RecordStatus I unless Config.HidePassive.
// The customer methods refuse with the Error envelope and codes from 300001 on.
// The span of code 203 counts both days.
//
// What a caller must not do but no code covers is served and kept as a Complaint.
// Inserts that come again are refused by their number, completions by their flow,
// unless Config.Duplicates is DuplicatesRecorded: then they count twice.
//
// # The ledger file
//
// With Config.LedgerFile every call, as it arrives and when it is finished, and
// every change of the ledger is one line of JSON (LedgerLine), appended before the
// answer leaves: whatever a caller can have seen is in the file, and what is in
// doubt for the caller is not for its reader (ReadLedger). A line is handed to the
// operating system at once and is not synced: it outlives the simulator, not the
// machine. When a line cannot be written, nobody is answered any more and Serve
// ends.
//
// A bank that is started on an existing file goes on with its dealers, invoices,
// flows, applications and numbers of calls; faults, latencies, tokens, clock,
// complaints and remembered calls begin anew. Personal data never stands in the
// file: after such a start names are made up, and contact data, incomes and
// explanations are empty. Persons are found again by a digest whose key is kept in
// a file of its own; without it they are new to the bank.
//
// # Control API
//
// Under /_sim/ on the same handler, JSON both ways, unknown members refused with
// 400. Anybody who reaches the bank reaches it: serve it on loopback.
//
//	GET    /_sim/ledger[?reveal=1]  Ledger; personal texts are "***" unless revealed
//	GET    /_sim/calls[?since=N]    []Call with sequence numbers over N
//	GET    /_sim/faults             []FaultState
//	POST   /_sim/faults             Fault → 201 {"id": "f1"}
//	DELETE /_sim/faults[/ID]        {"removed": 1}; hung calls go on
//	POST   /_sim/release            hung calls go on, the faults stay
//	POST   /_sim/latency            {"method": "", "latency": {"fixed": "5ms", "spread": "1ms"}}
//	POST   /_sim/dealers            Dealer, created or changed where the body says so → DealerState
//	POST   /_sim/invoices/pay       Payment → Invoice
//	POST   /_sim/clock              {"offset": "24h"} → {"now": …, "today": …}
//	POST   /_sim/tokens             {"action": "expire" | "revoke" | "unlock"}
//	POST   /_sim/reset              everything back to the start; call numbers go on
//
// A fault, for example, that loses the answers to the next two inserts of dealer
// 0222 after they have taken effect:
//
//	{"kind": "answer_lost", "times": 2, "match": {"method": "InsertDbsInvoice", "dealer": "0222", "operation": "I"}}
//
// A bank that takes 32 calls at once, beyond which all take longer in proportion:
//
//	{"latency": {"fixed": "5ms", "knee": 32}}
//
// The constants of type Kind list all faults. Several may strike one call:
// latencies add up, shapes and token ends combine, and of the others the first
// added is spent alone.
package banksim
