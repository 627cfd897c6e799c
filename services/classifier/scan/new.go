package scan

import "fmt"

// own are the classes that are not in a table.
type own struct {
	email, phone, ip, mac, url, date, birth, card, aadhaar, vat, bitcoin, ethereum, coin, generic, password, private, basic Class
}

// New builds a scanner of all classes and of a deployment's own.
func New(added ...Own) (*Scanner, error) {
	s := &Scanner{words: map[string]uint16{}}
	s.trie.nodes = make([][256]uint16, 1)
	s.own = own{
		email: s.class("email"), phone: s.class("phone"), ip: s.class("ip"), mac: s.class("mac"), url: s.class("url"),
		date: s.class("date"), birth: s.class("birthdate"), card: s.class("card"), aadhaar: s.class("in_.aadhaar"), vat: s.class("eu.vat"), bitcoin: s.class("crypto.bitcoin"), ethereum: s.class("crypto.ethereum"),
		coin: s.class("crypto.other"), generic: s.class("secret.generic"), password: s.class("secret.password"), private: s.class("secret.private-key"), basic: s.class("secret.user-password"),
	}
	var err error
	if s.spoken, err = readWords(wordTable); err != nil {
		return nil, err
	}
	for _, table := range [][]scheme{international(), things(), nordic(), western(), eastern(), asian(), nearEastern(), american()} {
		for i := range table {
			s.addScheme(&table[i])
		}
	}
	for _, w := range []string{"tax id", "tax number", "tin", "vat", "vat number", "national id", "identity number", "identification number", "identity document", "national identity", "national identification", "tax no", "id number", "id card", "personal number"} {
		s.general.add(s.word(w))
	}
	for _, w := range phoneWords {
		s.phones.add(s.word(w))
	}
	s.version = s.word("version")
	for _, w := range birthWords {
		s.births.add(s.word(w))
	}
	s.addMonths()
	for _, p := range []string{"http://", "https://", "ftp://", "www."} {
		s.trie.add(p, output{kind: isURL})
	}
	for _, w := range []string{"u ", "user "} {
		s.trie.add(w, output{kind: isUser})
	}
	s.trie.add("kind", output{kind: isManifest})
	s.trie.add("private key", output{kind: isPrivate})
	for _, k := range genericKeys {
		s.trie.add(k, output{kind: isKey})
	}
	for _, w := range passwords {
		for _, k := range spellings(w) {
			s.trie.add(k, output{kind: isKey})
		}
	}
	if len(s.words) > maxWords {
		return nil, fmt.Errorf("scan: %d words, a set holds %d", len(s.words), maxWords)
	}
	if err := s.addPatterns(); err != nil {
		return nil, err
	}
	for i := range added {
		if err := s.addOwn(&added[i]); err != nil {
			return nil, &OwnError{Name: added[i].Name, Err: err}
		}
	}
	if err := s.trie.seal(); err != nil {
		return nil, err
	}
	return s, nil
}

// Quicken has telephone numbers judged by country code and length alone: enough where many
// values of a field are weighed, and hundreds of times as fast. Call it before any
// other method.
func (s *Scanner) Quicken() { s.quick = true }
