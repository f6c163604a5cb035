package tracing

import "go.opentelemetry.io/otel/attribute"

// Attribute is one of those that a span or an event may have; there are no others.
type Attribute struct {
	Key     string
	On      string // which spans
	Meaning string
}

// Attributes lists them. Those without "processor." are OpenTelemetry's semantic
// conventions' for messaging and HTTP clients.
func Attributes() []Attribute {
	all := make([]Attribute, len(attributes))
	copy(all, attributes)
	return all
}

const (
	keySystem        = attribute.Key("messaging.system")
	keyOperation     = attribute.Key("messaging.operation.name")
	keyOperationType = attribute.Key("messaging.operation.type")
	keyDestination   = attribute.Key("messaging.destination.name")
	keyPartition     = attribute.Key("messaging.destination.partition.id")
	keyGroup         = attribute.Key("messaging.consumer.group.name")
	keyOffset        = attribute.Key("messaging.kafka.offset")
	keyMethod        = attribute.Key("http.request.method")
	keyHTTPStatus    = attribute.Key("http.response.status_code")
	keyServer        = attribute.Key("server.address")
	keyPort          = attribute.Key("server.port")
	keyErrorType     = attribute.Key("error.type")

	keyCommand    = attribute.Key("processor.command")
	keyCommandID  = attribute.Key("processor.command.id")
	keyRevision   = attribute.Key("processor.revision")
	keyEnding     = attribute.Key("processor.ending")
	keyStatus     = attribute.Key("processor.status")
	keyCode       = attribute.Key("processor.code")
	keyReason     = attribute.Key("processor.dead_letter.reason")
	keyAttempts   = attribute.Key("processor.attempts")
	keyReconciled = attribute.Key("processor.reconciled")
	keyNumber     = attribute.Key("processor.attempt.number")
	keyRequestID  = attribute.Key("processor.channel_request_id")
	keyInvoice    = attribute.Key("processor.invoice.operation")
	keyDelivery   = attribute.Key("processor.delivery")
	keyWaitFor    = attribute.Key("processor.wait.for")
	keyWaitMillis = attribute.Key("processor.wait.ms")
)

var attributes = []Attribute{
	{string(keySystem), "process, send", "`kafka`"},
	{string(keyOperation), "process, send", "`process` or `send`"},
	{string(keyOperationType), "process, send", "`process` or `send`"},
	{string(keyDestination), "process, send", "the topic"},
	{string(keyPartition), "process", "the partition's number"},
	{string(keyOffset), "process", "the record's offset"},
	{string(keyGroup), "process", "the consumer group"},
	{string(keyMethod), "POST", "`POST`"},
	{string(keyServer), "POST", "the host of the bank's `base_url`"},
	{string(keyPort), "POST", "its port"},
	{string(keyHTTPStatus), "POST", "the HTTP status of the answer, if one arrived"},
	{string(keyErrorType), "all", "what a span with an error ended in: a result code, `not_stored` or `_OTHER`"},
	{string(keyCommand), "all", "the command's name; of a look-up's call, the query's"},
	{string(keyCommandID), "process", "the command's id"},
	{string(keyRevision), "process", "the outcome's revision, where it is above 1"},
	{string(keyEnding), "process", "`outcome`, `dead-letter` (without an outcome), `answered` (its id had its outcome), `released` (given back) or `not_stored`"},
	{string(keyStatus), "process, attempt, POST, reconcile", "the outcome's status; of the others, that of their answer"},
	{string(keyCode), "process, attempt, POST, reconcile", "the result code"},
	{string(keyReason), "send", "why there is a dead letter"},
	{string(keyAttempts), "process", "how many calls may have left"},
	{string(keyReconciled), "process", "`true` where a query at the bank has decided"},
	{string(keyNumber), "attempt", "which attempt it is, lives before included"},
	{string(keyRequestID), "attempt, POST", "the ChannelRequestId, a random UUID"},
	{string(keyInvoice), "attempt, reconcile", "`INSERT`, `UPDATE` or `CANCEL`"},
	{string(keyDelivery), "attempt, POST", "`not_sent`, `unanswered` or `answered`; none where the call was not made"},
	{string(keyWaitFor), "event wait", "`gate`, `lease`, `attempt`, `backoff`, `budget` or `settle`"},
	{string(keyWaitMillis), "event wait", "how long, in milliseconds, up to the event"},
}
