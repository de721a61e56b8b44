package value

import (
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Code is a code that the server answers with: its number and its name, or the
// number alone where it has none.
type Code string

// The codes that have names.
const (
	BadValue                Code = "2 BadValue"
	FailedToParse           Code = "9 FailedToParse"
	UserNotFound            Code = "11 UserNotFound"
	Unauthorized            Code = "13 Unauthorized"
	TypeMismatch            Code = "14 TypeMismatch"
	InvalidLength           Code = "16 InvalidLength"
	ProtocolError           Code = "17 ProtocolError"
	AuthenticationFailed    Code = "18 AuthenticationFailed"
	IllegalOperation        Code = "20 IllegalOperation"
	NamespaceNotFound       Code = "26 NamespaceNotFound"
	IndexNotFound           Code = "27 IndexNotFound"
	PathNotViable           Code = "28 PathNotViable"
	ConflictingUpdate       Code = "40 ConflictingUpdateOperators"
	CursorNotFound          Code = "43 CursorNotFound"
	NamespaceExists         Code = "48 NamespaceExists"
	MaxTimeExpired          Code = "50 MaxTimeMSExpired"
	InvalidIDField          Code = "53 InvalidIdField"
	EmptyFieldName          Code = "56 EmptyFieldName"
	CommandNotFound         Code = "59 CommandNotFound"
	ImmutableField          Code = "66 ImmutableField"
	CannotCreateIndex       Code = "67 CannotCreateIndex"
	InvalidOptions          Code = "72 InvalidOptions"
	InvalidNamespace        Code = "73 InvalidNamespace"
	NoReplication           Code = "76 NoReplicationEnabled"
	IndexOptionsConflict    Code = "85 IndexOptionsConflict"
	IndexKeySpecsConflict   Code = "86 IndexKeySpecsConflict"
	NotSupported            Code = "115 CommandNotSupported"
	InvalidPipelineOperator Code = "168 InvalidPipelineOperator"
	InvalidIndexSpec        Code = "197 InvalidIndexSpecificationOption"
	MechanismUnavailable    Code = "334 MechanismUnavailable"
	OldCommand              Code = "352 UnsupportedOpQueryCommand"
	TooLarge                Code = "10334 BSONObjectTooLarge"
	MissingField            Code = "40414"
	DuplicateKey            Code = "11000 DuplicateKey"
	Interrupted             Code = "11601 Interrupted"
)

// Error is the answer of a server to a command, or to one of its writes, that it
// cannot do. Name is the codeName: "Location" and the code where the server has no
// other. Of a duplicate KeyPattern and KeyValue tell which unique key that is.
type Error struct {
	Code                 int32
	Name                 string
	Message              string
	KeyPattern, KeyValue bson.D
}

func (e *Error) Error() string { return fmt.Sprintf("(%s) %s", e.Name, e.Message) }

// Refused makes an error of a code.
func Refused(code Code, format string, values ...any) *Error {
	number, name, named := strings.Cut(string(code), " ")
	if !named {
		name = "Location" + number
	}
	n, _ := strconv.Atoi(number) // of the constants above, and of literals
	return &Error{Code: int32(n), Name: name, Message: fmt.Sprintf(format, values...)}
}

// Duplicate makes the error of a second document with the same unique key.
func Duplicate(namespace, index string, pattern, key bson.D) *Error {
	e := Refused(DuplicateKey, "E11000 duplicate key error collection: %s index: %s dup key: %s", namespace, index, Format(key))
	e.KeyPattern, e.KeyValue = pattern, key
	return e
}
