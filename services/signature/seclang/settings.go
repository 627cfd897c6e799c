package seclang

// Settings are what directives say of the engine and of bodies.
type Settings struct {
	RuleEngine string // On, DetectionOnly or Off

	RequestBodyAccess, ResponseBodyAccess       bool
	RequestBodyLimit, ResponseBodyLimit         int
	RequestBodyJSONDepth, ResponseBodyJSONDepth int
	// A body above its limit is refused where Reject is set, else cut. With
	// DetectionOnly nothing is refused.
	RequestBodyReject, ResponseBodyReject bool
	ResponseBodyMIMETypes                 []string
	ArgumentsLimit                        int
}

// defaults are what holds where no directive says otherwise.
func defaults() Settings {
	return Settings{RuleEngine: "On", RequestBodyLimit: 128 << 20, RequestBodyReject: true, ResponseBodyLimit: 512 << 10,
		RequestBodyJSONDepth: 1024, ResponseBodyJSONDepth: 1024, ArgumentsLimit: 1000}
}
