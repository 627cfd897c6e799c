package chsink

import "github.com/ClickHouse/ch-go/proto"

// eventColumns are the columns of events, in the order of the table.
type eventColumns struct {
	tenant        *dictionary
	ts            *moments
	eventID       *proto.ColUUID
	sensor        *dictionary
	boot          *proto.ColUInt64
	sequence      *proto.ColUInt64
	clientAddress *proto.ColStr
	clientPort    *proto.ColUInt16
	addressSource *dictionary

	principal      *proto.ColStr
	authenticated  *proto.ColBool
	identityScheme *dictionary
	credential     *proto.ColStr
	keyID          *dictionary
	subject        *proto.ColStr
	session        *proto.ColStr
	tokenHeader    *dictionary
	claimNames     *words
	claimValues    *texts

	tlsVersion        *dictionary
	tlsSNI            *dictionary
	ja4               *dictionary
	clientCertificate *dictionary
	clientSubject     *dictionary

	method    *dictionary
	scheme    *dictionary
	protocol  *dictionary
	authority *dictionary
	host      *dictionary
	path      *proto.ColStr
	query     *proto.ColStr
	status    *proto.ColUInt16
	duration  *proto.ColUInt64
	userAgent *dictionary

	endpointID    *dictionary
	endpoint      *dictionary
	endpointKnown *proto.ColBool

	service       *dictionary
	namespace     *dictionary
	sourceService *dictionary
	traceID       *proto.ColStr
	flags         *proto.ColUInt32
	sampleRate    *proto.ColUInt32
	masked        *words

	request, response messageColumns
}

// messageColumns are the columns of one side of a transaction.
type messageColumns struct {
	bytes        *proto.ColUInt64
	seen         *proto.ColUInt64
	truncated    *proto.ColBool
	contentType  *dictionary
	headerNames  *words
	headerValues *texts
	body         *proto.ColStr
}

func (t *table) eventColumns() *eventColumns {
	return &eventColumns{
		tenant:        t.dictionary("tenant"),
		ts:            t.moments("ts"),
		eventID:       with(t, "event_id", new(proto.ColUUID)),
		sensor:        t.dictionary("sensor"),
		boot:          t.unsigned("boot"),
		sequence:      t.unsigned("sequence"),
		clientAddress: t.text("client_address"),
		clientPort:    with(t, "client_port", new(proto.ColUInt16)),
		addressSource: t.dictionary("client_address_source"),

		principal:      t.text("principal"),
		authenticated:  t.flag("authenticated"),
		identityScheme: t.dictionary("identity_scheme"),
		credential:     t.text("credential"),
		keyID:          t.dictionary("key_id"),
		subject:        t.text("subject"),
		session:        t.text("session"),
		tokenHeader:    t.dictionary("token_header"),
		claimNames:     t.words("claims.name"),
		claimValues:    t.texts("claims.value"),

		tlsVersion:        t.dictionary("tls_version"),
		tlsSNI:            t.dictionary("tls_sni"),
		ja4:               t.dictionary("ja4"),
		clientCertificate: t.dictionary("client_certificate"),
		clientSubject:     t.dictionary("client_subject"),

		method:    t.dictionary("method"),
		scheme:    t.dictionary("scheme"),
		protocol:  t.dictionary("protocol"),
		authority: t.dictionary("authority"),
		host:      t.dictionary("host"),
		path:      t.text("path"),
		query:     t.text("query"),
		status:    with(t, "status", new(proto.ColUInt16)),
		duration:  t.unsigned("duration_us"),
		userAgent: t.dictionary("user_agent"),

		endpointID:    t.dictionary("endpoint_id"),
		endpoint:      t.dictionary("endpoint"),
		endpointKnown: t.flag("endpoint_known"),

		service:       t.dictionary("service"),
		namespace:     t.dictionary("namespace"),
		sourceService: t.dictionary("source_service"),
		traceID:       t.text("trace_id"),
		flags:         with(t, "flags", new(proto.ColUInt32)),
		sampleRate:    with(t, "sample_rate", new(proto.ColUInt32)),
		masked:        t.words("masked"),
		request:       t.messageColumns("request"),
		response:      t.messageColumns("response"),
	}
}

func (t *table) messageColumns(side string) messageColumns {
	return messageColumns{
		bytes:        t.unsigned(side + "_bytes"),
		seen:         t.unsigned(side + "_seen"),
		truncated:    t.flag(side + "_truncated"),
		contentType:  t.dictionary(side + "_content_type"),
		headerNames:  t.words(side + "_headers.name"),
		headerValues: t.texts(side + "_headers.value"),
		body:         t.text(side + "_body"),
	}
}
