package scan

import "strings"

// months are the names of the months from January on in the languages that most texts are in,
// as they stand in a date, their usual short forms among them.
var months = [...]string{
	"january jan januar janvier janv enero ene gennaio gen januari janeiro stycznia januára ledna ocak tammikuuta января ianuarie ιανουαρίου január",
	"february feb februar février févr febrero febbraio febbr februari fevereiro fev lutego února şubat helmikuuta февраля februarie φεβρουαρίου február",
	"march mar märz mrz mars marzo maart mrt março marca března mart maaliskuuta марта martie μαρτίου március",
	"april apr avril avr abril abr aprile kwietnia dubna nisan huhtikuuta апреля aprilie απριλίου április",
	"may mai mayo maggio mag mei maio maja května mayıs toukokuuta мая μαΐου május maj",
	"june jun juni juin junio giugno giu junho czerwca června haziran kesäkuuta июня iunie ιουνίου június",
	"july jul juli juillet juil julio luglio lug julho lipca července temmuz heinäkuuta июля iulie ιουλίου július",
	"august aug août agosto ago augustus augusti sierpnia srpna ağustos elokuuta августа αυγούστου augusztus",
	"september sep sept septembre septiembre settembre setembro set września září eylül syyskuuta сентября septembrie σεπτεμβρίου szeptember",
	"october oct oktober okt octobre octubre ottobre ott outubro out października října ekim lokakuuta октября octombrie οκτωβρίου október",
	"november nov novembre noviembre novembro listopada listopadu kasım marraskuuta ноября noiembrie νοεμβρίου",
	"december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia prosince aralık joulukuuta декабря decembrie δεκεμβρίου",
}

// addMonths has the automaton look for them.
func (s *Scanner) addMonths() {
	for i, names := range months {
		for _, name := range strings.Fields(names) {
			for _, spelled := range spellings(name) {
				s.trie.add(spelled, output{kind: isMonth, index: uint16(i + 1)})
			}
		}
	}
}
