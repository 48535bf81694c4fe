package pglog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/prodwright/prodwright/logging"
)

// A file of the spill begins with fileMagic and its uuid. Frames follow: four bytes of the uuid, by which a frame is found
// again after a damaged one and which no log message can know, the length of the payload, a CRC-32C of the uuid, that
// length and the payload, and the payload, whose first byte is its kind.
const (
	fileMagic   = "PWSPILL1"
	fileHeader  = int64(len(fileMagic) + len(uuid{}))
	frameHeader = 12
	maxFrame    = 4 << 20 // of a payload; records are smaller by their limits

	kindRecord = 'R'
	// kindBatch says that the frames of the next so many bytes are a batch that may be stored already, and its uuid.
	kindBatch = 'B'
)

// errPayload is returned for a payload whose checksum is right and which still makes no sense.
var errPayload = errors.New("the payload of a frame is not that of a record")

// beginFrame appends room for the header of a frame and returns where it is.
func beginFrame(dst []byte, kind byte) ([]byte, int) {
	at := len(dst)
	return append(append(dst, make([]byte, frameHeader)...), kind), at
}

// endFrame fills the header in when the payload is complete.
func endFrame(dst []byte, at int, id uuid) {
	payload := dst[at+frameHeader:]
	copy(dst[at:], id[:4])
	binary.LittleEndian.PutUint32(dst[at+4:], uint32(len(payload))) //nolint:gosec // records are bounded
	binary.LittleEndian.PutUint32(dst[at+8:], checksum(id, dst[at+4:at+8], payload))
}

func checksum(id uuid, length, payload []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli) // there is but one
	return crc32.Update(crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, length), castagnoli, payload)
}

// frameAt returns the payload of the frame that b begins with and its whole length, or false if there is no sound one.
func frameAt(b []byte, id uuid) (payload []byte, size int, ok bool) {
	if len(b) <= frameHeader || !bytes.Equal(b[:4], id[:4]) {
		return nil, 0, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n == 0 || n > maxFrame || int(n) > len(b)-frameHeader {
		return nil, 0, false
	}
	payload = b[frameHeader : frameHeader+int(n)]
	if checksum(id, b[4:8], payload) != binary.LittleEndian.Uint32(b[8:]) {
		return nil, 0, false
	}
	return payload, frameHeader + int(n), true
}

// nextFrame returns where in b the next sound frame begins, or len(b).
func nextFrame(b []byte, id uuid) int {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], id[:4])
		if i < 0 {
			return len(b)
		}
		at += i
		if _, _, ok := frameAt(b[at:], id); ok {
			return at
		}
	}
}

// texts returns the record's texts, in the order in which they are encoded.
func texts(r *logging.Record) [13]*string {
	return [...]*string{
		&r.Logger, &r.Message, &r.Module, &r.Function, &r.Error, &r.Stack, &r.UserID, &r.RequestID, &r.IP, &r.TraceID,
		&r.SpanID, &r.Release, &r.Fingerprint,
	}
}

// appendRecord appends a record as a frame.
func appendRecord(dst []byte, r *logging.Record, id uuid) []byte {
	dst, at := beginFrame(dst, kindRecord)
	dst = append(dst, byte(r.Level)) //nolint:gosec // a byte each
	dst = binary.AppendVarint(dst, r.Time.Unix())
	dst = binary.AppendUvarint(dst, uint64(r.Time.Nanosecond())) //nolint:gosec // not negative
	dst = binary.AppendVarint(dst, int64(r.Line))
	for _, s := range texts(r) {
		dst = binary.AppendUvarint(dst, uint64(len(*s)))
		dst = append(dst, *s...)
	}
	dst = append(dst, r.Extra...)
	endFrame(dst, at, id)
	return dst
}

// decodeRecord reads what appendRecord wrote behind the kind. Extra lies in payload.
func decodeRecord(payload []byte, r *logging.Record) error {
	if len(payload) == 0 {
		return errPayload
	}
	level, b := zapcore.Level(payload[0]), payload[1:] //nolint:gosec // a byte each
	sec, n := binary.Varint(b)
	if n <= 0 {
		return errPayload
	}
	b = b[n:]
	nsec, n := binary.Uvarint(b)
	if n <= 0 || nsec > 999_999_999 {
		return errPayload
	}
	b = b[n:]
	line, n := binary.Varint(b)
	if n <= 0 || line > math.MaxInt32 || line < math.MinInt32 {
		return errPayload
	}
	b = b[n:]
	*r = logging.Record{Level: level, Time: time.Unix(sec, int64(nsec)), Line: int(line)}
	all := string(b)
	for _, s := range texts(r) {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) { //nolint:gosec // not negative
			return errPayload
		}
		at := len(all) - len(b) + n
		*s = all[at : at+int(size)] //nolint:gosec // checked
		b = b[n+int(size):]         //nolint:gosec // checked
	}
	r.Extra = b
	return nil
}

// appendBatch appends the frame that stands before the frames of a batch, which are so many bytes long.
func appendBatch(dst []byte, batch uuid, length int, id uuid) []byte {
	dst, at := beginFrame(dst, kindBatch)
	dst = append(dst, batch[:]...)
	dst = binary.AppendUvarint(dst, uint64(length)) //nolint:gosec // not negative
	endFrame(dst, at, id)
	return dst
}

// decodeBatch reads what appendBatch wrote behind the kind.
func decodeBatch(payload []byte) (batch uuid, length int64, err error) {
	if len(payload) <= len(batch) {
		return batch, 0, errPayload
	}
	copy(batch[:], payload)
	size, n := binary.Uvarint(payload[len(batch):])
	if n <= 0 || size > math.MaxInt32 {
		return batch, 0, errPayload
	}
	return batch, int64(size), nil
}
