package docker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The streams of the multiplexed format of logs and execs, whose frames are
// {stream, 0, 0, 0, size as four bytes big-endian} and size bytes:
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach.
const (
	streamIn     = 0
	streamOut    = 1
	streamErr    = 2
	streamSystem = 3 // an error of the engine itself
)

// demultiplex copies a multiplexed stream to out and errs, a piece at a time.
// Unlike stdcopy it never holds a whole frame, whose size the other side
// chooses. A stream that ends inside a frame is io.ErrUnexpectedEOF.
func demultiplex(out, errs io.Writer, source io.Reader) error {
	header, piece := make([]byte, 8), make([]byte, 32<<10)
	for {
		if _, err := io.ReadFull(source, header); err != nil {
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		size := int64(binary.BigEndian.Uint32(header[4:]))
		to := out
		switch header[0] {
		case streamIn, streamOut:
		case streamErr:
			to = errs
		case streamSystem:
			text, err := io.ReadAll(io.LimitReader(source, min(size, 1000)))
			return errors.Join(fmt.Errorf("the engine said: %s", text), err)
		default:
			return fmt.Errorf("byte %d is no stream of Docker's format", header[0])
		}
		n, err := io.CopyBuffer(onlyWriter{to}, io.LimitReader(source, size), piece)
		if err != nil {
			return err
		}
		if n < size {
			return io.ErrUnexpectedEOF
		}
	}
}

// onlyWriter keeps io.CopyBuffer from growing the buffer of a ReaderFrom.
type onlyWriter struct{ io.Writer }
