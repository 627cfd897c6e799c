package seclang

import "strings"

// Variable is a collection or a single value of a transaction that rules name.
type Variable uint8

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
	MultipartDuplicatePartHeader
	MatchedVarsNames
	MatchedVars
	Files
	RequestCookies
	RequestHeaders
	ResponseHeaders
	ResBodyProcessor
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
	UrlencodedError
	ResponseArgs
	ResponseXML
	RequestXML
	XML
	MultipartPartHeaders
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
	variables
)

var names = [variables]string{
	unknown:                       "UNKNOWN",
	ResponseContentType:           "RESPONSE_CONTENT_TYPE",
	UniqueID:                      "UNIQUE_ID",
	ArgsCombinedSize:              "ARGS_COMBINED_SIZE",
	FilesCombinedSize:             "FILES_COMBINED_SIZE",
	FullRequestLength:             "FULL_REQUEST_LENGTH",
	InboundDataError:              "INBOUND_DATA_ERROR",
	MatchedVar:                    "MATCHED_VAR",
	MatchedVarName:                "MATCHED_VAR_NAME",
	MultipartDataAfter:            "MULTIPART_DATA_AFTER",
	OutboundDataError:             "OUTBOUND_DATA_ERROR",
	QueryString:                   "QUERY_STRING",
	RemoteAddr:                    "REMOTE_ADDR",
	RemoteHost:                    "REMOTE_HOST",
	RemotePort:                    "REMOTE_PORT",
	ReqbodyError:                  "REQBODY_ERROR",
	ReqbodyErrorMsg:               "REQBODY_ERROR_MSG",
	ReqbodyProcessorError:         "REQBODY_PROCESSOR_ERROR",
	ReqbodyProcessorErrorMsg:      "REQBODY_PROCESSOR_ERROR_MSG",
	ReqbodyProcessor:              "REQBODY_PROCESSOR",
	RequestBasename:               "REQUEST_BASENAME",
	RequestBody:                   "REQUEST_BODY",
	RequestBodyLength:             "REQUEST_BODY_LENGTH",
	RequestFilename:               "REQUEST_FILENAME",
	RequestLine:                   "REQUEST_LINE",
	RequestMethod:                 "REQUEST_METHOD",
	RequestProtocol:               "REQUEST_PROTOCOL",
	RequestURI:                    "REQUEST_URI",
	RequestURIRaw:                 "REQUEST_URI_RAW",
	ResponseBody:                  "RESPONSE_BODY",
	ResponseContentLength:         "RESPONSE_CONTENT_LENGTH",
	ResponseProtocol:              "RESPONSE_PROTOCOL",
	ResponseStatus:                "RESPONSE_STATUS",
	ServerAddr:                    "SERVER_ADDR",
	ServerName:                    "SERVER_NAME",
	ServerPort:                    "SERVER_PORT",
	HighestSeverity:               "HIGHEST_SEVERITY",
	StatusLine:                    "STATUS_LINE",
	Duration:                      "DURATION",
	ResponseHeadersNames:          "RESPONSE_HEADERS_NAMES",
	RequestHeadersNames:           "REQUEST_HEADERS_NAMES",
	Args:                          "ARGS",
	ArgsGet:                       "ARGS_GET",
	ArgsPost:                      "ARGS_POST",
	ArgsPath:                      "ARGS_PATH",
	FilesSizes:                    "FILES_SIZES",
	FilesNames:                    "FILES_NAMES",
	FilesTmpContent:               "FILES_TMP_CONTENT",
	MultipartFilename:             "MULTIPART_FILENAME",
	MultipartName:                 "MULTIPART_NAME",
	MultipartFilenameCharset:      "MULTIPART_FILENAME_CHARSET",
	MultipartFilenameLanguage:     "MULTIPART_FILENAME_LANGUAGE",
	MultipartDuplicatePartHeader:  "MULTIPART_DUPLICATE_PART_HEADER",
	MatchedVarsNames:              "MATCHED_VARS_NAMES",
	MatchedVars:                   "MATCHED_VARS",
	Files:                         "FILES",
	RequestCookies:                "REQUEST_COOKIES",
	RequestHeaders:                "REQUEST_HEADERS",
	ResponseHeaders:               "RESPONSE_HEADERS",
	ResBodyProcessor:              "RES_BODY_PROCESSOR",
	Geo:                           "GEO",
	RequestCookiesNames:           "REQUEST_COOKIES_NAMES",
	FilesTmpNames:                 "FILES_TMPNAMES",
	ArgsNames:                     "ARGS_NAMES",
	ArgsGetNames:                  "ARGS_GET_NAMES",
	ArgsPostNames:                 "ARGS_POST_NAMES",
	TX:                            "TX",
	RuleVar:                       "RULE",
	JSON:                          "JSON",
	Env:                           "ENV",
	UrlencodedError:               "URLENCODED_ERROR",
	ResponseArgs:                  "RESPONSE_ARGS",
	ResponseXML:                   "RESPONSE_XML",
	RequestXML:                    "REQUEST_XML",
	XML:                           "XML",
	MultipartPartHeaders:          "MULTIPART_PART_HEADERS",
	ResBodyError:                  "RES_BODY_ERROR",
	ResBodyErrorMsg:               "RES_BODY_ERROR_MSG",
	ResBodyProcessorError:         "RES_BODY_PROCESSOR_ERROR",
	ResBodyProcessorErrorMsg:      "RES_BODY_PROCESSOR_ERROR_MSG",
	Time:                          "TIME",
	TimeDay:                       "TIME_DAY",
	TimeEpoch:                     "TIME_EPOCH",
	TimeHour:                      "TIME_HOUR",
	TimeMin:                       "TIME_MIN",
	TimeMon:                       "TIME_MON",
	TimeSec:                       "TIME_SEC",
	TimeWday:                      "TIME_WDAY",
	TimeYear:                      "TIME_YEAR",
	AuthType:                      "AUTH_TYPE",
	FullRequest:                   "FULL_REQUEST",
	MultipartBoundaryQuoted:       "MULTIPART_BOUNDARY_QUOTED",
	MultipartBoundaryWhitespace:   "MULTIPART_BOUNDARY_WHITESPACE",
	MultipartCrlfLfLines:          "MULTIPART_CRLF_LF_LINES",
	MultipartDataBefore:           "MULTIPART_DATA_BEFORE",
	MultipartFileLimitExceeded:    "MULTIPART_FILE_LIMIT_EXCEEDED",
	MultipartHeaderFolding:        "MULTIPART_HEADER_FOLDING",
	MultipartInvalidHeaderFolding: "MULTIPART_INVALID_HEADER_FOLDING",
	MultipartInvalidPart:          "MULTIPART_INVALID_PART",
	MultipartInvalidQuoting:       "MULTIPART_INVALID_QUOTING",
	MultipartLfLine:               "MULTIPART_LF_LINE",
	MultipartMissingSemicolon:     "MULTIPART_MISSING_SEMICOLON",
	MultipartStrictError:          "MULTIPART_STRICT_ERROR",
	MultipartUnmatchedBoundary:    "MULTIPART_UNMATCHED_BOUNDARY",
	PathInfo:                      "PATH_INFO",
	Sessionid:                     "SESSIONID",
	Userid:                        "USERID",
	IP:                            "IP",
	URIParseError:                 "URI_PARSE_ERROR",
	ArgumentsLimitReached:         "ARGUMENTS_LIMIT_REACHED",
}

// String is the variable's name in SecLang.
func (v Variable) String() string {
	if v < variables {
		return names[v]
	}
	return names[unknown]
}

// NumVariables is more than every Variable, for tables.
const NumVariables = int(variables)

// ParseVariable finds a variable by its name, in any case.
func ParseVariable(name string) (Variable, bool) {
	for v := unknown + 1; v < variables; v++ {
		if strings.EqualFold(name, names[v]) {
			return v, true
		}
	}
	return unknown, false
}
