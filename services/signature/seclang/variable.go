package seclang

import "strings"

// Variable is what a target or a macro reads. The zero value is no variable.
type Variable uint8

// Single-valued variables. Some stand for things that are never there out of band, or
// that only other programs fill; rules may still name them.
const (
	unknown Variable = iota
	ResponseContentType
	UniqueID
	ArgsCombinedSize
	FilesCombinedSize
	FullRequestLength
	InboundDataError
	MatchedVar
	MatchedVarName
	MultipartDataAfter
	OutboundDataError
	QueryString
	RemoteAddr
	RemoteHost
	RemotePort
	ReqbodyError
	ReqbodyErrorMsg
	ReqbodyProcessorError
	ReqbodyProcessorErrorMsg
	ReqbodyProcessor
	RequestBasename
	RequestBody
	RequestBodyLength
	RequestFilename
	RequestLine
	RequestMethod
	RequestProtocol
	RequestURI
	RequestURIRaw
	ResponseBody
	ResponseContentLength
	ResponseProtocol
	ResponseStatus
	ServerAddr
	ServerName
	ServerPort
	HighestSeverity
	StatusLine
	Duration
	MultipartDuplicatePartHeader
	ResBodyProcessor
	UrlencodedError
	ResBodyError
	ResBodyErrorMsg
	ResBodyProcessorError
	ResBodyProcessorErrorMsg
	Time
	TimeDay
	TimeEpoch
	TimeHour
	TimeMin
	TimeMon
	TimeSec
	TimeWday
	TimeYear
	AuthType
	FullRequest
	MultipartBoundaryQuoted
	MultipartBoundaryWhitespace
	MultipartCrlfLfLines
	MultipartDataBefore
	MultipartFileLimitExceeded
	MultipartHeaderFolding
	MultipartInvalidHeaderFolding
	MultipartInvalidPart
	MultipartInvalidQuoting
	MultipartLfLine
	MultipartMissingSemicolon
	MultipartStrictError
	MultipartUnmatchedBoundary
	PathInfo
	Sessionid
	Userid
	IP
	URIParseError
	ArgumentsLimitReached

	// Collections: a key may follow in a rule. RULE is RuleVar, as Rule is a type.
	ResponseHeadersNames
	RequestHeadersNames
	Args
	ArgsGet
	ArgsPost
	ArgsPath
	FilesSizes
	FilesNames
	FilesTmpContent
	MultipartFilename
	MultipartName
	MultipartFilenameCharset
	MultipartFilenameLanguage
	MatchedVarsNames
	MatchedVars
	Files
	RequestCookies
	RequestHeaders
	ResponseHeaders
	Geo
	RequestCookiesNames
	FilesTmpNames
	ArgsNames
	ArgsGetNames
	ArgsPostNames
	TX
	RuleVar
	JSON
	Env
	ResponseArgs
	ResponseXML
	RequestXML
	XML
	MultipartPartHeaders

	variables
)

// NumVariables is more than every Variable, for tables.
const NumVariables = int(variables)

// String is the name in SecLang, in upper case.
func (v Variable) String() string {
	if v == unknown || v >= variables {
		return "UNKNOWN"
	}
	return variableNames[v]
}

// ParseVariable finds a variable by its name, in any case.
func ParseVariable(name string) (Variable, bool) {
	for v := unknown + 1; v < variables; v++ {
		if len(name) == len(variableNames[v]) && strings.EqualFold(name, variableNames[v]) {
			return v, true
		}
	}
	return unknown, false
}

// Collection says whether v has keys.
func (v Variable) Collection() bool { return v >= ResponseHeadersNames && v < variables }

// Absent says whether v is a single variable that has no value, not even an empty one:
// Coraza lets rules name these and never fills them.
func (v Variable) Absent() bool {
	switch v {
	case unknown, ResBodyError, ResBodyErrorMsg, ResBodyProcessorError, ResBodyProcessorErrorMsg, AuthType, FullRequest, MultipartBoundaryQuoted,
		MultipartBoundaryWhitespace, MultipartCrlfLfLines, MultipartDataBefore, MultipartFileLimitExceeded, MultipartHeaderFolding,
		MultipartInvalidHeaderFolding, MultipartInvalidPart, MultipartLfLine, MultipartMissingSemicolon, MultipartUnmatchedBoundary,
		PathInfo, Sessionid, Userid, IP:
		return true
	}
	return false
}

// CaseSensitive says whether a target's key is compared as it is written; the keys of
// every other collection are compared in lower case.
func (v Variable) CaseSensitive() bool {
	switch v {
	case Args, ArgsGet, ArgsPost, ArgsNames, ArgsGetNames, ArgsPostNames:
		return true
	}
	return false
}
