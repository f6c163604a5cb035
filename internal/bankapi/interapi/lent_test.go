package interapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"bankprocessor/internal/command"
)

// echo answers each invoice with its own number and request id.
func echo(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Header struct {
			ID string `json:"ChannelRequestId"`
		}
		Parameters []struct{ InvoiceNumber string }
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Parameters) != 1 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprint(w, data(fmt.Sprintf(`"ErrorCode":"000","ErrorMessage":"%s","TranId":"%s","State":2`,
		request.Header.ID, request.Parameters[0].InvoiceNumber)))
}

// The memory of a call is lent to the next: none may see anything of another's.
func TestCallsThatShareMemoryDoNotMix(t *testing.T) {
	t.Parallel()
	methods := methodsAt(t, serve(t, http.HandlerFunc(echo)))
	var calls sync.WaitGroup
	for worker := range 16 {
		calls.Go(func() {
			for i := range 40 {
				number, id := fmt.Sprintf("N%d-%d", worker, i), fmt.Sprintf("message %c", 'a'+worker)
				invoice := invoiceCommand(t)
				invoice.InvoiceNumber = number
				v := sendAs(t, id, methods, invoice)
				if v.Status != command.Succeeded || v.BankReference != number || v.BankMessage != id {
					t.Errorf("call %s: %+v", number, v)
				}
			}
		})
	}
	calls.Wait()
}
