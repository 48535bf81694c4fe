package logging

import (
	"fmt"
	"strings"

	"go.uber.org/zap/zapcore"
)

// LevelName returns how a level is written: DEBUG, INFO, WARNING, ERROR, CRITICAL for all that zap has above, and OFF for [Off].
func LevelName(l zapcore.Level) string {
	switch {
	case l < zapcore.InfoLevel:
		return "DEBUG"
	case l < zapcore.WarnLevel:
		return "INFO"
	case l < zapcore.ErrorLevel:
		return "WARNING"
	case l < zapcore.DPanicLevel:
		return "ERROR"
	case l >= Off:
		return "OFF"
	}
	return "CRITICAL"
}

// ParseLevel reads a level in any case, by the names that [LevelName] writes or by zap's: WARN, DPANIC, PANIC and FATAL
// are known, too. OFF is a level that no record reaches. The error of another word lists the names.
func ParseLevel(s string) (zapcore.Level, error) {
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "DEBUG":
		return zapcore.DebugLevel, nil
	case "INFO":
		return zapcore.InfoLevel, nil
	case "WARNING", "WARN":
		return zapcore.WarnLevel, nil
	case "ERROR":
		return zapcore.ErrorLevel, nil
	case "CRITICAL", "DPANIC":
		return zapcore.DPanicLevel, nil
	case "PANIC":
		return zapcore.PanicLevel, nil
	case "FATAL":
		return zapcore.FatalLevel, nil
	case "OFF":
		return Off, nil
	}
	return 0, fmt.Errorf("logging: level %q is none of DEBUG, INFO, WARNING, ERROR, CRITICAL and OFF", s)
}

// Off is a level above all that a record can have.
const Off = zapcore.InvalidLevel
