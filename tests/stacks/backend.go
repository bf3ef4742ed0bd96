package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

type record struct {
	ID         uint64    `json:"id"`
	Filename   string    `json:"filename"`
	Path       string    `json:"path"`
	MimeType   string    `json:"mimeType"`
	Size       int64     `json:"size"`
	UploadedAt time.Time `json:"uploadedAt"`
}

var (
	lock     sync.Mutex
	records  []record // nil, and so null in JSON, as long as it is empty
	contents [][]byte
)

func say(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func upload(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	content, err := io.ReadAll(file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	made := record{uint64(len(records) + 1), header.Filename,
		r.URL.Query().Get("path") + header.Filename,
		header.Header.Get("Content-Type"), header.Size, time.Now()}
	records = append(records, made)
	contents = append(contents, content)
	say(w, http.StatusCreated, made)
}

func answer(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	defer lock.Unlock()
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/files/"),
		"/download")
	n, _ := strconv.Atoi(id)

	switch {
	case strings.HasPrefix(r.URL.Path, "/api/meetings/room/"):
		say(w, http.StatusOK, map[string]any{"id": 123})
	case r.URL.Path == "/metadata":
		say(w, http.StatusOK, records)
	case strings.HasPrefix(r.URL.Path, "/files/structured/"):
		upload(w, r)
	case n > 0 && n <= len(records):
		w.Header().Set("Content-Type", records[n-1].MimeType)
		_, _ = w.Write(contents[n-1])
	case r.URL.Path == "/webhooks/jitsi/recording":
		w.WriteHeader(http.StatusOK)
	default:
		http.NotFound(w, r)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	// Tell who started us where we are, and end with them.
	fmt.Printf("%s http://%s\n", strings.Replace(runtime.Version(), "go",
		"Go ", 1), listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	panic(http.Serve(listener, http.HandlerFunc(answer)))
}
