package catalog

import "time"

// Field is one field of an endpoint that carries sensitive data: the record of
// mirador.fields and the row of the table fields. Its key is tenant|id.
type Field struct {
	// ID is a hash of tenant, endpoint, direction, location, path and type.
	ID         string `json:"id"`
	Tenant     string `json:"tenant"`
	EndpointID string `json:"endpoint_id"`
	Endpoint   string `json:"endpoint"`  // "METHOD host/template"
	Direction  string `json:"direction"` // request, response
	Location   string `json:"location"`  // path, query, header, cookie, body
	Path       string `json:"path"`
	// Type is the class: card, iban, email, us.ssn, secret.jwt, ...
	Type string `json:"type"`
	// Category is what it belongs to: payment, identity, health, credential, ...
	Category string `json:"category,omitempty"`
	// Confidence is the posterior probability, 0 to 1, that the field carries Type;
	// Confirmed when it passed the bar for that.
	Confidence float64 `json:"confidence"`
	Confirmed  bool    `json:"confirmed"`
	// Seen counts values, Matched those that passed the validator, Distinct the
	// different ones among these.
	Seen     uint64 `json:"seen"`
	Matched  uint64 `json:"matched"`
	Distinct uint64 `json:"distinct"`
	// Masked are up to 3 shapes, as "411111******1111"; never a value.
	Masked    []string  `json:"masked,omitempty"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}
