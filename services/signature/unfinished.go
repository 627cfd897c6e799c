package signature

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// unfinished is what is said of a transaction that asked for more work than the engine
// allows. Silence would be a way around the rules: send what takes long.
var unfinished = rule("SIG-BUDGET", "Inspection budget exceeded", finding.Medium, "API4", []string{"CWE-400"}, []string{"T1499"},
	"Look at the transaction by itself; if such ones are ordinary, raise signature.engine.work.")

func (d *detector) unfinished(tx *detect.Tx, res *Result) finding.Finding {
	f := tx.Finding(unfinished)
	f.Confidence = 0.5 // costly by itself is no attack
	f.Versions.Detector, f.Versions.Rules = "1", d.engine.Version()
	in, out := len(tx.Event.RequestBody.Data), len(tx.Event.ResponseBody.Data)
	f.Features = []finding.Number{{Name: "request_bytes", Value: float64(in)}, {Name: "response_bytes", Value: float64(out)}, {Name: "hits_until_then", Value: float64(len(res.Hits))}}
	f.Summary = fmt.Sprintf("A transaction at %s asked for more work than the rules may do, with %d bytes in the request and %d in the answer: it was not inspected to its end",
		methodAndTemplate(tx), in, out)
	f.Counterfactual = "one that is inspected within signature.engine.work would not alert"
	return f
}
