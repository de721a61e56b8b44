package event

// Kept says that a text of a step was put into a file of its own beside the journal, or
// why it could not be.
type Kept struct {
	Output string `json:"output"` // whose text it is
	File   string `json:"file,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Bytes  int    `json:"bytes,omitempty"`
	Cut    bool   `json:"cut,omitempty"` // the action had not all of it
	Error  string `json:"error,omitempty"`
}

// Warning is what is said where the text could not be kept; "" where it was.
func (k *Kept) Warning() string {
	if k.Error == "" {
		return ""
	}
	return k.Output + " is not kept: " + k.Error
}
