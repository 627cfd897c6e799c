package catalog

// Schema is what is known of a value: counted, where traffic showed it, or
// stated, where a specification did (Seen is then 0). It is a subset of JSON
// Schema 2020-12, in which a learned and a specified schema can be compared.
type Schema struct {
	// Types are the JSON types (string, integer, number, boolean, null, object,
	// array) with their counts, sorted by name. A specified schema has counts of 0;
	// none at all means any.
	Types []Tally `json:"types,omitempty"`
	// Format is a format of strings: date, date-time, email, uuid, ipv4, ipv6, uri.
	Format string `json:"format,omitempty"`
	// Seen is how many times the value was there, out of the times that its parent
	// was: once a message, and below a list once an element. Required says that it
	// is always there.
	Seen     uint64 `json:"seen,omitempty"`
	Required bool   `json:"required,omitempty"`
	// Enum are the only values, sorted, where there are few and they do not look
	// personal.
	Enum []string `json:"enum,omitempty"`
	// Minimum and Maximum bound numbers; MinLength and MaxLength texts, in
	// characters.
	Minimum   *float64 `json:"minimum,omitempty"`
	Maximum   *float64 `json:"maximum,omitempty"`
	MinLength uint64   `json:"min_length,omitempty"`
	MaxLength uint64   `json:"max_length,omitempty"`
	// Properties of an object, sorted by name; Additional is the schema of every
	// value of an object whose names are data. Items is that of a list's elements.
	Properties []Property `json:"properties,omitempty"`
	Additional *Schema    `json:"additional,omitempty"`
	Items      *Schema    `json:"items,omitempty"`
	// Deprecated is stated by a specification alone.
	Deprecated bool `json:"deprecated,omitempty"`
}

// Property is one named value of an object.
type Property struct {
	Name   string `json:"name"`
	Schema Schema `json:"schema"`
}

// Body is the schema of a message body. Status is a class ("2xx") or a status
// ("404"), and empty for a request; Media is the media type without parameters.
type Body struct {
	Status string `json:"status,omitempty"`
	Media  string `json:"media,omitempty"`
	// Seen is how many messages it was learned from.
	Seen   uint64 `json:"seen,omitempty"`
	Schema Schema `json:"schema"`
}
