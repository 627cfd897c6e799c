package catalog

// Networks that a caller may come from.
const (
	Internal = "internal"
	Partner  = "partner"
	Public   = "public"
	// UnknownNetwork is that of a caller whose address no sensor saw.
	UnknownNetwork = "unknown"
)

// Rate is how often an endpoint is asked.
type Rate struct {
	// PerMinute is the mean between first and last transaction.
	PerMinute float64 `json:"per_minute"`
	// Peak is the busiest minute of the last hour in which there was traffic.
	Peak uint64 `json:"peak"`
}

// Measures are what transactions took.
type Measures struct {
	Latency  Quantiles `json:"latency_ms"`
	Request  Quantiles `json:"request_bytes"`
	Response Quantiles `json:"response_bytes"`
}

// Quantiles are of histograms whose buckets are at most an eighth of their value
// wide.
type Quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
}

// Risk orders endpoints by where to look first. It is made of what is easy to
// reach and of what could be lost, each 0 to 100, and says what they are made of.
type Risk struct {
	// Score is the geometric mean of the two: an endpoint that nobody can reach,
	// or where nothing is to be had, is low whatever the other says.
	Score      int      `json:"score"`
	Likelihood int      `json:"likelihood"`
	Impact     int      `json:"impact"`
	Reasons    []string `json:"reasons,omitempty"`
}
