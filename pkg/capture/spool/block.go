package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// A segment begins with magic. A block is
//
//	u32 length of payload | u32 records | u32 length unpacked | u32 CRC-32C of the first twelve bytes and the payload | payload
//
// little-endian; the payload is zstd over records, each a uvarint length and bytes.
const (
	magic      = "MIRSPL1\n"
	headerSize = int64(len(magic))
	blockHead  = 16
	maxBlock   = 16 << 20 // bytes unpacked
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errDamaged = errors.New("damaged block")
)

func header() []byte { return []byte(magic) }

func segmentName(n uint64) string { return fmt.Sprintf("%016x.spool", n) }

func appendRecord(b, record []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(record)))
	return append(b, record...)
}

func appendBlock(dst []byte, enc *zstd.Encoder, records []byte, n int) []byte {
	from := len(dst)
	dst = append(dst, make([]byte, blockHead)...)
	dst = enc.EncodeAll(records, dst)
	h := dst[from:]
	binary.LittleEndian.PutUint32(h[0:], uint32(len(h)-blockHead))
	binary.LittleEndian.PutUint32(h[4:], uint32(n))
	binary.LittleEndian.PutUint32(h[8:], uint32(len(records)))
	sum := crc32.Update(crc32.Checksum(h[:12], castagnoli), castagnoli, h[blockHead:])
	binary.LittleEndian.PutUint32(h[12:], sum)
	return dst
}

type blockHeader struct {
	payload, records, unpacked int
	sum                        uint32
}

// readHead reads a block's header and says whether it can be one.
func readHead(h []byte) (blockHeader, bool) {
	b := blockHeader{
		payload: int(binary.LittleEndian.Uint32(h[0:])), records: int(binary.LittleEndian.Uint32(h[4:])),
		unpacked: int(binary.LittleEndian.Uint32(h[8:])), sum: binary.LittleEndian.Uint32(h[12:]),
	}
	return b, b.payload > 0 && b.payload <= maxBlock && b.records > 0 && b.unpacked <= maxBlock && b.records <= b.unpacked
}

// unpack checks block (header and payload) and gives its records, which alias
// the returned buffer. Any bytes give records or an error.
func unpack(dec *zstd.Decoder, block, buf []byte) (records [][]byte, out []byte, err error) {
	if len(block) < blockHead {
		return nil, buf, fmt.Errorf("%w: %d bytes", errDamaged, len(block))
	}
	h, ok := readHead(block)
	if !ok || len(block) != blockHead+h.payload {
		return nil, buf, fmt.Errorf("%w: header", errDamaged)
	}
	if crc32.Update(crc32.Checksum(block[:12], castagnoli), castagnoli, block[blockHead:]) != h.sum {
		return nil, buf, fmt.Errorf("%w: checksum", errDamaged)
	}
	out, err = dec.DecodeAll(block[blockHead:], buf[:0])
	if err != nil {
		return nil, buf, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if len(out) != h.unpacked {
		return nil, out, fmt.Errorf("%w: length", errDamaged)
	}
	records = make([][]byte, 0, h.records)
	for rest := out; len(rest) > 0; {
		n, w := binary.Uvarint(rest)
		if w <= 0 || n > uint64(len(rest)-w) {
			return nil, out, fmt.Errorf("%w: record", errDamaged)
		}
		records = append(records, rest[w:w+int(n)])
		rest = rest[w+int(n):]
	}
	if len(records) != h.records {
		return nil, out, fmt.Errorf("%w: count", errDamaged)
	}
	return records, out, nil
}
