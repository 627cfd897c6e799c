// Package transaction makes of one event the variables that rules of SecLang read:
// ARGS, REQUEST_HEADERS, XML and so on, phase by phase, with the names, the values
// and the number of values that Coraza 3.8 gives them.
//
// Where Coraza's parsers are those of the standard library (multipart, XML, the URI)
// this package uses the same ones, for only these fail at the same byte. Where they
// are not (forms, cookies, JSON) it has its own, which build nothing but views: a
// value is a part of the event or of the transaction's arena.
//
// pkg/content is not asked for leaves: it gives all elements of an array one name
// ("[]") and goes on reading where Coraza gives up, so neither "json.items.3" nor
// ARGS of a broken body could be had from it. A JSON body is therefore read a
// second time, in one pass.
//
// Departures from Coraza, all of them where it has no answer of its own: names of
// form parameters that differ only in case all stay, where Coraza keeps whichever
// its map gives last; there are no temporary files, so FILES_TMPNAMES is empty; and
// time is the event's, in UTC.
package transaction
