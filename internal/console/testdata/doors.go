package doors

import (
	"fmt"
	"log"
	"os"
)

func doors() {
	fmt.Println("door")
	fmt.Fprint(os.Stdout, "door")
	_, _ = os.Stderr.WriteString("door")
	log.Printf("door")
	println("door")
	_ = os.NewFile(1, "door")
}
