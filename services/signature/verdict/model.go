package verdict

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"math"

	"github.com/segmentio/encoding/json"
)

//go:embed weights.json
var embedded []byte

// Model is the weights, as they are in the file.
type Model struct {
	// About says what they were fitted to and by which command.
	About string `json:"about"`
	// Threshold is the score from which a request is an attack.
	Threshold float64 `json:"threshold"`
	Bias      float64 `json:"bias"`
	// Hand are weights that nobody fitted: no corpus has answers or a history.
	Hand map[string]float64 `json:"hand"`
	// Fitted are the others. A term that is not there weighs nothing.
	Fitted map[string]float64 `json:"fitted"`
	// version is a hash of all of it.
	version string
}

// ParseModel reads weights and checks them.
func ParseModel(b []byte) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("verdict: weights: %w", err)
	}
	if m.Threshold <= 0 || m.Threshold >= 1 {
		return nil, fmt.Errorf("verdict: weights: threshold %v is not between 0 and 1", m.Threshold)
	}
	for name, w := range m.Hand {
		if _, twice := m.Fitted[name]; twice {
			return nil, fmt.Errorf("verdict: weights: %q is both set by hand and fitted", name)
		}
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("verdict: weights: %q is no number", name)
		}
	}
	m.version = fmt.Sprintf("%x", sha256.Sum256(b))[:8]
	return m, nil
}

func (m *Model) weight(name string) float64 {
	if w, ok := m.Fitted[name]; ok {
		return w
	}
	return m.Hand[name]
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
