package platform

import (
	"errors"
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/config"
)

// fileSuffix marks an environment variable that names the file of a setting.
const fileSuffix = "_FILE"

// fromFiles adds to environ the settings whose value stands in a file: with
// MIRADOR_CLICKHOUSE_PASSWORD_FILE=/run/secrets/ch the first line of that file is
// clickhouse.password. So containers take secrets that no environment, process
// list or `docker inspect` shows. A setting that is itself called ..._file, such
// as identity.key_file, is left as it is.
func fromFiles(environ []string, settings []config.Setting) ([]string, error) {
	known := make(map[string]bool, len(settings))
	for _, s := range settings {
		known[s.Env] = true
	}
	set := make(map[string]bool, len(environ))
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		set[name] = true
	}
	var errs []error
	for _, kv := range environ[:len(environ):len(environ)] {
		name, path, _ := strings.Cut(kv, "=")
		setting, ok := strings.CutSuffix(name, fileSuffix)
		if !ok || known[name] || !known[setting] {
			continue
		}
		if set[setting] {
			errs = append(errs, fmt.Errorf("%s and %s are both set; only one of the two can hold", setting, name))
			continue
		}
		value, err := firstLine(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		environ = append(environ, setting+"="+value)
	}
	return environ, errors.Join(errs...)
}
