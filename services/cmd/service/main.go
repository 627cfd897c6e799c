// Command service is every service of Mirador in one program: which one it runs
// follows from the name that it is called by. The container image holds it once,
// with a link for each service, instead of eight programs that are nearly the
// same.
//
//	ln -s service recorder && ./recorder --kafka.brokers=kafka:9092
package main

import (
	"os"
	"path/filepath"

	"github.com/miradorhq/mirador/services/platform"
)

func main() { platform.Main(filepath.Base(os.Args[0])) }
