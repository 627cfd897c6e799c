// Package event is the record of one HTTP transaction: what a sensor saw, as it
// travels on the topic mirador.events.
//
// On the wire an Event is MessagePack, an array of fields in the order they are
// declared here (msgp "vartuple"). The format is append-only: a field is added
// at the end of its struct and none is ever removed, reordered or given another
// type, so every reader decodes every older and every newer record. A breaking
// change is a new topic. testdata/ holds the bytes of every earlier shape.
//
// Byte fields are zero-copy: after Decode they alias the input buffer. Whoever
// keeps a field longer than the buffer must copy it. An Event is not safe for
// concurrent use; reading it from several goroutines at once is allowed while
// nobody writes.
package event

//go:generate go run github.com/tinylib/msgp@v1.6.5 -file event.go -o event_gen.go -tests=false -io=false

//msgp:vartuple Event Client TLS Header Body Identity Claim Deployment

// Event is one HTTP transaction.
type Event struct {
	// ID is a UUIDv7 made by the shipper, or derived from file and line when a
	// file is inspected, so that a run repeats.
	ID [16]byte `msg:"id"`
	// Tenant is never empty; one deployment without tenants uses "default".
	Tenant []byte `msg:"tenant,zerocopy"`
	// Sensor, Boot and Sequence identify the record at its source: the sensor's
	// name, the start of its process in ns since the epoch, and a counter from 1.
	// The triple repeats only when the same transaction is sent again.
	Sensor   []byte `msg:"sensor,zerocopy"`
	Boot     uint64 `msg:"boot"`
	Sequence uint64 `msg:"seq"`
	// RequestTime and ResponseTime are ns since the Unix epoch, UTC; 0 is unknown.
	// The event's own time is RequestTime.
	RequestTime  int64 `msg:"request_time"`
	ResponseTime int64 `msg:"response_time"`

	Client Client `msg:"client"`
	TLS    TLS    `msg:"tls"`

	// Method is as sent. Scheme is http or https, Protocol e.g. HTTP/1.1.
	Method   []byte `msg:"method,zerocopy"`
	Scheme   []byte `msg:"scheme,zerocopy"`
	Protocol []byte `msg:"protocol,zerocopy"`
	// Authority is host[:port] as the client sent it.
	Authority []byte `msg:"authority,zerocopy"`
	// Path and Query are the undecoded bytes of the request target, split at the
	// first '?', which belongs to neither.
	Path  []byte `msg:"path,zerocopy"`
	Query []byte `msg:"query,zerocopy"`

	// Headers keep their order and repeats; names keep the case they were sent in.
	RequestHeaders  []Header `msg:"request_headers,zerocopy,limit=2048"`
	ResponseHeaders []Header `msg:"response_headers,zerocopy,limit=2048"`
	RequestBody     Body     `msg:"request_body"`
	ResponseBody    Body     `msg:"response_body"`

	// Status is 0 where no response was seen.
	Status uint16 `msg:"status"`

	Identity Identity `msg:"identity"`

	// Masked names what was replaced before the event left the sensor, as
	// "request.header:authorization" or "request.cookie:sid".
	Masked [][]byte `msg:"masked,zerocopy,limit=2048"`
	// TraceID is the W3C trace id in lower-case hex, or empty.
	TraceID []byte `msg:"trace_id,zerocopy"`

	Deployment Deployment `msg:"deployment"`

	Flags Flags `msg:"flags"`
	// SampleRate is how many transactions this one stands for; 0 and 1 mean one.
	SampleRate uint32 `msg:"sample_rate"`
}

// Client is the caller as the sensor saw it.
type Client struct {
	// Address is the textual IP address. AddressSource says how it was found:
	// "connection", "x-forwarded-for" (right-to-left walk over trusted proxies),
	// "proxy-protocol" or "file".
	Address       []byte `msg:"address,zerocopy"`
	Port          uint16 `msg:"port"`
	AddressSource []byte `msg:"address_source,zerocopy"`
}

// TLS is what the connection's handshake showed; empty for plaintext.
type TLS struct {
	Version []byte `msg:"version,zerocopy"` // "1.3"
	SNI     []byte `msg:"sni,zerocopy"`
	JA4     []byte `msg:"ja4,zerocopy"`
	// ClientCertificate is the lower-case hex SHA-256 of the client's leaf
	// certificate, ClientSubject its subject.
	ClientCertificate []byte `msg:"client_certificate,zerocopy"`
	ClientSubject     []byte `msg:"client_subject,zerocopy"`
}

// Header is one name/value pair.
type Header struct {
	Name  []byte `msg:"name,zerocopy"`
	Value []byte `msg:"value,zerocopy"`
}

// Body is what was captured of a message body.
type Body struct {
	Data []byte `msg:"data,zerocopy"`
	// WireLength is the length on the wire in bytes, SeenLength how much of it
	// passed the sensor; Data may be shorter still, then Truncated is set.
	WireLength uint64 `msg:"wire_length"`
	SeenLength uint64 `msg:"seen_length"`
	Truncated  bool   `msg:"truncated"`
	// Decoded is set when Data had a content coding removed by the sensor.
	Decoded     bool   `msg:"decoded"`
	ContentType []byte `msg:"content_type,zerocopy"`
}

// Identity is who acts, as far as the sensor could tell. It holds no secret:
// credentials are keyed hashes (HMAC-SHA256, first 128 bits, lower-case hex).
type Identity struct {
	// Scheme is one of none, basic, bearer, jwt, api-key, cookie, mtls, other.
	Scheme []byte `msg:"scheme,zerocopy"`
	// Credential is the keyed hash of the whole credential, KeyID names the key.
	Credential []byte `msg:"credential,zerocopy"`
	KeyID      []byte `msg:"key_id,zerocopy"`
	// Subject is the keyed hash of issuer and subject: it survives a token refresh.
	Subject []byte `msg:"subject,zerocopy"`
	// Session is the keyed hash of the session cookie.
	Session []byte `msg:"session,zerocopy"`
	// TokenHeader is the JWT header as JSON; Claims are the claims that matter
	// (iss, aud, azp, client_id, scope, roles, exp, iat, nbf), each as JSON.
	TokenHeader []byte  `msg:"token_header,zerocopy"`
	Claims      []Claim `msg:"claims,zerocopy,limit=256"`
}

// Claim is one claim of a token.
type Claim struct {
	Name  []byte `msg:"name,zerocopy"`
	Value []byte `msg:"value,zerocopy"`
}

// Deployment places the transaction in the estate.
type Deployment struct {
	Service   []byte `msg:"service,zerocopy"`
	Namespace []byte `msg:"namespace,zerocopy"`
	// Source is the calling service, for east-west traffic.
	Source []byte `msg:"source,zerocopy"`
}

// Flags are facts about the record itself.
type Flags uint32

const (
	// Sampled: SampleRate transactions are represented by this one.
	Sampled Flags = 1 << iota
	// Replayed: sent from a spool or a file; deciders must not act on its age.
	Replayed
	// Unpaired: the response (or the request) was never seen.
	Unpaired
	// HeadersOnly: bodies were dropped because the event was oversize.
	HeadersOnly
	// Enforced: the edge refused the request for Mirador (its own 403), which
	// must not feed detection.
	Enforced
)
