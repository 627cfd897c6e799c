package shipper

import (
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/transcript"
)

// Queue takes what was read. *ship.Shipper is one. TryOffer must not block; it
// gives ship.ErrFull or ship.ErrClosed where it does not take r.
type Queue interface {
	TryOffer(r *capture.Raw) error
}

// Ingest is the endpoint. Safe for concurrent use.
type Ingest struct {
	cfg     Config
	queue   Queue
	log     *slog.Logger
	tokens  [][sha256.Size]byte
	slots   chan struct{}
	answers *prometheus.CounterVec
	lines   *prometheus.CounterVec
}

// NewIngest makes the endpoint. It registers its metrics with reg; nil
// registers nothing.
func NewIngest(cfg Config, q Queue, reg prometheus.Registerer, log *slog.Logger) (*Ingest, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if q == nil || log == nil {
		return nil, errors.New("shipper: the endpoint needs a queue and a logger")
	}
	tokens, err := cfg.tokens()
	if err != nil {
		return nil, err
	}
	in := &Ingest{cfg: cfg, queue: q, log: log, slots: make(chan struct{}, cfg.Concurrent),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_shipper_ingest_requests_total", Help: "Requests to the ingest endpoint by status."}, []string{"status"}),
		lines:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_shipper_ingest_lines_total", Help: "Lines by result: accepted, malformed, refused (queue full)."}, []string{"result"}),
	}
	for _, t := range tokens {
		in.tokens = append(in.tokens, sha256.Sum256([]byte(t)))
	}
	if reg != nil {
		for _, c := range []prometheus.Collector{in.answers, in.lines} {
			if err := reg.Register(c); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// maxRejected bounds the list of the answer; Malformed counts all.
const maxRejected = 100

// Answer of the endpoint to a request that it read.
type Answer struct {
	Accepted int `json:"accepted"`
	// Rejected are the lines that were not taken, the first 100.
	Rejected []Rejected `json:"rejected"`
	// Malformed counts the lines that no repetition would make good.
	Malformed int `json:"malformed"`
	// Resume is the line from which to send again after a 429 or 503; 0: none.
	Resume int    `json:"resume,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Rejected is one line.
type Rejected struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// ServeHTTP answers POST /v1/events. Status: 202 all read (some lines may be
// malformed: see the answer), 400 no line was good, 401, 405, 413 a request too
// large (lines before the cap were taken), 415, 429 the queue is full and 503
// closing, both with Retry-After and the line to resume from.
func (in *Ingest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		in.refuse(w, http.StatusMethodNotAllowed, "use POST")
		return
	}
	if msg := in.authenticate(r); msg != "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="mirador"`)
		in.refuse(w, http.StatusUnauthorized, msg)
		return
	}
	if msg := acceptable(r); msg != "" {
		in.refuse(w, http.StatusUnsupportedMediaType, msg)
		return
	}
	if r.ContentLength > in.cfg.RequestBytes {
		in.refuse(w, http.StatusRequestEntityTooLarge, "the request is larger than the endpoint takes: send fewer lines at a time")
		return
	}
	select {
	case in.slots <- struct{}{}:
		defer func() { <-in.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		in.answer(w, http.StatusTooManyRequests, Answer{Resume: 1, Error: "too many requests at once"})
		return
	}
	body := io.Reader(http.MaxBytesReader(w, r.Body, in.cfg.RequestBytes))
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		z, err := gzip.NewReader(body)
		if err != nil {
			in.refuse(w, http.StatusBadRequest, "the body is not gzip, as Content-Encoding says")
			return
		}
		// The cap holds for what is unpacked too: a small body must not become a big one.
		body = http.MaxBytesReader(w, io.NopCloser(z), in.cfg.RequestBytes)
	}
	in.read(w, body)
}

// authenticate says what is wrong, and nothing of what would be right.
func (in *Ingest) authenticate(r *http.Request) string {
	value := r.Header.Get("Authorization")
	if value == "" {
		return "no Authorization header: send Authorization: Bearer <ingest token>"
	}
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "the Authorization scheme is not Bearer"
	}
	// Hashes are of one length, so neither length nor content of a token shows in
	// the time that it takes.
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	good := 0
	for i := range in.tokens {
		good |= subtle.ConstantTimeCompare(sum[:], in.tokens[i][:])
	}
	if good != 1 {
		return "the ingest token is not valid"
	}
	return ""
}

func acceptable(r *http.Request) string {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "gzip") && !strings.EqualFold(enc, "identity") {
		return "content encoding is not known: send gzip or none"
	}
	ct := r.Header.Get("Content-Type")
	if ct == "" {
		return ""
	}
	mt, _, err := mime.ParseMediaType(ct)
	if err == nil {
		switch mt {
		case "application/x-ndjson", "application/jsonl", "application/json", "application/json-lines", "application/x-jsonlines", "text/plain", "application/octet-stream":
			return ""
		}
	}
	return "content type is not JSON lines: send application/x-ndjson"
}

// read takes line by line until the queue takes no more.
func (in *Ingest) read(w http.ResponseWriter, body io.Reader) {
	a := Answer{Rejected: []Rejected{}}
	status := http.StatusAccepted
	lines := transcript.NewLines(body, in.cfg.LineBytes)
	for {
		raw, meta, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *transcript.LineError
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &bad):
			a.Malformed++
			in.lines.WithLabelValues("malformed").Inc()
			if len(a.Rejected) < maxRejected {
				a.Rejected = append(a.Rejected, Rejected{bad.Line, bad.Err.Error()})
			}
			continue
		case errors.As(err, &large):
			status, a.Error = http.StatusRequestEntityTooLarge, "the request is larger than the endpoint takes: send fewer lines at a time"
		case err != nil:
			status, a.Error = http.StatusBadRequest, "the body ended before it was complete"
		default:
			e := &raw.Event
			if e.RequestTime == 0 {
				e.RequestTime = time.Now().UnixNano() // live traffic without a stamp is of now
			}
			if len(e.Client.Address) > 0 {
				e.Client.AddressSource = []byte("connection") // as the collector saw it
			}
			err = in.queue.TryOffer(raw)
			if err == nil {
				a.Accepted++
				in.lines.WithLabelValues("accepted").Inc()
				continue
			}
			status, a.Error = http.StatusTooManyRequests, "the queue is full"
			if errors.Is(err, ship.ErrClosed) {
				status, a.Error = http.StatusServiceUnavailable, "closing down"
			}
			in.lines.WithLabelValues("refused").Inc()
			w.Header().Set("Retry-After", "1")
			a.Resume = meta.Line
			a.Rejected = append(a.Rejected, Rejected{meta.Line, a.Error + ": send again from this line"})
		}
		break
	}
	if status == http.StatusAccepted && a.Accepted == 0 && a.Malformed > 0 {
		status, a.Error = http.StatusBadRequest, "no line is good"
	}
	in.answer(w, status, a)
}

func (in *Ingest) refuse(w http.ResponseWriter, status int, msg string) {
	in.answer(w, status, Answer{Rejected: []Rejected{}, Error: msg})
}

func (in *Ingest) answer(w http.ResponseWriter, status int, a Answer) {
	if a.Rejected == nil {
		a.Rejected = []Rejected{}
	}
	in.answers.WithLabelValues(http.StatusText(status)).Inc()
	b, err := json.Marshal(a)
	if err != nil {
		in.log.Error("shipper: answer", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		in.log.Debug("shipper: the client left before its answer", "error", err)
	}
}
