package catalog

import "strings"

// marks are what stands before a name to say of what kind it is: @jane, ~jane.
const marks = "@$~!"

// extensions are those that say in what form something is asked for. Those of programs
// and pages are left out: index.php and next.js are names. None is a domain's but those
// in domains.
var extensions = set(`json jsonl xml yaml yml csv tsv txt html htm md pdf rtf doc docx xls xlsx ods odt ppt pptx
	png jpg jpeg gif svg webp bmp tiff ico mp3 mp4 m3u8 mpd wav ogg webm mov avi m4a flac zip gz tgz bz2
	rss atom ics vcf kml kmz gpx rdf ttl nt n3 pbf mvt wkt shp avro orc jwt pem crt cer der crl`)

var domains = set("md mov zip")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// IsExtension says whether s, behind the last dot of a name, says in what form
// something is asked for.
func IsExtension(s string) bool { return extensions[strings.ToLower(s)] }

// Affixes finds what may stand around a value within a literal: a mark before it, as
// in "@jane", or what is asked of it behind it, as in "jane.json" and "jane:cancel".
// The value is s[open:end], and all of s where nothing is around it. Whether that is
// part of the value after all, as in "next.js", only other values at the same place
// can say.
func Affixes(s string) (open, end int) {
	end = len(s)
	if end < 2 {
		return 0, end
	}
	// "@jane:example.org" is one name.
	if strings.IndexByte(marks, s[0]) >= 0 && strings.IndexByte(marks, s[1]) < 0 && strings.IndexByte(s, ':') < 0 {
		return 1, end
	}
	if i := suffix(s); i > 0 {
		end = i
		if name := strings.TrimSuffix(s[:i], ".tar"); name != "" && s[i] == '.' {
			end = len(name)
		}
	}
	return 0, end
}

// suffix is where a file's extension or a custom verb begins at the end of s, or -1.
func suffix[T string | []byte](s T) int {
	n := len(s)
	i := n - 1
	for i > 0 && (isLetter(s[i]) || isDigit(s[i]) && n-i <= 4) {
		i--
	}
	if i <= 0 || n-i < 2 || !isLetter(s[i+1]) || s[i] != ':' && (s[i] != '.' || n-i > 6) {
		return -1
	}
	return i
}

// Takes says whether a segment of a learned template that holds a {string} among text
// takes a segment of a lexical one: "{string}.json" takes "jane.json" and "{int}.json".
// Every other segment takes itself.
func Takes(learned, lexical string) bool {
	before, after, mixed := strings.Cut(learned, wildSegment)
	if !mixed {
		return learned == lexical
	}
	open, end := stem(lexical)
	return lexical[:open] == before && lexical[end:] == after
}

// stem is where the value stands in a segment of a lexical template: its type with the
// braces, or what may be one in a literal.
func stem(segment string) (open, end int) {
	open, end = strings.IndexByte(segment, '{'), strings.IndexByte(segment, '}')
	if open < 0 || end < open {
		return Affixes(segment)
	}
	return open, end + 1
}

// around is a segment with nothing in the place of its value: "{int}.json" and
// "jane.json" give "{}.json", and what is a value as a whole gives "{}".
func around(segment string) string {
	open, end := stem(segment)
	return segment[:open] + "{}" + segment[end:]
}
