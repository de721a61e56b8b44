package value

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The codes that the server answers with.
const (
	BadValue                int32 = 2
	FailedToParse           int32 = 9
	UserNotFound            int32 = 11
	Unauthorized            int32 = 13
	TypeMismatch            int32 = 14
	InvalidLength           int32 = 16
	ProtocolError           int32 = 17
	AuthenticationFailed    int32 = 18
	IllegalOperation        int32 = 20
	NamespaceNotFound       int32 = 26
	IndexNotFound           int32 = 27
	PathNotViable           int32 = 28
	ConflictingUpdate       int32 = 40
	CursorNotFound          int32 = 43
	NamespaceExists         int32 = 48
	MaxTimeExpired          int32 = 50
	InvalidIDField          int32 = 53
	EmptyFieldName          int32 = 56
	CommandNotFound         int32 = 59
	ImmutableField          int32 = 66
	CannotCreateIndex       int32 = 67
	InvalidOptions          int32 = 72
	InvalidNamespace        int32 = 73
	NoReplication           int32 = 76
	IndexOptionsConflict    int32 = 85
	IndexKeySpecsConflict   int32 = 86
	NotSupported            int32 = 115
	InvalidPipelineOperator int32 = 168
	InvalidIndexSpec        int32 = 197
	MechanismUnavailable    int32 = 334
	OldCommand              int32 = 352
	TooLarge                int32 = 10334
	DuplicateKey            int32 = 11000
	Interrupted             int32 = 11601
	MissingField            int32 = 40414
)

// Error is the answer of a server to a command that it cannot do. Name is the
// codeName: "Location" and the code where the server has no other.
type Error struct {
	Code    int32
	Name    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("(%s) %s", e.Name, e.Message) }

// Refused makes an error with the name that belongs to its code.
func Refused(code int32, format string, values ...any) *Error {
	return &Error{Code: code, Name: nameOf(code), Message: fmt.Sprintf(format, values...)}
}

func nameOf(code int32) string {
	names := map[int32]string{
		BadValue:                "BadValue",
		FailedToParse:           "FailedToParse",
		UserNotFound:            "UserNotFound",
		Unauthorized:            "Unauthorized",
		TypeMismatch:            "TypeMismatch",
		InvalidLength:           "InvalidLength",
		ProtocolError:           "ProtocolError",
		AuthenticationFailed:    "AuthenticationFailed",
		IllegalOperation:        "IllegalOperation",
		NamespaceNotFound:       "NamespaceNotFound",
		IndexNotFound:           "IndexNotFound",
		PathNotViable:           "PathNotViable",
		ConflictingUpdate:       "ConflictingUpdateOperators",
		CursorNotFound:          "CursorNotFound",
		NamespaceExists:         "NamespaceExists",
		MaxTimeExpired:          "MaxTimeMSExpired",
		InvalidIDField:          "InvalidIdField",
		EmptyFieldName:          "EmptyFieldName",
		CommandNotFound:         "CommandNotFound",
		ImmutableField:          "ImmutableField",
		CannotCreateIndex:       "CannotCreateIndex",
		InvalidOptions:          "InvalidOptions",
		InvalidNamespace:        "InvalidNamespace",
		NoReplication:           "NoReplicationEnabled",
		IndexOptionsConflict:    "IndexOptionsConflict",
		IndexKeySpecsConflict:   "IndexKeySpecsConflict",
		NotSupported:            "CommandNotSupported",
		InvalidPipelineOperator: "InvalidPipelineOperator",
		InvalidIndexSpec:        "InvalidIndexSpecificationOption",
		MechanismUnavailable:    "MechanismUnavailable",
		OldCommand:              "UnsupportedOpQueryCommand",
		TooLarge:                "BSONObjectTooLarge",
		DuplicateKey:            "DuplicateKey",
		Interrupted:             "Interrupted",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return fmt.Sprintf("Location%d", code)
}

// WriteError is the refusal of one document, as a duplicate of a unique key:
// KeyPattern and KeyValue tell which key that is.
type WriteError struct {
	Code       int32
	Name       string
	Message    string
	KeyPattern bson.D
	KeyValue   bson.D
}

func (e *WriteError) Error() string { return e.Message }

// Duplicate makes the error of a second document with the same unique key.
func Duplicate(namespace, index string, pattern, key bson.D, text string) *WriteError {
	return &WriteError{
		Code: DuplicateKey, Name: nameOf(DuplicateKey),
		Message:    fmt.Sprintf("E11000 duplicate key error collection: %s index: %s dup key: %s", namespace, index, text),
		KeyPattern: pattern, KeyValue: key,
	}
}
