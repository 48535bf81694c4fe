package otel

import (
	"strings"

	"github.com/prodwright/prodwright/metrics"
)

// ucum has the units of Prometheus, and what OpenTelemetry calls them. https://ucum.org, and what translates it back:
// https://github.com/prometheus/otlptranslator
var ucum = map[string]string{
	"seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns", "minutes": "min", "hours": "h", "days": "d",
	"bytes": "By", "kibibytes": "KiBy", "mebibytes": "MiBy", "gibibytes": "GiBy", "tibibytes": "TiBy",
	"meters": "m", "volts": "V", "amperes": "A", "joules": "J", "watts": "W", "grams": "g",
	"celsius": "Cel", "hertz": "Hz", "percent": "%", "ratio": "1",
}

// unit returns the unit of the name's end, or else the described one in braces.
func unit(f *metrics.Family) string {
	name := f.Name
	if f.Kind == metrics.KindCounter {
		name = strings.TrimSuffix(name, "_total")
	}
	last := name[strings.LastIndexByte(name, '_')+1:]
	if u, ok := ucum[last]; ok {
		return u
	}
	if f.Unit == "" || strings.ContainsFunc(f.Unit, func(c rune) bool { return c <= ' ' || c > '~' || c == '{' || c == '}' }) {
		return ""
	}
	return "{" + f.Unit + "}"
}
